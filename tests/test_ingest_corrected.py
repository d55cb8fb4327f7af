"""Files and paths that are corrected take back what they said before."""

from pathlib import Path

import duckdb

from analytics.config.settings import SourceConfig
from analytics.ingest import ingest_sources
from analytics.store.aspects import AspectRule, make_rule
from analytics.store.forget import forget
from analytics.store.runs import RunCounts
from tests.scripted import KEY, NOW, rows

ASPECTS = "select post_id, aspect, origin from aspects order by all"


def _ingest(
    connection: duckdb.DuckDBPyConnection, *paths: Path, rules: tuple[AspectRule, ...] = ()
) -> None:
    ingest_sources(
        connection,
        [SourceConfig(path=path, platform="forum") for path in paths],
        rules=rules,
        author_key=KEY,
        run_id="run",
        counts=RunCounts(),
        now=NOW,
    )


def _write_table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(("id,text,aspect", *lines)) + "\n", encoding="utf-8")
    return path


def test_corrected_aspect_replaces_the_one_before(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write_table(tmp_path / "a.csv", "1,late again,tarm", "1,late again,bus", "2,hm,bus")
    _ingest(connection, path)
    _write_table(path, "1,late again,tram", "1,late again,bus", "2,hm,bus")
    _ingest(connection, path)
    assert rows(connection, ASPECTS) == [
        ("forum:1", "bus", "source"),
        ("forum:1", "tram", "source"),
        ("forum:2", "bus", "source"),
    ]


def test_aspect_that_another_file_names_stays(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = _write_table(tmp_path / "a.csv", "1,late again,tram")
    second = _write_table(tmp_path / "b.csv", "1,late again,tram")
    _ingest(connection, first, second)
    _write_table(first, "1,late again,bus")
    _ingest(connection, first, second)
    assert [aspect for _, aspect, _ in rows(connection, ASPECTS)] == ["bus", "tram"]


def test_dropped_aspect_that_a_rule_finds_stays_by_the_rule(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rules = (make_rule("tram", ()),)
    path = _write_table(tmp_path / "a.csv", "1,the tram is late,tram")
    _ingest(connection, path, rules=rules)
    assert rows(connection, ASPECTS) == [("forum:1", "tram", "source")]
    _write_table(path, "1,the tram is late,bus")
    _ingest(connection, path, rules=rules)
    assert rows(connection, ASPECTS) == [
        ("forum:1", "bus", "source"),
        ("forum:1", "tram", "config"),
    ]


def test_named_aspect_outlives_the_rule_that_found_it_first(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write_table(tmp_path / "a.csv", "1,the tram is late,")
    _ingest(connection, path, rules=(make_rule("tram", ()),))
    _write_table(path, "1,the tram is late,tram")
    _ingest(connection, path, rules=(make_rule("tram", ()),))
    _ingest(connection, path)
    assert rows(connection, ASPECTS) == [("forum:1", "tram", "source")]


def test_forgotten_post_leaves_no_named_aspect(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _ingest(connection, _write_table(tmp_path / "a.csv", "1,late again,tram", "2,hm,bus"))
    forget(connection, author_key=KEY, data_dir=tmp_path, post_id="forum:1")
    assert rows(connection, "select post_id from source_aspects") == [("forum:2",)]


def test_mistyped_path_leaves_rejects_once_nobody_asks_for_it(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    good = _write_table(tmp_path / "posts.csv", "1,hm,")
    wrong = tmp_path / "psots.csv"
    _ingest(connection, wrong, good)
    _ingest(connection, wrong, good)
    rejected = "select source_file from rejects"
    assert rows(connection, rejected) == [(str(wrong),)]
    _ingest(connection, good)
    assert rows(connection, rejected) == []
