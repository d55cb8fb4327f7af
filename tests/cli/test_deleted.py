"""What people took back is in no table, alert or report: by a notice in a later dump, and by
`analytics forget`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.alerts import find_events, tell_alerts, write_alerts
from analytics.config.loading import load_config
from analytics.contract.engine import TextReply
from analytics.contract.records import Item
from analytics.store.warehouse import open_writer
from tests.cli.makers import judge, rows_of, run
from tests.ingesting import skeet, unskeet, write_lines
from tests.scripted import ScriptedEngine, write_config

FIRST = datetime(2026, 1, 5, 12, tzinfo=UTC)
N_DAYS, BURST = 42, 38
DID, RKEY = "did:plc:a", "said-it-4711"  # the first post by id, so that it is named
POST_ID = f"bluesky:at://{DID}/app.bsky.feed.post/{RKEY}"
TEXT = "a tram text that nobody else would write, 0123456789"
CONFIG = """
[[sources]]
path = "events.jsonl"

[[aspects]]
name = "tram"
"""
EVENT = (
    "select sum(count_posts)::int from sentiment_events"
    " where measure = 'count_posts' and aspect = '' and platform = '*'"
)
ESTIMATES = (
    "select distinct count_posts, count_gold from sentiment_estimates where period = 'all'"
    " and aspect = '' and view = 'post' and platform = '*' and lang = '*'"
)
N_POSTS = 3 * N_DAYS + 27 + 1


class Quoting(ScriptedEngine):
    """Repeats the post in its rationale, as models do."""

    def _reply(self, item: Item) -> TextReply:
        reply = super()._reply(item)
        return TextReply(
            text=reply.text.replace("It says", f"It says {item.text!r}:"),
            finish_reason="stop",
            n_prompt_tokens=9,
            n_output_tokens=7,
        )


def _write(record: dict[str, Any], at: datetime) -> dict[str, Any]:
    record["commit"]["record"]["createdAt"] = at.isoformat()
    record["time_us"] = int(at.timestamp() * 1_000_000)
    return record


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three posts a day on a tram, thirty on one day and one that is taken back; all written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_AUTHOR_KEY_FILE", str(tmp_path / "author.key"))
    write_config(tmp_path, CONFIG)
    events = []
    for day in range(N_DAYS):
        at = FIRST + timedelta(days=day)
        events += [
            _write(
                skeet(f"{day}-{i}", f"the tram {i} of day {day}", 0, did=f"did:plc:p{day}-{i}"), at
            )
            for i in range(30 if day == BURST else 3)
        ]
        if day == BURST:
            events.append(_write(skeet(RKEY, TEXT, 0, did=DID), at))
    write_lines(tmp_path / "events.jsonl", events)
    assert run("ingest").exit_code == 0
    gold = [
        POST_ID,
        *(f"bluesky:at://did:plc:p{d}-0/app.bsky.feed.post/{d}-0" for d in range(N_DAYS)),
    ]
    lines = "".join(f"{post_id},positive\n" for post_id in gold)
    (tmp_path / "gold.csv").write_text(f"post_id,label\n{lines}", encoding="utf-8")
    assert run("label", "--import", "gold.csv", "--annotator", "ann").exit_code == 0
    judge(tmp_path, Quoting)
    config = load_config(None)
    with open_writer(config.warehouse.path, "run", creates=False) as connection:
        report = tell_alerts(connection, config.alerts, find_events(connection, config.alerts), "r")
    assert report is not None
    write_alerts(report)
    return tmp_path


def write_reports(project: Path) -> dict[str, str]:
    """All that `analytics report` writes, by its format."""
    found = {}
    for name in ("html", "csv", "json", "parquet"):
        said = run("report", "--format", name, "--json")
        assert said.exit_code == 0, said.output
        path = Path(json.loads(said.stdout)["report"])
        files = [path] if path.is_file() else sorted(path.iterdir())
        # Parquet compresses: its rows are read back.
        found[name] = "".join(
            str(duckdb.connect().execute(f"from '{file}'").fetchall())
            if file.suffix == ".parquet"
            else file.read_text(encoding="utf-8")
            for file in files
        )
    return found


def check_alert(project: Path, count: int, *, is_named: bool) -> None:
    """The burst is an alert of so many posts; whether it names the one that was taken back."""
    text = (project / "alerts.json").read_text(encoding="utf-8")
    assert (POST_ID in text) is is_named
    wanted = ("spike", "count_posts", "", "*")
    (spike,) = [
        alert
        for alert in json.loads(text)["alerts"]
        if tuple(alert[name] for name in ("kind", "measure", "aspect", "platform")) == wanted
    ]
    assert (spike["count_posts"], len(spike["posts"])) == (count, 5)
    assert f": {count} posts a day on " in spike["sentence"]


def check_gone(project: Path) -> None:
    """Not in what is written, nor in what may be asked."""
    for name, text in write_reports(project).items():
        for words in (TEXT, RKEY):
            assert words not in text, (name, words)
    with duckdb.connect(project / "warehouse.snapshot.duckdb", read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            found = str(connection.execute(f'from "{table}"').fetchall())
            assert TEXT not in found, table
            assert RKEY not in found, table


def test_post_is_in_all_that_is_written_before_it_is_taken_back(project: Path) -> None:
    for name, text in write_reports(project).items():
        assert TEXT in text, name
    check_alert(project, 31, is_named=True)
    assert rows_of(project, ESTIMATES) == [(N_POSTS, N_DAYS + 1)]


def test_notice_of_deletion_takes_a_post_out_of_all_that_is_written(project: Path) -> None:
    before = rows_of(project, EVENT)
    days_later = 3600 * 24 * (N_DAYS + 60)
    write_lines(project / "later.jsonl", [unskeet(RKEY, days_later, did=DID)])
    result = run("ingest", "later.jsonl")
    assert "Posts removed, as they were deleted: 1" in result.output

    check_gone(project)  # before the next marts as well

    assert run("marts").exit_code == 0
    check_gone(project)
    check_alert(project, 30, is_named=False)
    assert rows_of(project, ESTIMATES) == [(N_POSTS - 1, N_DAYS)]
    assert rows_of(project, EVENT) < before


def test_forgotten_post_is_taken_out_of_all_that_is_written(project: Path) -> None:
    before = rows_of(project, EVENT)
    assert run("forget", "--post", POST_ID).exit_code == 0

    check_gone(project)
    check_alert(project, 30, is_named=False)
    assert rows_of(project, ESTIMATES) == [(N_POSTS - 1, N_DAYS)]
    assert rows_of(project, EVENT) < before
