"""The report of a small warehouse, read in review."""

import re
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from analytics.store.sql_files import build_marts
from tests.reports.conftest import Build
from tests.sql.rows import (
    NOON,
    add_aspect,
    add_picture,
    add_post,
    add_prediction,
    add_reject,
    add_run,
    use_model,
)

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "report.html"


def test_small_report_equals_the_golden_file(
    build: Build, connection: duckdb.DuckDBPyConnection, pytestconfig: pytest.Config
) -> None:
    use_model(connection, description="a model of the tests, not trained", is_distilled=False)
    for number in range(6):
        platform = ("x", "reddit")[number % 2]
        post_id = f"{platform}:{number}"
        add_post(
            connection,
            post_id,
            text=f"Post {number} on the <b>tram</b> & the bus",
            url=f"https://social.example/{number}" if number else "javascript:alert(1)",
            created_at=NOON + timedelta(days=number // 2) if number < 5 else None,
            likes=10 - number,
            source_line=number,
        )
        add_aspect(connection, post_id, ("tram", "bus")[number % 2])
        if not number:
            add_picture(connection, post_id, path="pictures/gone.jpg")
        p = ((0.7, 0.2, 0.1), (0.1, 0.2, 0.7))[number % 2]
        for aspect in ("", ("tram", "bus")[number % 2]):
            add_prediction(
                connection,
                post_id,
                p,
                aspect=aspect,
                text_analysis="The words are plain.",
                final_conclusion="So it is positive." if number > 1 else None,
                rationale_label="positive" if number > 1 else None,
                rationale_status="ok" if number > 1 else "truncated",
                contradicts_label=number % 2 == 0 if number > 1 else None,
            )
    add_reject(connection, "no text: line 7", line=7)
    add_run(connection, "run-1", count_stored=6, engine="transformers")
    build_marts(connection)
    html = _without_style(build(connection))

    if pytestconfig.getoption("update_golden", default=False):
        GOLDEN.write_text(html, encoding="utf-8")
    assert html == GOLDEN.read_text(encoding="utf-8")


def _without_style(html: str) -> str:
    html = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", html, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-...", html)
