"""`analytics forget`: nothing of a post is left in gold, estimates, events, alerts or files."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analytics.alerts import find_events, tell_alerts, write_alerts
from analytics.config.loading import load_config
from analytics.infer import InferSettings, infer
from analytics.marts import rebuild_marts
from analytics.store.warehouse import open_writer
from tests.cli.makers import CONFIG, rows_of, run
from tests.scripted import ScriptedEngine, new_run, write_config

FIRST = datetime(2025, 11, 3, 12, tzinfo=UTC)
BURST, N_DAYS = 86, 90
SECRET = "the-one-who-said-it-4711"
TEXT = "a tram text that nobody else would write, 0123456789"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eight posts on a tram a day, forty on day 86, the most liked of which is to be forgotten.

    Judged, with gold, a draw, marts and alerts; the config has no webhook.
    """
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path, CONFIG)
    lines = ["id,text,created_at,likes"]
    for day in range(N_DAYS):
        moment = (FIRST + timedelta(days=day)).isoformat()
        lines += [
            f"{day}-{i},the tram {i} of day {day},{moment},{i}"
            for i in range(40 if day == BURST else 7 + day % 3)
        ]
        if day == BURST:
            lines.append(f'{SECRET},"{TEXT}",{moment},999')
    (tmp_path / "posts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run("ingest").exit_code == 0
    config = load_config(None)
    with open_writer(config.warehouse.path, "run", creates=False) as connection:
        settings = InferSettings(model_id="m", result_digest="r", data_dir=tmp_path / "data")
        infer(connection, ScriptedEngine, new_run(connection), settings)
        rebuild_marts(connection, config)
    (tmp_path / "gold.csv").write_text(
        f"post_id,label\ntest:{SECRET},negative\n"
        + "".join(f"test:{day}-0,positive\n" for day in range(N_DAYS)),
        encoding="utf-8",
    )
    assert run("label", "--import", "gold.csv", "--annotator", "ann").exit_code == 0
    with open_writer(config.warehouse.path, "run", creates=False) as connection:
        for table, columns in (
            ("gold_draw_items", "draw_id, position, platform, stratum, probability, ingested_at"),
            ("gold_unclear", "annotator, created_at"),
        ):
            values = {
                "gold_draw_items": "'d', 1, 'test', '', 0.5, now()",
                "gold_unclear": "'bob', now()",
            }[table]
            connection.execute(
                f"insert into {table} (post_id, aspect, {columns})"
                f" values ('test:{SECRET}', '', {values})"
            )
        rebuild_marts(connection, config)
        report = tell_alerts(connection, config.alerts, find_events(connection, config.alerts), "r")
    assert report is not None
    write_alerts(report)
    return tmp_path


def test_forgotten_post_is_in_no_table_alert_or_file(project: Path) -> None:
    def files_with(text: str) -> set[str]:
        found = [path for path in project.rglob("*") if path.is_file()]
        return {path.name for path in found if text.encode() in path.read_bytes()}

    def spike() -> tuple[int, dict[str, float]]:
        alerts = json.loads((project / "alerts.json").read_text("utf-8"))["alerts"]
        names = ("kind", "measure", "aspect", "platform")
        wanted = ("spike", "count_posts", "", "*")
        (found,) = [alert for alert in alerts if tuple(alert[n] for n in names) == wanted]
        return found["count_posts"], found["posts"][0]

    given = {"posts.csv", "gold.csv"}  # what people gave is theirs to mend
    kept = {"warehouse.duckdb", "warehouse.snapshot.duckdb"}
    assert files_with(SECRET) == given | kept | {"alerts.json"}
    assert files_with(TEXT) == {"posts.csv"} | kept
    assert spike() == (41, {"post_id": f"test:{SECRET}", "url": None})
    before = rows_of(project, "select sum(count_posts) from sentiment_events")

    assert run("forget", "--post", f"test:{SECRET}").exit_code == 0, "forgotten"

    assert files_with(SECRET) == given
    assert files_with(TEXT) == {"posts.csv"}
    for table in ("gold", "gold_unclear", "gold_draw_items", "predictions", "posts"):
        assert rows_of(project, f"from {table} where post_id = 'test:{SECRET}'") == []
    # Estimates and events are of what is left, and the alert names another post.
    query = (
        "select distinct count_posts, count_gold from sentiment_estimates where period = 'all'"
        " and aspect = '' and view = 'post' and platform = '*' and lang = '*'"
    )
    assert rows_of(project, query) == [(7 * 30 + 8 * 30 + 9 * 29 + 40, 90)]
    assert rows_of(project, "select sum(count_posts) from sentiment_events") < before
    count, post = spike()
    assert (count, post["post_id"]) == (40, f"test:{BURST}-39")


def test_forget_makes_no_alerts_where_there_were_none(project: Path) -> None:
    (project / "alerts.json").unlink()
    assert run("forget", "--post", f"test:{SECRET}").exit_code == 0
    assert not (project / "alerts.json").exists()


def test_labels_of_forgotten_posts_are_not_taken_from_a_file_again(project: Path) -> None:
    """The file that labels came with still names the post."""
    with (project / "gold.csv").open("a", encoding="utf-8") as file:
        file.write("test:never-read,neutral\n")
    assert run("label", "--import", "gold.csv", "--annotator", "ann").exit_code == 0
    for post in (SECRET, "never-read"):
        assert run("forget", "--post", f"test:{post}").exit_code == 0
    said = json.loads(run("label", "--import", "gold.csv", "--annotator", "ann", "--json").stdout)
    assert (said["imported"], said["of_forgotten_posts"], said["of_unknown_posts"]) == (90, 2, 0)
    assert rows_of(project, "from gold where post_id not in (select post_id from posts)") == []
