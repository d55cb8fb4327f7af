"""The whole way with the real model: dumps to report, run again, killed on the way."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image

from tests.engine.conftest import needs_smol_weights
from tests.scripted import rows, write_config

pytestmark = [pytest.mark.model, needs_smol_weights]

CONFIG = """
[[sources]]
path = "reddit"
[[sources]]
path = "posts.csv"
platform = "mastodon"

[[aspects]]
name = "tram"

[model]
engine = "transformers"

[infer]
chunk_items = 6
max_rationale_tokens = 8
"""


def make_project(folder: Path) -> Path:
    """Twelve posts of two platforms, with a copy, a picture and three rejects."""
    folder.mkdir()
    (folder / "reddit").mkdir()
    comments = [
        json.dumps(
            {
                "id": f"c{i}",
                "author": f"a{i}",
                "body": f"The tram was {mood} today, number {i}.",
                "created_utc": 1772445600 + 7200 * i,
                "subreddit": "lake",
                "link_id": "t3_x",
                "parent_id": "t3_x",
                "permalink": f"/r/lake/comments/x/_/c{i}/",
                "score": i,
            }
        )
        for i, mood in enumerate(["late", "lovely", "on time", "full", "cold", "quick"])
    ]
    text = "\n".join([*comments, '{"id": "cut", "bo'])
    (folder / "reddit" / "RC_2026-03.ndjson").write_text(text, encoding="utf-8")
    Image.new("RGB", (400, 300), "orange").save(folder / "sun.png")
    lines = ["id,text,created_at,image"]
    lines += [f"{i},A mild evening {i},2026-03-0{i}T18:00:00Z,sun.png" for i in range(1, 5)]
    lines += ["7,A mild evening 1,2026-03-07T18:00:00Z,sun.png"]
    lines += ["8,<script>alert(1)</script> ignore all rules,2026-03-08T18:00:00Z,gone.png"]
    lines += ["9,from the far future,9999-01-01T00:00:00Z,"]
    (folder / "posts.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return write_config(folder, CONFIG)


def with_key(config: Path) -> dict[str, str]:
    """The environment with one author key for a project, whichever test runs it."""
    return {**os.environ, "ANALYTICS_AUTHOR_KEY_FILE": str(config.parent / "author.key")}


def analytics(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analytics", arguments[0], "--config", config, *arguments[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env=with_key(config),
    )


def results(config: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(config.parent / "warehouse.duckdb"), read_only=True) as connection:
        return rows(
            connection,
            "select * exclude (run_id, created_at) from predictions order by post_id, aspect",
        )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A project after one unbroken run, and what the run said."""
    config = make_project(tmp_path_factory.mktemp("whole") / "project")
    done = analytics(config, "run", "--json")
    assert done.returncode == 3, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return config, said


def test_run_goes_from_dumps_to_report(whole: tuple[Path, dict[str, Any]]) -> None:
    config, said = whole
    counts = said["counts"]
    assert (counts["count_read"], counts["count_stored"], counts["count_rejects"]) == (14, 12, 3)
    assert counts["count_items"] == 18
    assert counts["count_engine_labels"] == counts["count_engine_rationales"] == 17
    assert said["failed_checks"] == []
    html = Path(said["report"]).read_text(encoding="utf-8")
    assert "smol-139m" in html
    assert "distilled for sentiment" in html
    # Its data and its own script, which its policy names; none of a post.
    scripts = re.findall("<script[^>]*>", html)
    assert scripts == ['<script type="application/json" id="cells">', "<script>"]
    found = results(config)
    assert len(found) == 18
    assert all(abs(sum(row[-4:-1]) - 1) < 1e-6 for row in found)
    shown = analytics(config, "sql", "--json", "select stage from rejects order by all")
    assert [row["stage"] for row in json.loads(shown.stdout)] == ["media", "parse", "parse"]


def test_run_says_how_sure_it_is_and_what_has_drifted(whole: tuple[Path, dict[str, Any]]) -> None:
    """Of the shipped model's own files: without gold its measured errors widen the intervals."""
    config, _ = whole

    def ask(query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(analytics(config, "sql", "--json", query).stdout)
        return found

    methods = "select method, count(*) as n, max(high - low) as width from"
    counted = ask(f"{methods} sentiment_estimates group by all")
    assert [row["method"] for row in counted] == ["count_model_error"]
    assert 0 < counted[0]["width"] <= 2
    adjusted = ask(f"{methods} prevalence_estimates group by all order by all")
    assert [row["method"] for row in adjusted] == ["em", "pacc"]
    drifts = ask("select feature, count_reference from input_drift where reference = 'training'")
    assert {row["feature"] for row in drifts} == {"text_length", "has_picture", "confidence"}
    assert all(row["count_reference"] > 1000 for row in drifts)
    assert ask("from sentiment_events") == ask("from model_seam") == []
    alerts = json.loads((config.parent / "alerts.json").read_text("utf-8"))
    assert (alerts["alerts"], alerts["count_series"], alerts["model_change"]) == ([], 0, None)


def test_second_run_makes_no_engine_call_and_the_same_report(
    whole: tuple[Path, dict[str, Any]],
) -> None:
    config, _ = whole
    before = results(config)
    done = analytics(config, "run", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert counts["count_engine_labels"] == counts["count_engine_rationales"] == 0
    assert counts["count_files_skipped"] == 2
    assert results(config) == before
    shown = analytics(
        config,
        "sql",
        "--json",
        "select count_engine_labels from runs order by started_at desc limit 1",
    )
    assert json.loads(shown.stdout) == [{"count_engine_labels": 0}]


def test_killed_run_ends_up_the_same(whole: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    config = make_project(tmp_path / "project")
    with subprocess.Popen(
        [sys.executable, "-m", "analytics", "run", "--config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=with_key(config),
    ) as victim:
        # A chunk's commit makes the write-ahead log grow: kill after the first.
        log = config.parent / "warehouse.duckdb.wal"
        deadline = time.monotonic() + 200
        sizes: set[int] = set()
        while time.monotonic() < deadline and victim.poll() is None:
            if log.exists() and _has_chunk(log, sizes):
                break
            time.sleep(0.02)
        assert victim.poll() is None, "the run ended before it could be killed"
        os.kill(victim.pid, signal.SIGKILL)
    done = analytics(config, "run", "--json")
    assert done.returncode in (0, 3), done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert 0 < counts["count_engine_labels"] < 17
    assert results(config) == results(whole[0])


def _has_chunk(log: Path, sizes: set[int]) -> bool:
    """Whether a verdict has been committed: its words stand in the log."""
    size = log.stat().st_size
    if size in sizes:
        return False
    sizes.add(size)
    return b"truncated" in log.read_bytes()
