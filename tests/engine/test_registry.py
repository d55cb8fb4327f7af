"""The registry: whole copies, one current version, names that resolve."""

import json
from pathlib import Path

import pytest

from analytics.contract.errors import ConfigError, EngineError
from analytics.engine.model_digests import list_file_digests
from analytics.engine.models import list_built_in, list_model_names, resolve_model
from analytics.engine.registry import (
    RegistryEntry,
    check_registry_name,
    find_current,
    list_entries,
    publish,
)
from tests.engine.test_models import make_folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = make_folder(tmp_path / "student")
    (folder / "notes").mkdir()
    (folder / "notes" / "log.txt").write_text("a log")
    (folder / ".git").mkdir()
    return folder


def publish_folder(source: Path, cache: Path, replaces: str | None = None) -> RegistryEntry:
    return publish(
        source,
        cache_dir=cache,
        name="mine",
        file_digests=list_file_digests(source),
        calibration={"temperature": 1.25},
        promotion={"checks": []},
        replaces=replaces,
    )


def test_published_folder_is_whole_and_resolves_by_name(source: Path, tmp_path: Path) -> None:
    entry = publish_folder(source, tmp_path / "cache")
    folder = resolve_model("mine", cache_dir=tmp_path / "cache")
    assert folder.path == entry.path == tmp_path / "cache/registry/mine" / entry.version
    assert (folder.name, folder.calibration.temperature) == ("mine", 1.25)
    names = {str(p.relative_to(folder.path)) for p in folder.path.rglob("*") if p.is_file()}
    assert names == {
        "calibration.json",
        "config.json",
        "model.safetensors",
        "notes/log.txt",
        "promotion.json",
    }
    promotion = json.loads((folder.path / "promotion.json").read_text())
    assert promotion["model_id"] == folder.model_id
    assert promotion["files"] == list_file_digests(folder.path)
    assert promotion["version"] == entry.version
    assert promotion["checks"] == []


def test_second_version_becomes_current_and_the_first_stays(source: Path, tmp_path: Path) -> None:
    first = publish_folder(source, tmp_path)
    (source / "model.safetensors").write_bytes(b"other weights")
    second = publish_folder(source, tmp_path, replaces=first.version)
    assert find_current(tmp_path, "mine") == second
    assert first.path.is_dir()
    assert second.version != first.version
    assert [entry.version for entry in list_entries(tmp_path)] == [second.version]


def test_publish_stops_when_another_became_current_meanwhile(source: Path, tmp_path: Path) -> None:
    first = publish_folder(source, tmp_path)
    with pytest.raises(EngineError, match="meanwhile"):
        publish_folder(source, tmp_path, replaces=None)
    assert find_current(tmp_path, "mine") == first


@pytest.mark.parametrize("change", ["edited", "added", "removed"])
def test_publish_stops_when_the_judged_files_changed(
    source: Path, tmp_path: Path, change: str
) -> None:
    (source / "tokenizer.json").write_text("{}")
    digests = list_file_digests(source)
    if change == "edited":
        (source / "model.safetensors").write_bytes(b"swapped")
    elif change == "added":
        (source / "generation_config.json").write_text("{}")
    else:
        (source / "tokenizer.json").unlink()
    with pytest.raises(EngineError, match="changed while the model was judged"):
        publish(
            source,
            cache_dir=tmp_path,
            name="mine",
            file_digests=digests,
            calibration={"temperature": 1.0},
            promotion={},
            replaces=None,
        )
    assert find_current(tmp_path, "mine") is None
    left = [p.name for p in (tmp_path / "registry/mine").iterdir() if not p.name.endswith(".lock")]
    assert left == []


def test_temperature_of_the_source_is_replaced(source: Path, tmp_path: Path) -> None:
    (source / "calibration.json").write_text('{"temperature": 3}')
    publish_folder(source, tmp_path)
    assert resolve_model("mine", cache_dir=tmp_path).calibration.temperature == 1.25


def test_name_stands_before_a_folder_and_dot_slash_before_both(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_folder(tmp_path / "here" / "mine")
    monkeypatch.chdir(tmp_path / "here")
    assert resolve_model("mine", cache_dir=tmp_path).path == tmp_path / "here/mine"
    entry = publish_folder(source, tmp_path)
    assert resolve_model("mine", cache_dir=tmp_path).path == entry.path
    assert resolve_model("./mine", cache_dir=tmp_path).path == tmp_path / "here/mine"


def test_unknown_name_lists_registered_ones(source: Path, tmp_path: Path) -> None:
    publish_folder(source, tmp_path)
    assert list_model_names(tmp_path) == [*list_built_in(), "mine"]
    with pytest.raises(
        ConfigError, match=r"Did you mean 'mine'\? Give one of smol-135m-base.*mine"
    ):
        resolve_model("mien", cache_dir=tmp_path)


@pytest.mark.parametrize(
    "content", ["{", '{"version": "gone"}', '{"version": "../../x"}', '{"version": 3}', "{}"]
)
def test_broken_pointer_names_itself(source: Path, tmp_path: Path, content: str) -> None:
    publish_folder(source, tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "registry/mine/current.json").write_text(content)
    with pytest.raises(EngineError, match=r"registry/mine/current\.json: "):
        resolve_model("mine", cache_dir=tmp_path)
    assert list_entries(tmp_path) == []


@pytest.mark.parametrize("name", ["", "A", "a/b", "../a", ".a", "a b", "x" * 65])
def test_bad_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must begin with a small letter"):
        check_registry_name(name, built_in=())
    assert find_current(tmp_path, name) is None


def test_name_of_a_built_in_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="built-in"):
        check_registry_name("smol-135m-base", built_in=list_built_in())
    check_registry_name("mystudent-2.1_b", built_in=list_built_in())
