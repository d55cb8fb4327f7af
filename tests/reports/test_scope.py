"""Reports of some days or of one aspect, the SQL they show, and their tables as files."""

import csv
import json
import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import duckdb
import pytest

from analytics.contract.errors import AnalyticsError, StoreError
from analytics.store.sql_files import build_marts
from reports.export import write_tables
from reports.reading import read_report_data
from reports.scope import Scope, Window, choose_window, quote
from tests.reports.conftest import Build
from tests.reports.databases import make_two_weeks
from tests.reports.page import Page

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 14)
WEEK = Scope(since=date(2026, 3, 8), until=LAST, compares=True)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return make_two_weeks(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize(
    ("first", "scope", "window"),
    [
        (FIRST, Scope(), Window(first=date(2026, 3, 8), last=LAST)),
        (date(2026, 3, 12), Scope(), Window(first=LAST, last=LAST)),
        (LAST, Scope(), None),
        (FIRST, WEEK, Window(first=date(2026, 3, 8), last=LAST)),
    ],
    ids=["two weeks", "three days", "one day", "as told"],
)
def test_choose_window_takes_the_last_days(
    first: date, scope: Scope, window: Window | None
) -> None:
    assert choose_window(first, LAST, scope) == window


def test_window_before_is_as_long_and_ends_the_day_before() -> None:
    before = Window(first=date(2026, 3, 8), last=LAST).before
    assert (before.first, before.last, before.n_days) == (FIRST, date(2026, 3, 7), 7)


def test_scope_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(AnalyticsError, match="is before --since 2026-03-14"):
        Scope(since=LAST, until=FIRST)


@pytest.mark.parametrize(
    "value", ["", "tram", "it's", "a\u202eb'", "\u202e", "x\ny", "'); drop table posts; --", "$$"]
)
def test_quote_makes_a_literal_that_hides_nothing(value: str) -> None:
    sql = quote(value)
    assert duckdb.connect().execute(f"select {sql}").fetchall() == [(value,)]
    assert not re.search("[\x00-\x1f\u202a-\u202e]", sql)


def test_report_of_some_days_is_of_those_days_alone(
    database: duckdb.DuckDBPyConnection,
) -> None:
    data = read_report_data(database, max_posts=50, scope=WEEK)
    expected = database.execute(
        "select count(*) from int_judged_pairs where aspect = ''"
        " and sentiment_date between '2026-03-08' and '2026-03-14'"
    ).fetchall()

    assert sum(day.counts.count_posts for day in data.days) == expected[0][0]
    assert data.aspects[0].counts.count_posts == expected[0][0]
    posts = [*data.posts, *data.aspect_posts, *data.daily_posts, *data.conflicts]
    days = [post.day for post in posts]
    assert min(day for day in days if day) >= date(2026, 3, 8)
    assert None not in days
    assert len({post.post_id for post in data.posts}) == len(data.posts) == 50
    [(n_before,)] = database.execute(
        "select count(*) from int_judged_pairs where aspect = ''"
        " and sentiment_date between '2026-03-01' and '2026-03-07'"
    ).fetchall()
    assert [one.before.count_posts for one in data.changes if not one.aspect] == [n_before]


def test_report_toward_an_aspect_shows_its_posts(
    build: Build, database: duckdb.DuckDBPyConnection
) -> None:
    html = build(database, scope=Scope(aspect="tram line 9"))
    page = Page(html)
    places = [e.attributes["data-post"].split()[0] for e in page.find("article")]

    assert page.unbalanced == []
    assert "Sentiment toward" in html
    assert set(places) == {"0"}
    assert "net sentiment" in html.lower()


def test_unknown_aspect_names_those_there_are(database: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(StoreError, match=r"--aspect 'trams'.*There are: #parking, Harbour market"):
        read_report_data(database, max_posts=5, scope=Scope(aspect="trams"))


@pytest.mark.parametrize("scope", [Scope(), WEEK, Scope(aspect="it's \u202e")], ids=str)
def test_sql_that_is_shown_runs_and_gives_the_rows(
    build: Build, tmp_path: Path, scope: Scope
) -> None:
    """What stands under a figure can be pasted into `analytics sql`."""
    with make_two_weeks(tmp_path) as connection:
        if scope.aspect:
            for table in ("aspects", "predictions"):
                connection.execute(
                    f"update {table} set aspect = {quote(scope.aspect)}"
                    " where aspect = 'tram line 9'"
                )
            build_marts(connection)
        html = build(connection, scope=scope)
        shown = [unescape(sql) for sql in re.findall(r"data-copy><code>([^<]+)</code>", html)]
        assert len(shown) > 12
        data = read_report_data(connection, max_posts=50, scope=scope)
        assert {*shown} <= {*data.sql.values()}
        for sql in shown:
            connection.execute(sql).fetchall()


def test_figure_without_its_table_is_left_out(
    build: Build, database: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with make_two_weeks(tmp_path) as connection:
        assert 'id="voice"' in build(connection)
        connection.execute("drop table sentiment_slices; drop table drivers")
        html = build(connection)

    assert Page(html).unbalanced == []
    assert 'id="voice"' not in html
    assert 'id="drivers"' not in html
    assert 'href="#drivers"' not in html


@pytest.mark.parametrize("format_name", ["csv", "parquet", "json"])
def test_tables_hold_what_the_report_shows(
    database: duckdb.DuckDBPyConnection, tmp_path: Path, format_name: str
) -> None:
    data = read_report_data(database, max_posts=5, scope=WEEK)
    target = tmp_path / "out" / "tables"
    written = [
        write_tables(database, target, format_name=format_name, max_posts=5, scope=WEEK)
        for _ in range(2)
    ]
    assert written == [target, target]
    if format_name == "json":
        value = json.loads(target.read_text(encoding="utf-8"))
        assert value["scope"]["since"] == "2026-03-08"
        assert {name: one["sql"] for name, one in value["tables"].items()} == data.sql
        rows = value["tables"]["days"]["rows"]
        counts = [row["count_posts"] for row in rows]
    elif format_name == "csv":
        with (target / "days.csv").open(encoding="utf-8", newline="") as file:
            counts = [int(row["count_posts"]) for row in csv.DictReader(file)]
    else:
        found = database.execute(f"select count_posts from '{target}/days.parquet'").fetchall()
        counts = [row[0] for row in found]
    assert counts == [day.counts.count_posts for day in data.days]
    if format_name != "json":
        names = {path.stem for path in target.iterdir()}
        assert names == {*data.sql, "queries"}
        assert data.sql["posts"] in (target / "queries.sql").read_text(encoding="utf-8")


def test_spans_are_cut_to_whole_weeks_for_share_of_voice(
    database: duckdb.DuckDBPyConnection,
) -> None:
    scope = Scope(since=date(2026, 3, 3), until=date(2026, 3, 11))
    rows = read_report_data(database, max_posts=5, scope=scope).optional["voice"]
    assert rows == ()
    whole = Scope(since=date(2026, 3, 2), until=date(2026, 3, 2) + timedelta(days=6))
    rows = read_report_data(database, max_posts=5, scope=whole).optional["voice"]
    assert {row["period_start"] for row in rows} == {date(2026, 3, 2)}
