"""Aspects that come to the configuration after the posts were read."""

from pathlib import Path

import pytest

from tests.chat.scripted_server import MODEL, serve
from tests.cli.makers import CONFIG, rows_of, run
from tests.engine.served import answer
from tests.scripted import write_config


def test_infer_judges_aspects_that_are_new_in_the_configuration(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were matched by `ingest` alone: nothing was to be judged, and nobody said why."""
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(project / "cache"))
    model = f'[model]\nname = "{MODEL}"\nengine = "openai"\n[model.options]\nweights = "r1"\n'
    sources = CONFIG.partition("[[aspects]]")[0]
    found = []
    with serve(answer) as server:
        for command, aspect in (("run", ""), ("infer", "love"), ("infer", "late")):
            aspects = f'[[aspects]]\nname = "{aspect}"\n' if aspect else ""
            write_config(project, f'{sources}{aspects}{model}url = "{server.url}"\n')
            result = run(command)
            assert result.exit_code in (0, 3), result.output
            found.append(rows_of(project, "from aspects"))
    assert found == [[], [("test:2", "love", "config")], [("test:1", "late", "config")]]
    assert rows_of(project, "select post_id, aspect from predictions where aspect <> ''") == [
        ("test:1", "late")
    ]
