"""Files that are corrected, moved, or taken for others: nothing is lost or kept unasked."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from analytics.config.settings import SourceConfig
from analytics.ingest import ingest_sources
from analytics.store.aspects import AspectRule, make_rule
from analytics.store.forget import forget
from analytics.store.runs import RunCounts
from connectors.protocol import ReadOptions, Record
from connectors.table import TableConnector
from tests.connectors.makers import ACTOR, make_activity, make_note, make_outbox
from tests.ingesting import comment, read_sources, write_lines
from tests.scripted import KEY, NOW, rows, scalar

ASPECTS = "select post_id, aspect, origin from aspects order by all"


def _ingest(
    connection: duckdb.DuckDBPyConnection,
    *paths: Path,
    rules: tuple[AspectRule, ...] = (),
    platform: str | None = "forum",
) -> RunCounts:
    counts = RunCounts()
    ingest_sources(
        connection,
        [SourceConfig(path=path, platform=platform) for path in paths],
        rules=rules,
        author_key=KEY,
        run_id="run",
        counts=counts,
        now=NOW,
    )
    return counts


def _write_table(path: Path, *lines: str, header: str = "id,text,aspect") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
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


def test_posts_of_tables_of_one_name_do_not_replace_each_other(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """They did, without a word: their ids are scoped by the file's name alone."""
    first = _write_table(tmp_path / "jan" / "posts.csv", "1,snow", "2,ice", header="id,text")
    second = _write_table(
        tmp_path / "feb" / "posts.csv", "1,rain", "2,ice", "3,fog", header="id,text"
    )
    for _ in range(2):
        counts = _ingest(connection, first, second, platform=None)
        assert rows(connection, "select post_id, text from posts order by all") == [
            ("table:posts/1", "snow"),
            ("table:posts/2", "ice"),
            ("table:posts/3", "fog"),
        ]
    assert counts.count_files_skipped == 2
    reason = f"the id is that of another post, of {first}: give each of the two files a platform"
    found = rows(connection, "select source_file, line, stage, raw, reason from rejects")
    assert [row[:4] for row in found] == [(str(second), 2, "parse", "rain")]
    assert reason in found[0][4]
    # A corrected row of the file that a post came from is its newer version.
    first.write_text("id,text\n1,much snow\n2,ice\n", encoding="utf-8")
    assert _ingest(connection, first, platform=None).count_updated == 1


def test_counts_of_a_collision_add_up(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = _write_table(tmp_path / "jan" / "posts.csv", "1,snow", header="id,text")
    second = _write_table(tmp_path / "feb" / "posts.csv", "1,rain", "2,fog", header="id,text")
    counts = _ingest(connection, first, second, platform=None)
    assert (counts.count_read, counts.count_stored, counts.count_rejects) == (3, 2, 1)
    assert counts.count_duplicates == counts.count_updated == 0


def test_file_of_another_format_in_a_folder_is_refused_with_its_name(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Its records were rejects of the folder's format, one by one."""
    feed = {"uri": "at://did:plc:a/app.bsky.feed.post/k", "record": {"text": "hm"}}
    feed |= {"author": {"did": "did:plc:a"}, "indexedAt": "2026-03-02T10:00:00Z"}
    post = {"post": {**feed, "cid": "c", "record": {**feed["record"], **_BSKY}}}  # type: ignore[dict-item]
    (tmp_path / "feed.json").write_text(json.dumps({"feed": [post] * 2}), encoding="utf-8")
    comment = {"id": "a", "body": "hm", "author": "b", "created_utc": 1772445600}
    comment |= {"subreddit": "s", "link_id": "t3_x", "parent_id": "t3_x"}
    (tmp_path / "RC_1.ndjson").write_text(json.dumps(comment) + "\n", encoding="utf-8")
    counts = _ingest(connection, tmp_path, platform=None)
    found = rows(connection, "select source_file, line, reason from rejects")
    assert (counts.count_stored, len(found)) == (1, 1)
    assert "looks like '" in found[0][2]
    assert "Name it as a source of its own" in found[0][2]


_BSKY = {"$type": "app.bsky.feed.post", "createdAt": "2026-03-02T10:00:00Z"}


def test_file_on_which_a_connector_failed_is_read_again(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the connector's own, not of the file: what came after it is not lost."""
    path = tmp_path / "a.csv"
    path.write_text("id,text\n1,one\n2,two\n3,three\n", encoding="utf-8")
    read_file = TableConnector.read_file

    def fail(self: object, path: Path, options: ReadOptions) -> Iterator[Record]:
        yield next(iter(read_file(TableConnector(), path, options)))
        raise KeyError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(TableConnector, "read_file", fail)
        counts = _ingest(connection, path)
    assert (counts.count_stored, counts.count_rejects) == (1, 1)
    counts = _ingest(connection, path)
    assert (counts.count_stored, counts.count_duplicates, counts.count_rejects) == (2, 1, 0)
    assert scalar(connection, "select count(*) from rejects") == 0
    counts = _ingest(connection, path)
    assert counts.count_read == 0


def test_file_is_read_again_once_private_posts_are_asked_for(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    notes = [make_note(n, to=[f"{ACTOR}/followers"], cc=[]) for n in range(2)]
    path = tmp_path / "outbox.json"
    path.write_text(json.dumps(make_outbox([make_activity(note) for note in notes])), "utf-8")
    counts = read_sources(connection, [path])[1]
    assert (counts.count_ignored, counts.count_stored) == (2, 0)
    for n_stored in (2, 0):  # the second time the file is known
        counts = read_sources(connection, [path], include_private=True)[1]
        assert counts.count_stored == n_stored


def test_file_whose_name_is_not_utf_8_stops_no_other(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/RC_x\xff.ndjson"))
    write_lines(odd, [comment("c1", "odd")])
    write_lines(folder / "RC_2026-03.ndjson", [comment("c2", "good")])
    counts = read_sources(connection, [folder])[1]
    assert (counts.count_stored, counts.count_rejects) == (1, 1)
    ((name, reason),) = rows(connection, "select source_file, reason from rejects")
    assert name.endswith(r"RC_x\udcff.ndjson")
    assert reason == "its name is not UTF-8; rename it"
    assert r"RC_x\udcff.ndjson: its name is not UTF-8" in caplog.text
