import duckdb
import pytest

from analytics.store.aspects import make_rule, refresh_aspects
from tests.scripted import make_post, rows, store_posts


@pytest.mark.parametrize(
    ("alias", "text", "is_found"),
    [
        ("nordlys", "I love my Nordlys!", True),
        ("nordlys", "nordlysphone", False),
        ("nordlys", "#nordlys rocks", True),
        ("nordlys", "NORDLYS", True),
        ("#nordlys", "nordlys", False),
        ("#nordlys", "so #Nordlys.", True),
        ("$NRD", "buy $nrd now", True),
        ("$NRD", "buy nrd now", False),
        ("@nordlys", "hey @nordlys_official", False),
        ("Bean & Tide", "at bean  &\ntide today", True),
        ("Bean & Tide", "bean tide", False),
        ("\u00c4pfel", "viele \u00e4pfel hier", True),
        ("\u5730\u9244", "\u6771\u4eac\u5730\u9244\u306f\u9045\u3044", True),
        ("\U0001f355", "want\U0001f355now", True),
        ("C++", "I like C++.", True),
        ("a.b", "axb", False),
        ("x(y", "is x(y ok", True),
    ],
)
def test_rule_finds_whole_words(
    connection: duckdb.DuckDBPyConnection, alias: str, text: str, is_found: bool
) -> None:
    rule = make_rule(alias, ())
    store_posts(connection, [make_post("1", text)], rules=(rule,))
    assert rows(connection, "select aspect, origin from aspects") == (
        [(alias, "config")] if is_found else []
    )


def test_changed_aspects_are_matched_anew(connection: duckdb.DuckDBPyConnection) -> None:
    old, new = make_rule("tram", ()), make_rule("Bus", ("bus",))
    refresh_aspects(connection, (old,))
    store_posts(connection, [make_post("1", "tram and bus", aspects=("own",))], rules=(old,))
    assert not refresh_aspects(connection, (old,))
    assert refresh_aspects(connection, (new,))
    assert rows(connection, "select aspect, origin from aspects order by all") == [
        ("Bus", "config"),
        ("own", "source"),
    ]


def test_aspect_that_the_source_names_is_not_doubled(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rule = make_rule("tram", ())
    store_posts(connection, [make_post("1", "tram", aspects=("tram",))], rules=(rule,))
    assert rows(connection, "select aspect, origin from aspects") == [("tram", "source")]
