"""What a change of the model does: old and new judge the same posts, and no event comes of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from analytics.contract.engine import LabelReply
from analytics.contract.records import Item
from analytics.events import EventSettings, build_events
from analytics.infer import InferSettings, infer
from analytics.store.runs import finish_run
from analytics.store.sql_files import build_marts
from tests.scripted import ScriptedEngine, make_post, new_run, rows, scalar, store_posts

FIRST = datetime(2025, 9, 1, 12, tzinfo=UTC)  # a Monday
GOOD, BAD = (0.05, 0.15, 0.8), (0.8, 0.15, 0.05)


class Judging(ScriptedEngine):
    """Says of each text in ten that it is bad; the others are good, or bad if `is_grim`."""

    def __init__(self, *, is_grim: bool) -> None:
        super().__init__()
        self._is_grim = is_grim

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        self.labelled += [item.content_key for item in items]
        return [
            LabelReply(probabilities=BAD if self._is_grim or "0 of" in item.text else GOOD)
            for item in items
        ]


def _store(connection: duckdb.DuckDBPyConnection, first: int, end: int) -> None:
    posts = [
        make_post(
            f"{day}-{i}",
            f"tram {i} of day {day}" if i < 20 else "the same words",
            created_at=FIRST + timedelta(days=day),
        )
        for day in range(first, end)
        for i in range(22)
    ]
    store_posts(connection, posts, name=f"dump-{first}.jsonl")


def _infer(connection: duckdb.DuckDBPyConnection, model: str, *, is_grim: bool) -> Judging:
    engine = Judging(is_grim=is_grim)
    settings = InferSettings(model_id=model, result_digest="r", data_dir=Path("data"))
    infer(connection, lambda: engine, new_run(connection), settings)
    return engine


def test_new_model_judges_the_old_posts_and_moves_no_series(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """70 days judged by one model; then 30 more come, and a grim model takes over."""
    _store(connection, 0, 70)
    _infer(connection, "old", is_grim=False)
    build_marts(connection)
    build_events(connection, EventSettings())
    assert rows(connection, "from model_seam") == []
    _store(connection, 70, 100)
    engine = _infer(connection, "new", is_grim=True)

    # All contents, not the new ones alone: what both have judged is every old post.
    assert len(engine.labelled) == scalar(
        connection, "select count(distinct content_key) from int_items"
    )
    build_marts(connection)
    found = build_events(connection, EventSettings())

    assert [e for e in found.events if e.measure == "net_sentiment"] == []
    ((aspect, platform, posts, contents, old, new, jump, low, high, agreement),) = rows(
        connection,
        "select aspect, platform, count_posts, count_contents, old_net_sentiment,"
        " new_net_sentiment, jump, jump_low, jump_high, share_agreement from model_seam"
        " where platform = '*'",
    )
    n_bad = scalar(
        connection,
        "select count(*) from predictions where model_id = 'old' and label = 'negative'",
    )
    assert (aspect, platform, posts, contents) == ("", "*", 70 * 22, 70 * 20 + 1)
    assert old == pytest.approx(1 - 2 * n_bad / posts)
    assert new == -1.0
    assert jump == pytest.approx(new - old)
    assert low < jump < high
    assert agreement == pytest.approx(n_bad / posts)
    matrix = rows(
        connection,
        "select count_negative_negative, count_positive_negative, count_neutral_neutral"
        " from model_seam where platform = '*'",
    )
    assert matrix == [(n_bad, posts - n_bad, None)] or matrix == [(n_bad, posts - n_bad, 0)]


def test_change_in_the_world_is_an_event_beside_the_seam(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The new model agrees with the old one; from day 70 on the posts are bad."""
    _store(connection, 0, 70)
    _infer(connection, "old", is_grim=False)
    posts = [
        make_post(f"{d}-{i}", f"{i}0 of {d}", created_at=FIRST + timedelta(days=d))
        for d in range(70, 106)
        for i in range(22)
    ]
    store_posts(connection, posts, name="later.jsonl")
    _infer(connection, "new", is_grim=False)
    build_marts(connection)
    found = build_events(connection, EventSettings())

    steps = [e for e in found.events if (e.kind, e.measure) == ("step", "net_sentiment")]
    assert {e.platform for e in steps} == {"*", "test"}
    assert {abs((e.period_start - FIRST.date()).days - 70) <= 3 for e in steps} == {True}
    assert rows(connection, "select distinct jump, share_agreement from model_seam") == [(0, 1)]


def test_model_that_never_took_over_makes_no_seam(connection: duckdb.DuckDBPyConnection) -> None:
    _store(connection, 0, 40)
    _infer(connection, "old", is_grim=False)
    failed = new_run(connection)
    finish_run(connection, failed, "failed", error="no")
    connection.execute(
        "insert into predictions by name select * replace ('other' as model_id, ? as run_id)"
        " from predictions limit 10",
        [failed.run_id],
    )
    build_marts(connection)
    build_events(connection, EventSettings())
    assert rows(connection, "from model_seam") == []


def test_comparison_of_models_ends_at_the_last_change(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Three models: the seam is of the last two, and says that there was one more."""
    _store(connection, 0, 40)
    for model, is_grim in (("first", False), ("second", True), ("third", False)):
        _infer(connection, model, is_grim=is_grim)
    build_marts(connection)
    found = build_events(connection, EventSettings())

    assert rows(
        connection,
        "select distinct old_model_id, new_model_id, count_earlier_models from model_seam",
    ) == [("second", "third", 1)]
    # All days, those that the first model was asked for as well, are the third's.
    daily = "select distinct net_sentiment > 0.5 from daily_sentiment"
    assert rows(connection, daily) == [(True,)]
    assert [e for e in found.events if e.measure == "net_sentiment"] == []
