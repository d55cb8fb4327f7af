"""Rows in, rows out, for each mart."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from analytics.contract.text import content_key
from analytics.store.sql_files import build_marts
from tests.sql.rows import (
    MODEL_ID,
    NOON,
    add_aspect,
    add_picture,
    add_post,
    add_prediction,
    add_reject,
    add_run,
    insert,
    use_model,
)

NEGATIVE = (0.7, 0.2, 0.1)
NEUTRAL = (0.2, 0.7, 0.1)
POSITIVE = (0.1, 0.2, 0.7)


def read(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    build_marts(connection)
    return connection.execute(sql).fetchall()


def test_daily_sentiment_counts_posts_and_shares(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    for number, p in enumerate((POSITIVE, POSITIVE, NEGATIVE, NEUTRAL)):
        add_post(connection, f"x:{number}", text="same" if number < 2 else f"{number}")
        add_prediction(connection, f"x:{number}", p)
    add_post(connection, "x:unpredicted")
    add_post(connection, "reddit:1", created_at=NOON + timedelta(days=1))
    add_post(connection, "x:undated", created_at=None)
    add_prediction(connection, "x:undated", POSITIVE)

    assert read(connection, "select * from daily_sentiment order by all") == [
        (date(2026, 3, 1), "x", 5, 4, 4, 0, 1, 1, 2, 0.25, 0.25, 0.5, 0.25),
        (date(2026, 3, 2), "reddit", 1, 0, 1, 0, 0, 0, 0, None, None, None, None),
    ]


def test_daily_sentiment_shows_the_current_model_alone(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    use_model(connection)
    add_post(connection, "x:1")
    add_prediction(connection, "x:1", POSITIVE)
    add_prediction(connection, "x:1", NEGATIVE, model_id="model-b")
    add_prediction(connection, "x:1", NEGATIVE, result_digest="digest-b")

    assert read(connection, "select count_predicted, net_sentiment from daily_sentiment") == [
        (1, 1.0)
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Kiritimati"])
def test_days_are_utc_whatever_the_session_says(
    connection: duckdb.DuckDBPyConnection, zone: str
) -> None:
    connection.execute(f"set TimeZone = '{zone}'")
    add_post(connection, "x:late", created_at=datetime(2026, 3, 1, 23, 59, tzinfo=UTC))
    add_post(connection, "x:early", created_at=datetime(2026, 3, 2, 0, 0, tzinfo=UTC))

    rows = read(connection, "select sentiment_date, count_posts from daily_sentiment order by all")

    assert rows == [(date(2026, 3, 1), 1), (date(2026, 3, 2), 1)]


def test_aspect_daily_leaves_the_post_level_out(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    add_post(connection, "x:1")
    add_prediction(connection, "x:1", NEGATIVE)
    for aspect, p in (("bus", POSITIVE), ("tram", NEUTRAL)):
        add_aspect(connection, "x:1", aspect)
        add_prediction(connection, "x:1", p, aspect=aspect)

    assert read(connection, "select * from aspect_daily order by all") == [
        (date(2026, 3, 1), "x", "bus", 1, 1, 1, 0, 0, 0, 1, 0.0, 0.0, 1.0, 1.0),
        (date(2026, 3, 1), "x", "tram", 1, 1, 1, 0, 0, 1, 0, 0.0, 1.0, 0.0, 0.0),
    ]


def test_aspect_totals_hold_undated_posts(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    add_post(connection, "x:1", created_at=None)
    add_post(connection, "reddit:2")
    add_aspect(connection, "reddit:2", "bus")
    add_prediction(connection, "x:1", NEGATIVE)
    add_prediction(connection, "reddit:2", POSITIVE, aspect="bus")
    day = date(2026, 3, 1)

    assert read(connection, "select * from aspect_totals order by aspect") == [
        ("", 2, 1, 2, 0, 1, 0, 0, 1.0, 0.0, 0.0, -1.0, 2, 1, day, day),
        ("bus", 1, 1, 1, 0, 0, 0, 1, 0.0, 0.0, 1.0, 1.0, 1, 0, day, day),
    ]


def test_top_posts_show_a_repost_flood_once(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    for number in range(5):
        add_post(connection, f"x:flood-{number}", text="flood", likes=number, replies=10)
        add_prediction(connection, f"x:flood-{number}", NEGATIVE)
    add_post(connection, "x:liked", likes=15, reposts=None)
    add_post(connection, "x:unknown", likes=None)

    assert read(
        connection,
        "select rank, post_id, count_engagement, count_copies, label, contradicts_label,"
        " content_key from top_posts order by rank",
    ) == [
        (1, "x:liked", 15, 1, None, None, content_key("x:liked", None, "")),
        (2, "x:flood-4", 14, 5, "negative", None, content_key("flood", None, "")),
        (3, "x:unknown", 0, 1, None, None, content_key("x:unknown", None, "")),
    ]


def test_top_posts_break_ties_by_date_and_id(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:b", created_at=NOON)
    add_post(connection, "x:a", created_at=NOON)
    add_post(connection, "x:new", created_at=NOON + timedelta(hours=1))
    add_post(connection, "x:undated", created_at=None)

    rows = read(connection, "select post_id from top_posts order by rank")

    assert [row[0] for row in rows] == ["x:new", "x:a", "x:b", "x:undated"]


def test_top_posts_carry_text_rationale_and_picture(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    add_post(
        connection, "x:1", text="as <received>", clean_text="cleaned", url="https://x.example/"
    )
    add_picture(connection, "x:1", status="broken", position=0, path=None)
    add_picture(connection, "x:1", position=1, path="p/2.jpg", alt_text="a bus")
    add_prediction(
        connection,
        "x:1",
        NEGATIVE,
        text_analysis="t",
        image_analysis="i",
        conflict_resolution="c",
        final_conclusion="f",
        rationale_label="positive",
        rationale_status="ok",
        contradicts_label=True,
    )

    assert read(
        connection,
        "select text, url, image_path, image_alt_text, text_analysis, image_analysis,"
        " conflict_resolution, final_conclusion, rationale_label, rationale_status,"
        " contradicts_label, p_negative, p_neutral, p_positive from top_posts",
    ) == [
        ("as <received>", "https://x.example/", "p/2.jpg", "a bus", "t", "i", "c", "f",
         "positive", "ok", True, 0.7, 0.2, 0.1),
    ]  # fmt: skip


def test_conflicts_are_the_contradicting_items(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    for post_id, contradicts in (("x:1", True), ("x:2", False), ("x:3", None)):
        add_post(connection, post_id, likes=2, replies=3)
        add_prediction(
            connection,
            post_id,
            NEGATIVE,
            rationale_label=None if contradicts is None else "positive",
            contradicts_label=contradicts,
        )

    assert read(
        connection,
        "select post_id, aspect, label, rationale_label, count_engagement from conflicts",
    ) == [("x:1", "", "negative", "positive", 5)]


def test_model_quality_counts_what_the_model_did(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection, name="small", description="a small one", is_distilled=False)
    outcomes = [
        ("ok", False), ("ok", True), ("no_label", None), ("ambiguous", None),
        ("truncated", None), ("empty", None), (None, None),
    ]  # fmt: skip
    for number, (status, contradicts) in enumerate(outcomes):
        add_post(connection, f"x:{number}", created_at=None if number == 0 else NOON)
        add_prediction(
            connection,
            f"x:{number}",
            (0.9, 0.1, 0.0) if number == 0 else (0.2, 0.3, 0.5),
            rationale_status=status,
            contradicts_label=contradicts,
        )
    add_post(connection, "x:unpredicted")
    add_aspect(connection, "x:0", "bus")
    for post_id, label in (("x:0", "negative"), ("x:1", "neutral"), ("x:unpredicted", "neutral")):
        insert(connection, "gold", post_id=post_id, aspect="", label=label, annotator="a",
               created_at=NOON)  # fmt: skip

    add_reject(connection, "no text")
    add_reject(connection, "no verdict", stage="infer")
    build_marts(connection)
    cursor = connection.execute("select * from model_quality")
    names = [column[0] for column in cursor.description or []]
    rows = cursor.fetchall()

    assert len(rows) == 1
    row = dict(zip(names, rows[0], strict=True))
    assert row == {
        "model_id": MODEL_ID,
        "result_digest": "digest-a",
        "name": "small",
        "description": "a small one",
        "is_distilled": False,
        "accepts_images": True,
        "count_items": 9,
        "count_predicted": 7,
        "share_predicted": pytest.approx(7 / 9),
        "mean_confidence": pytest.approx((0.9 + 6 * 0.5) / 7),
        "count_rationales": 6,
        "count_rationale_ok": 2,
        "count_rationale_no_label": 1,
        "count_rationale_ambiguous": 1,
        "count_rationale_truncated": 1,
        "count_rationale_empty": 1,
        "count_rationale_labels": 2,
        "count_contradictions": 1,
        "share_contradictions": 0.5,
        "count_gold": 2,
        "count_agreements": 1,
        "share_agreement": 0.5,
        # A right one of 0.9, a wrong one of 0.5: (0.1 + 0.5) / 2.
        "expected_calibration_error": pytest.approx(0.3),
        "mean_gold_confidence": pytest.approx(0.7),
        "count_gold_items": 2,
        "weighted_share_agreement": 0.5,
        "weighted_gold_confidence": pytest.approx(0.7),
        "count_rejects": 2,
        "count_infer_rejects": 1,
        "count_empty": 0,
        "count_undated": 1,
        "is_post_level": True,
    }


def test_model_quality_without_gold_has_no_agreement(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    assert read(connection, "select count_gold, share_agreement from model_quality") == [(0, None)]


def test_model_quality_is_empty_before_the_first_inference(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add_post(connection, "x:1")
    assert read(connection, "select * from model_quality") == []


def test_reject_summary_keeps_the_reason_before_the_colon(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    add_reject(connection, "no text: post 7", line=9)
    add_reject(connection, "no text: post 8", line=3)
    add_reject(connection, "no text", line=4, stage="read", source_file="a.jsonl")
    add_reject(connection, "no column, e.g. text. Columns: a\nb", line=5)
    add_reject(connection, "no column, e.g. text. Columns: c", line=6)

    assert read(connection, "select * from reject_summary") == [
        ("parse", "no column, e.g. text", 2, "dump.jsonl", 5),
        ("parse", "no text", 2, "dump.jsonl", 3),
        ("read", "no text", 1, "a.jsonl", 4),
    ]


def test_run_facts_are_the_latest_twenty_without_settings(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for number in range(25):
        add_run(connection, f"run-{number:02}", started_at=NOON + timedelta(hours=number))

    rows = read(connection, "select run_id from run_facts order by started_at desc")

    assert [row[0] for row in rows] == [f"run-{number:02}" for number in range(24, 4, -1)]
    columns = [row[0] for row in connection.execute("describe run_facts").fetchall()]
    assert "config_json" not in columns
    assert "count_memo_hits" in columns


def test_dump_facts_describe_each_platform(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1", author_key="a", repost_of="x:0")
    add_post(connection, "x:2", author_key="a", created_at=None)
    add_post(connection, "x:3", author_key="b", created_at=NOON + timedelta(days=2))
    add_post(connection, "reddit:1", created_at=None)
    add_picture(connection, "x:1")
    add_picture(connection, "x:1", position=1)
    add_picture(connection, "x:2", status="missing")

    rows = read(
        connection,
        "select * replace (first_at at time zone 'UTC' as first_at,"
        " last_at at time zone 'UTC' as last_at) from dump_facts order by platform",
    )

    first, last = NOON.replace(tzinfo=None), (NOON + timedelta(days=2)).replace(tzinfo=None)
    assert rows == [
        ("reddit", 1, 0, 0, 0, 0, 1, None, None),
        ("x", 3, 2, 1, 1, 0, 1, first, last),
    ]


def test_media_facts_count_by_status(connection: duckdb.DuckDBPyConnection) -> None:
    add_post(connection, "x:1")
    for position, status in enumerate(("ok", "ok", "missing")):
        add_picture(connection, "x:1", position=position, status=status)

    assert read(connection, "select * from media_facts") == [
        ("x", "image", "missing", 1),
        ("x", "image", "ok", 2),
    ]


def test_marts_built_twice_are_the_same(connection: duckdb.DuckDBPyConnection) -> None:
    use_model(connection)
    for number in range(30):
        add_post(connection, f"x:{number}", likes=number % 3)
        add_prediction(connection, f"x:{number}", (NEGATIVE, POSITIVE)[number % 2])
    first = list(build_marts(connection))
    rows = {name: connection.execute(f"from {name}").fetchall() for name in first}
    build_marts(connection)

    assert {name: connection.execute(f"from {name}").fetchall() for name in first} == rows


def test_empty_warehouse_gives_empty_marts(connection: duckdb.DuckDBPyConnection) -> None:
    counts = build_marts(connection)
    assert counts.pop("mart_settings") == 1
    assert set(counts.values()) == {0}
