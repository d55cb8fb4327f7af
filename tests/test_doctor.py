import importlib.util
from pathlib import Path

import pytest

from analytics.config.settings import SourceConfig
from analytics.contract.json_files import write_object
from analytics.contract.model_folder import digest_calibration
from analytics.contract.reference import make_reference
from analytics.doctor import Finding, examine, examine_source
from tests.conftest import REPOSITORY
from tests.engine.test_models import make_folder
from tests.scripted import write_config


def _find(path: Path, **values: object) -> list[Finding]:
    return examine_source(SourceConfig(path=path, **values))  # type: ignore[arg-type]


def test_source_that_can_be_read_says_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,body\n1,hello\n")
    (finding,) = _find(tmp_path / "a.csv", mapping={"text": "body"})
    assert (finding.is_ok, finding.fix) == (True, "")
    assert "a.csv: CSV table (id = id, text = body)" in finding.detail


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        ({"text": "bodi"}, "text = 'bodi': the column is not there; did you mean 'body'?"),
        ({"txt": "body"}, "unknown post field 'txt'; did you mean 'text'?"),
    ],
)
@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "id,body\n1,hello\n"), ("a.jsonl", '{"id": 1, "body": "hello"}\n')],
)
def test_mapping_is_checked_as_ingest_does(
    tmp_path: Path, mapping: dict[str, str], fault: str, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    (finding,) = _find(tmp_path / name, mapping=mapping)
    assert not finding.is_ok
    assert finding.is_needed
    assert fault in finding.detail
    assert "Columns: id, body" in finding.detail
    assert "mapping = {" in finding.fix


def test_each_bad_file_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text("id,body\n1,hello\n")
    (tmp_path / "bad.csv").write_text("id,words\n1,hello\n")
    (finding,) = _find(tmp_path, mapping={"text": "body"})
    assert "bad.csv: mapping: text = 'body'" in finding.detail


@pytest.mark.parametrize(
    ("name", "values", "fault"),
    [
        ("gone.csv", {}, "gone.csv"),
        ("a.pdf", {}, "looks like a PDF document"),
        ("a.csv", {"format": "tabel"}, "Did you mean 'table'?"),
        ("a.csv", {"platform": "my forum"}, "is not a short name"),
    ],
)
def test_source_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, values: dict[str, object], fault: str
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "a.csv").write_text("id,text\n1,hello\n")
    (finding,) = _find(tmp_path / name, **values)
    assert not finding.is_ok
    assert fault in finding.detail
    assert finding.fix


def test_sources_of_the_sample_are_all_well(tmp_path: Path) -> None:
    config = REPOSITORY / "analytics" / "sample" / "analytics.toml"
    findings = [f for f in examine(config) if f.name == "source"]
    assert len(findings) >= 4
    assert all(finding.is_ok for finding in findings)


def test_wrong_mapping_fails_the_examination(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,body\n1,hello\n")
    path = write_config(tmp_path, "[[sources]]\npath = 'a.csv'\nmapping = { text = 'words' }\n")
    faults = [finding for finding in examine(path) if not finding.is_ok and finding.is_needed]
    assert "text = 'words'" in faults[0].detail


@pytest.mark.parametrize("text", ["", "[[sources]]\npath = 'a.csv'\n"])
def test_configuration_without_sources_fails_the_examination(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text("id,text\n1,hello\n")
    (finding,) = [f for f in examine(write_config(tmp_path, text)) if f.name == "source"]
    assert finding.is_needed
    assert finding.is_ok == bool(text)
    assert ("nothing to read" in finding.detail) != bool(text)


@pytest.mark.parametrize(
    ("engine", "options", "fault"),
    [
        ("transformers", "{ max_model_len = 512 }", ""),
        ("transformers", "{ max_model_length = 512 }", "Did you mean 'max_model_len'"),
        ("ray", "{ num_replicas = 4, gpu_memory_utilization = 0.8 }", ""),
        ("ray", "{ num_replicas = 0 }", "num_replicas = 0: must be a whole number above 0"),
    ],
)
def test_options_of_the_model_are_checked(
    tmp_path: Path, engine: str, options: str, fault: str
) -> None:
    text = f'[model]\nname = "smol-135m-base"\nengine = "{engine}"\noptions = {options}\n'
    (finding,) = [f for f in examine(write_config(tmp_path, text)) if f.name == "options"]
    assert finding.is_ok == (not fault)
    assert fault in finding.detail


def test_ray_is_needed_where_it_is_chosen(tmp_path: Path) -> None:
    is_here = importlib.util.find_spec("ray") is not None
    for engine in ("ray", "transformers"):
        text = f'[model]\nname = "smol-135m-base"\nengine = "{engine}"\n'
        found = [f for f in examine(write_config(tmp_path, text)) if f.name == "ray"]
        assert [(f.is_ok, f.is_needed) for f in found] == [(is_here, engine == "ray")]
        assert is_here or "'.[ray]'" in found[0].fix


def test_measured_errors_and_reference_of_the_model_are_told(
    tmp_path: Path,
) -> None:
    folder = make_folder(tmp_path / "model")
    config = write_config(tmp_path, f'[model]\nname = "{folder}"\n')

    def look() -> dict[str, Finding]:
        names = ("errors.json", "reference.json")
        return {f.name: f for f in examine(config) if f.area == "Model" and f.name in names}

    before = look()
    assert [(f.is_ok, f.is_needed) for f in before.values()] == [(False, False)] * 2
    assert "`analytics distill errors`" in before["errors.json"].fix
    assert "`analytics distill reference`" in before["reference.json"].fix

    write_object(folder / "errors.json", {"n": 7, "calibration_sha256": digest_calibration(folder)})
    write_object(folder / "reference.json", make_reference(["a"], [False], [0.5], "t"))
    after = look()
    assert all(finding.is_ok for finding in after.values())
    assert after["errors.json"].detail == "measured on 7 labelled posts"
    assert after["reference.json"].detail == "text_length, has_picture, confidence"
