"""An engine that refuses every rationale is not asked for the rest of them; labels go on."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.contract.engine import TextReply
from analytics.contract.errors import EngineError
from analytics.contract.records import Item
from analytics.infer import InferSettings, infer
from tests.chat.scripted_server import Answer, Asked, fail, serve
from tests.engine.served import answer_posts, configure_served, is_label
from tests.scripted import (
    ScriptedEngine,
    make_post,
    new_run,
    rows,
    scalar,
    store_posts,
    write_config,
)

SETTINGS = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"), chunk_items=16)
BARE = "select count(*) from predictions where label is not null and rationale_status is null"


class _Refusing(ScriptedEngine):
    """Writes rationales of the texts that end in `good` alone; notes all it is asked for."""

    def __init__(self, max_calls: int = 1) -> None:
        super().__init__(max_calls=max_calls)
        self.asked: set[str] = set()

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        self.asked |= {item.content_key for item in items}
        if any(not item.text.endswith("good") for item in items):
            raise EngineError("status 400 (no such field)")
        return super().rationalize(items)


@pytest.mark.parametrize("max_calls", [1, 4])
def test_the_rest_is_left_after_many_refusals_in_a_row(
    connection: duckdb.DuckDBPyConnection, max_calls: int
) -> None:
    store_posts(connection, [make_post(str(i), f"text {i}") for i in range(300)])
    engine, run = _Refusing(max_calls), new_run(connection)
    infer(connection, lambda: engine, run, SETTINGS)
    n_asked = len(engine.asked)
    assert 32 <= n_asked <= 32 + 2 * SETTINGS.chunk_items
    assert scalar(connection, BARE) == len(engine.labelled) == 300
    assert scalar(connection, "select count(*) from rejects") == n_asked == run.counts.count_rejects
    assert run.fault is not None
    assert re.fullmatch(
        rf"{300 - n_asked} rationales were not asked for, as not one of \d\d before could be"
        r" written: no rationale: EngineError: status 400 \(no such field\) \(\d\d\)\."
        r" Their labels are stored; mend the cause and run again",
        run.fault,
    )
    engine = ScriptedEngine()
    run = new_run(connection)
    infer(connection, lambda: engine, run, SETTINGS)
    assert (len(engine.labelled), len(engine.rationalized), run.fault) == (0, 300, None)
    assert scalar(connection, BARE) == scalar(connection, "select count(*) from rejects") == 0


def test_refusals_with_a_success_between_leave_none(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(
        connection,
        [make_post(str(i), f"text {i:03d}{'' if i % 16 else ' good'}") for i in range(200)],
    )
    engine, run = _Refusing(), new_run(connection)
    infer(connection, lambda: engine, run, SETTINGS)
    assert (len(engine.asked), run.fault) == (200, None)


def test_contents_that_were_refused_before_do_not_hold_up_those_behind_them(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """A server's filter may refuse many posts that stand side by side."""
    texts = [f"a {i:03d}" for i in range(64)] + [f"b {i:03d} good" for i in range(64)]
    store_posts(connection, [make_post(str(i), text) for i, text in enumerate(texts)])
    for _ in range(3):
        infer(connection, _Refusing, new_run(connection), SETTINGS)
    assert scalar(connection, BARE) == 64


def test_all_are_asked_for_where_no_share_of_faults_is_too_large(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    store_posts(connection, [make_post(str(i), f"text {i}") for i in range(100)])
    engine = _Refusing()
    infer(connection, lambda: engine, new_run(connection), replace(SETTINGS, max_bad_share=1.0))
    assert len(engine.asked) == 100


def test_run_says_what_it_left_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))
    lines = [f"{n},Tram {n},2026-03-02T10:00:00Z" for n in range(80)]
    Path("posts.csv").write_text("\n".join(["id,text,created_at", *lines]))

    def refuse(asked: Asked) -> Answer | None:
        return None if is_label(asked) else fail(400, "stop is not allowed")

    with serve(answer_posts(refuse)) as server:
        text = configure_served(server.url, options='weights = "r1"', infer="chunk_items = 8")
        write_config(tmp_path, text)
        result = CliRunner().invoke(cli, ["run"])
    assert result.exit_code == 3, result.output
    assert " rationales were not asked for, as not one of " in result.output
    assert "status 400 (" in result.output
    assert "stop is not allowed" in result.output
    found = json.loads(CliRunner().invoke(cli, ["status", "--json"]).stdout)["runs"][0]
    assert found["status"] == "done_with_faults"
    assert "stop is not allowed" in found["error"]
    with duckdb.connect("warehouse.duckdb", read_only=True) as connection:
        assert rows(connection, BARE) == [(80,)]
