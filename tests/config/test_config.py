import tomllib
from pathlib import Path

import pytest

from analytics.config.loading import config_digest, config_to_json, load_config
from analytics.config.settings import Config
from analytics.config.template import describe_settings, render_template
from analytics.contract.errors import ConfigError
from tests.scripted import write_config


def _load(folder: Path, text: str, **environment: str) -> Config:
    return load_config(write_config(folder, text), environment=environment)


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    config = _load(tmp_path, '[[sources]]\npath = "../dump.csv"\n[report]\npath = "/out/r.html"')
    assert config.sources[0].path == tmp_path.parent / "dump.csv"
    assert config.report.path == Path("/out/r.html")
    assert config.warehouse.path == tmp_path / "warehouse.duckdb"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[modle]\n", "unknown section 'modle'. Did you mean 'model'?"),
        ("[model]\nnmae = 'x'", "unknown key 'nmae' in [model]. Did you mean 'name'?"),
        ("[model]\nengine = 'vlm'", "'engine' in [model] is 'vlm': must be one of"),
        ("[model]\nengine = 'vlm'", "Did you mean 'vllm'?"),
        ("[infer]\nchunk_items = 'many'", "'chunk_items' in [infer] is 'many': must be a whole"),
        ("[infer]\nchunk_items = true", "must be a whole number"),
        ("[infer]\nchunk_items = 0", "must lie between 1 and"),
        ("[infer]\npost_level = 1", "must be true or false"),
        ("[infer]\nmax_bad_share = 1.5", "must lie between 0.0 and 1.0"),
        ("[[sources]]\nformat = 'x'", "[sources[1]] lacks 'path'"),
        ("[[sources]]\npath = 3", "'path' in [sources[1]] is 3: must be a path"),
        ("[[sources]]\npath = 'a'\nmapping = {text = 1}", "must be a table of texts"),
        ("[sources]\npath = 'a'", "write [[sources]], not [sources]"),
        ("model = 3", "[model] must be a table of settings"),
        ("[[aspects]]\nname = 'a'\naliases = 'b'", "must be a list of texts"),
        ("[[aspects]]\nname = ' '", "'name' in [aspects[1]] is empty"),
        ("[[aspects]]\nname = 'a'\n[[aspects]]\nname = 'a'", "repeats the name 'a'"),
        (
            "[infer]\nrationales = ['uncertian']",
            "is ['uncertian']: holds 'uncertian'. Did you mean",
        ),
        ("not toml", "not valid TOML"),
        ("[warehouse]\npath = '~nouser_x/y'", "is '~nouser_x/y': names the home folder of a user"),
        ('[[sources]]\npath = "a\\u0000b"', "'path' in [sources[1]] is 'a\\x00b': holds a NUL"),
    ],
)
def test_fault_is_named_with_its_place_and_fix(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    assert message in str(caught.value)
    assert str(tmp_path / "analytics.toml") in str(caught.value)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, "[model]\nnmae = 'x'\n[infer]\nchunk_items = 'y'\n[reprot]\n")
    assert len(str(caught.value).splitlines()) == 3


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="analytics init"):
        load_config(tmp_path / "none.toml")


def test_environment_is_over_the_file_and_flags_over_both(tmp_path: Path) -> None:
    path = write_config(tmp_path, "[model]\nname = 'file'\n[infer]\nchunk_items = 3")
    environment = {"ANALYTICS_MODEL_NAME": "env", "ANALYTICS_INFER_CHUNK_ITEMS": "7"}
    config = load_config(path, environment=environment)
    assert (config.model.name, config.infer.chunk_items) == ("env", 7)
    config = load_config(path, environment=environment, overrides={"model.name": "flag"})
    assert config.model.name == "flag"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("ANALYTICS_MODEL_NAEM", "x", "Did you mean 'ANALYTICS_MODEL_NAME'?"),
        ("ANALYTICS_INFER_CHUNK_ITEMS", "x", "must be a whole number"),
        ("ANALYTICS_INFER_POST_LEVEL", "maybe", "must be true or false"),
        (
            "ANALYTICS_MODEL_ENGINE",
            "foo",
            "environment: ANALYTICS_MODEL_ENGINE is 'foo': must be one of",
        ),
        ("ANALYTICS_MODLE_NAME", "x", "Did you mean 'ANALYTICS_MODEL_NAME'?"),
        ("ANALYTICS_MODEL_OPTIONS", "max_len 3", "ANALYTICS_MODEL_OPTIONS is not valid TOML"),
        ("ANALYTICS_MODEL_OPTIONS", "3", "ANALYTICS_MODEL_OPTIONS is 3: must be a table"),
        ("ANALYTICS_SOURCES", "{}", "environment: ANALYTICS_SOURCES must be a list of tables"),
        ("ANALYTICS_SOURCES", "[{}]", "ANALYTICS_SOURCES: [sources[1]] lacks 'path'"),
    ],
)
def test_wrong_environment_is_an_error(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, "", **{variable: value})
    assert message in str(caught.value)
    assert "analytics.toml" not in str(caught.value)


def test_environment_sets_tables_and_lists(tmp_path: Path) -> None:
    config = _load(
        tmp_path,
        "[[sources]]\npath = 'file.csv'\n[[aspects]]\nname = 'tram'",
        ANALYTICS_MODEL_OPTIONS='{ max_model_len = 4096, device = "cpu" }',
        ANALYTICS_SOURCES='[{ path = "a.csv", mapping = { text = "body" } }]',
    )
    assert config.model.options == {"max_model_len": 4096, "device": "cpu"}
    assert [source.path for source in config.sources] == [tmp_path / "a.csv"]
    assert config.sources[0].mapping == {"text": "body"}
    assert [aspect.name for aspect in config.aspects] == ["tram"]
    assert _load(tmp_path, "", ANALYTICS_MODEL_OPTIONS="{}").model.options == {}


def test_variable_of_another_program_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _load(tmp_path, "", ANALYTICS_WRITE_KEY="secret", ANALYTICS_CACHE_DIR="/x", HOME="/y")
    assert [record.getMessage() for record in caplog.records] == [
        "environment: ANALYTICS_WRITE_KEY is no setting of this program."
    ]


def test_environment_sets_booleans_and_numbers(tmp_path: Path) -> None:
    config = _load(
        tmp_path,
        "",
        ANALYTICS_INFER_POST_LEVEL="false",
        ANALYTICS_INFER_MAX_BAD_SHARE="0.2",
        ANALYTICS_MODEL_BATCH_SIZE="5",
    )
    assert config.infer.post_level is False
    assert config.infer.max_bad_share == 0.2
    assert config.model.batch_size == 5


def test_template_is_valid_and_gives_the_defaults(tmp_path: Path) -> None:
    assert _load(tmp_path, render_template()) == _load(tmp_path, "")


def test_template_is_valid_when_every_line_is_uncommented(tmp_path: Path) -> None:
    lines = []
    for line in render_template().splitlines():
        body = line.removeprefix("# ")
        is_setting = line.startswith("# ") and (" = " in body or body.startswith("[["))
        lines.append(body if is_setting and ": " not in body else line)
    text = "\n".join(lines)
    tomllib.loads(text)
    config = _load(tmp_path, text)
    assert len(config.sources) == 2
    assert config.model.batch_size == 32
    assert config.aspects[0].aliases == ("nordlys", "#nordlysn3")


def test_every_setting_is_described() -> None:
    described = describe_settings()
    assert all(meaning for *_, meaning in described)
    assert ("model", "engine") in {(section, key) for section, key, *_ in described}


def test_digest_follows_the_settings(tmp_path: Path) -> None:
    one, two = _load(tmp_path, ""), _load(tmp_path, "[infer]\nchunk_items = 5")
    assert config_digest(one) == config_digest(_load(tmp_path, ""))
    assert config_digest(one) != config_digest(two)
    assert config_to_json(two)["infer"]["chunk_items"] == 5


def test_dates_of_toml_in_options_are_kept_as_text(tmp_path: Path) -> None:
    config = _load(
        tmp_path, "[model.options]\na = [2026-01-01, 06:00:00]\nb = 2026-01-01T06:00:00Z\n"
    )
    assert config_to_json(config)["model"]["options"] == {
        "a": ["2026-01-01", "06:00:00"],
        "b": "2026-01-01 06:00:00+00:00",
    }
    assert config_digest(config)
