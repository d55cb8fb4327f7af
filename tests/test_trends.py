"""From a warehouse to the tables of estimates."""

import json
from datetime import timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from analytics import trends
from analytics.contract.errors import StoreError
from analytics.contract.labels import LABELS
from analytics.estimates.model_errors import Judged, measure_errors
from analytics.store.sql_files import build_marts
from tests.sql.rows import (
    NOON,
    add_aspect,
    add_post,
    add_prediction,
    insert,
    make_database,
    use_model,
)

NEGATIVE, NEUTRAL, POSITIVE = (0.7, 0.2, 0.1), (0.2, 0.7, 0.1), (0.1, 0.2, 0.7)


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    found = make_database()
    use_model(found)
    return found


def build_trends(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    build_marts(connection)
    return trends.build_trends(connection)


def read(connection: duckdb.DuckDBPyConnection, where: str, columns: str = "*") -> list[Any]:
    return connection.execute(f"select {columns} from sentiment_estimates where {where}").fetchall()


def fill(
    connection: duckdb.DuckDBPyConnection, n: int, n_gold: int, *, seed: int = 0, aspect: str = ""
) -> np.ndarray:
    """Posts of two platforms over nine days; the labels of all of them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    for i, label in enumerate(labels):
        post = f"{'x' if i % 2 else 'reddit'}:{i}"
        add_post(
            connection,
            post,
            author_key=f"author-{i % 50}",
            created_at=NOON + timedelta(days=i % 9),
            lang=["en-GB", "de", None][i % 3],
        )
        if aspect:
            add_aspect(connection, post, aspect)
        said = label if rng.random() < 0.8 else rng.integers(3)
        add_prediction(connection, post, (NEGATIVE, NEUTRAL, POSITIVE)[said], aspect=aspect)
        if i < n_gold:
            insert(
                connection,
                "gold",
                post_id=post,
                aspect=aspect,
                label=str(LABELS[label]),
                annotator="me",
                weight=n / n_gold,
                created_at=NOON,
            )
    return labels


def give_errors(connection: duckdb.DuckDBPyConnection) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 400)
    said = np.where(rng.random(400) < 0.8, y, rng.integers(0, 3, 400))
    p = np.array([NEGATIVE, NEUTRAL, POSITIVE])[said]
    one = Judged(labels=y, probabilities=p, groups=[str(i) for i in range(400)])
    values = measure_errors([one])
    connection.execute("update models set errors = ?", [json.dumps(values)])


def test_without_gold_and_figures_labels_are_counted_with_a_warning(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, 60, 0)
    build_trends(connection)

    rows = read(connection, "true", "distinct method, note, count_gold")
    assert [row[0] for row in rows] == ["count"]
    assert "the model's errors are not in it" in rows[0][1]
    shares = connection.execute(
        "select count_negative / count_posts from aspect_totals where aspect = ''"
    ).fetchall()
    found = read(
        connection,
        "period = 'all' and platform = '*' and lang = '*' and view = 'post'"
        " and measure = 'share_negative'",
        "estimate, low, high, count_posts",
    )
    assert found[0][0] == pytest.approx(shares[0][0])
    assert found[0][1] < found[0][0] < found[0][2]
    assert found[0][3] == 60
    assert connection.execute("select count(*) from prevalence_estimates").fetchall() == [(0,)]


def test_grain_is_every_slice_view_and_measure_once(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, 90, 60)
    add_post(connection, "x:undated", created_at=None, lang="fr")
    add_prediction(connection, "x:undated", POSITIVE)
    for post, lang in (("x:undated again", "en"), ("x:undated too", "de")):
        add_post(connection, post, created_at=None, lang=lang, text="same", author_key="one")
        add_prediction(connection, post, POSITIVE)
    counts = build_trends(connection)

    keys = "period, period_start, aspect, platform, lang, view, measure"
    doubles = connection.execute(
        f"select {keys} from sentiment_estimates group by all having count(*) > 1"
    ).fetchall()
    assert doubles == []
    kinds = connection.execute(
        "select distinct period, view, measure from sentiment_estimates"
    ).fetchall()
    assert len(kinds) == 3 * 3 * 4
    assert counts["sentiment_estimates"] == len(read(connection, "true"))
    assert read(connection, "period <> 'all' and lang = 'fr'") == []
    assert read(connection, "period <> 'all' and period_start is null") == []
    assert {row[0] for row in read(connection, "true", "lang")} == {"*", "en", "de", "und", "fr"}
    weekdays = read(connection, "period = 'week'", "distinct dayname(period_start)")
    assert weekdays == [("Monday",)]
    outside = "low > estimate or estimate > high or high > 1 or low < -1"
    assert read(connection, outside) == []
    assert read(connection, "measure <> 'net_sentiment' and low < 0") == []


def test_gold_corrects_what_the_model_gets_wrong(connection: duckdb.DuckDBPyConnection) -> None:
    """The model calls all posts neutral; half of them are positive."""
    for i in range(200):
        add_post(connection, f"x:{i}")
        add_prediction(connection, f"x:{i}", NEUTRAL)
        if i < 100:
            label = "positive" if i % 2 else "neutral"
            insert(
                connection,
                "gold",
                post_id=f"x:{i}",
                aspect="",
                label=label,
                annotator="me",
                weight=2.0,
                created_at=NOON,
            )
    build_trends(connection)

    (row,) = read(
        connection,
        "period = 'all' and platform = '*' and lang = '*' and view = 'post'"
        " and measure = 'share_positive'",
        "estimate, low, high, method, count_gold, note",
    )
    assert row[0] == pytest.approx(0.5)
    assert row[1] < 0.45 < 0.55 < row[2]
    assert row[3:] == ("ppi", 100, "")


def test_slices_with_little_gold_borrow_the_error_of_the_others(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, 180, 90)
    build_trends(connection)

    methods = dict(
        connection.execute(
            "select period, string_agg(distinct method, ',' order by method)"
            " from sentiment_estimates where platform = '*' and lang = '*' group by period"
        ).fetchall()
    )
    assert methods["all"] == "ppi"
    assert methods["day"] == "ppi_pooled"
    note = read(connection, "period = 'day' and method = 'ppi_pooled' limit 1", "note")[0][0]
    assert note.startswith("fewer than 20 gold items in this slice")
    day = read(connection, "period='day' and platform='*' and lang='*'", "avg(high - low)")[0][0]
    whole = read(connection, "period='all' and platform='*' and lang='*'", "avg(high - low)")[0][0]
    assert day > whole


def test_figures_of_the_model_widen_the_count_and_say_so(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, 300, 0)
    where = "period = 'all' and platform = '*' and lang = '*' and view = 'post'"
    build_trends(connection)
    before = read(connection, f"{where} order by measure", "low, high")
    give_errors(connection)
    build_trends(connection)
    after = read(connection, f"{where} order by measure", "low, high, method, note")

    assert {row[2] for row in after} == {"count_model_error"}
    assert "errs here as on its own test data" in after[0][3]
    for (low, high), row in zip(before, after, strict=True):
        assert row[0] <= low
        assert row[1] >= high
    shifts = connection.execute(
        "select method, rates_from, count(*) from prevalence_estimates"
        " where period = 'all' and platform = '*' and lang = '*' group by all order by all"
    ).fetchall()
    assert shifts == [("em", "model", 4), ("pacc", "model", 4)]


def test_a_flood_of_one_author_moves_neither_of_the_other_views(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for i in range(40):
        add_post(connection, f"x:{i}", author_key=f"a{i}")
        add_prediction(connection, f"x:{i}", POSITIVE if i % 2 else NEGATIVE)
    for i in range(400):
        add_post(connection, f"x:flood{i}", author_key="bot", text="buy this")
        add_prediction(connection, f"x:flood{i}", POSITIVE)
    build_trends(connection)

    rows = read(
        connection,
        "period = 'all' and platform = '*' and lang = '*' and measure = 'share_positive'",
        "view, estimate, high - low",
    )
    found = {view: (estimate, width) for view, estimate, width in rows}
    assert found["post"][0] == pytest.approx(420 / 440)
    assert found["content"][0] == pytest.approx(21 / 41)
    assert found["author"][0] == pytest.approx(21 / 41)
    # One author wrote nearly all posts: 440 independent ones would have a width of 0.04.
    assert found["post"][1] > 0.15


def test_author_view_is_the_mean_of_authors_over_languages_and_platforms(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    posts = [
        ("x:1", "a", "en", POSITIVE),
        ("x:2", "a", "de", NEGATIVE),
        ("x:3", "b", "en", POSITIVE),
        ("reddit:4", "a", "en", NEGATIVE),
        ("x:5", None, "en", NEGATIVE),
    ]
    for post, author, lang, said in posts:
        add_post(connection, post, author_key=author, lang=lang)
        add_prediction(connection, post, said)
    build_trends(connection)

    rows = read(
        connection,
        "period = 'all' and view = 'author' and measure = 'share_positive'",
        "platform, lang, estimate",
    )
    found = {(platform, lang): estimate for platform, lang, estimate in rows}
    assert found["x", "*"] == pytest.approx((0.5 + 1) / 2)
    assert found["x", "en"] == pytest.approx(1.0)
    # `a` on another platform is another author.
    assert found["*", "*"] == pytest.approx((0.5 + 1 + 0) / 3)


def test_named_aspects_do_not_use_the_gold_of_posts(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, 100, 60)
    add_aspect(connection, "x:1", "tram")
    add_prediction(connection, "x:1", POSITIVE, aspect="tram")
    build_trends(connection)
    assert read(connection, "aspect = 'tram'", "distinct method") == [("count",)]
    assert ("ppi",) in read(connection, "aspect = ''", "distinct method")


def test_empty_warehouse_gives_empty_tables_and_twice_is_once(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    assert build_trends(connection) == {"sentiment_estimates": 0, "prevalence_estimates": 0}
    fill(connection, 60, 40)
    build_trends(connection)
    first = read(connection, "true order by all")
    build_trends(connection)
    assert read(connection, "true order by all") == first
    left = connection.execute(
        "select table_name from duckdb_tables() where temporary and table_name not like 'int_%'"
    ).fetchall()
    assert left == []


def test_broken_figures_of_a_model_are_named(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("update models set errors = '{}'")
    with pytest.raises(StoreError, match="column errors of the current model"):
        build_trends(connection)
