"""What was forgotten or deleted stays away, whatever dumps still hold."""

import json
from pathlib import Path

import duckdb
import pytest

from analytics.store.forget import forget
from tests.cli.makers import rows_of, run
from tests.ingesting import (
    comment,
    read_sources,
    repost_by,
    skeet,
    unaccount,
    unskeet,
    view,
    write_lines,
)
from tests.scripted import KEY, rows, write_config

IDS = "select native_id from posts order by all"


def test_forgotten_post_does_not_come_back_by_a_changed_file_or_a_copy(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = write_lines(tmp_path / "RC_1.ndjson", [comment("a", "mine"), comment("b", "hm")])
    read_sources(connection, [path])
    forget(connection, author_key=KEY, data_dir=tmp_path, post_id="reddit:t1_a")
    assert rows(connection, IDS) == [("t1_b",)]
    edited = comment("a", "mine, edited", edited=1772445700, retrieved_on=1772445800)
    write_lines(path, [comment("a", "mine"), edited, comment("b", "hm"), comment("c", "new")])
    copies = [
        write_lines(tmp_path / name, [edited, comment("b", "hm")])
        for name in ("RC_0.ndjson", "RC_2.ndjson")
    ]
    for rereads in (False, True):
        _, counts = read_sources(connection, [*copies, path], rereads=rereads)
        assert counts.count_ignored == 4
        assert rows(connection, IDS) == [("t1_b",), ("t1_c",)]
    assert not rows(connection, "select 1 from posts where contains(text, 'mine')")


def test_forgotten_author_does_not_come_back_by_new_posts_or_reposts(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Reposts have the text of the original, under another author."""
    feed = tmp_path / "feed.jsonl"
    reposted = view("k1", "mine", likes=1, reason=repost_by("did:plc:z"))
    write_lines(feed, [view("k1", "mine", likes=1), reposted, view("k9", "hm", likes=0, did="d")])
    read_sources(connection, [feed])
    gone = forget(connection, author_key=KEY, data_dir=tmp_path, author=("bluesky", "did:plc:a"))
    assert gone.count_posts == 2
    never_seen = view("k2", "mine", likes=1, reason=repost_by("did:plc:y"))
    write_lines(feed, [view("k3", "mine", likes=2), never_seen, reposted])
    events = write_lines(tmp_path / "events.jsonl", [skeet("k4", "mine", 5), unskeet("k4", 6)])
    for paths in ([feed, events], [events, feed]):
        _, counts = read_sources(connection, paths, rereads=True)
        assert (counts.count_ignored, counts.count_deletions) == (4, 1)
        assert rows(connection, "select distinct text from posts") == [("hm",)]


def test_reposts_of_a_forgotten_post_go_with_it(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    reposted = view("k1", "mine", likes=1, reason=repost_by("did:plc:z"))
    feed = write_lines(tmp_path / "feed.jsonl", [reposted])
    read_sources(connection, [feed])
    post_id = "bluesky:at://did:plc:a/app.bsky.feed.post/k1"
    assert forget(connection, author_key=KEY, data_dir=tmp_path, post_id=post_id).count_posts == 1
    read_sources(connection, [feed], rereads=True)
    assert rows(connection, IDS) == []


def test_reject_that_names_a_forgotten_post_by_its_address_is_emptied(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    broken = view("k1", "mine", likes=1)
    broken["post"]["record"]["text"] = None
    feed = write_lines(tmp_path / "feed.jsonl", [broken])
    post_id = "bluesky:at://did:plc:a/app.bsky.feed.post/k1"
    for _ in range(2):
        read_sources(connection, [feed], rereads=True)
        forget(connection, author_key=KEY, data_dir=tmp_path, post_id=post_id)
        assert rows(connection, "select reason, raw from rejects") == [("text is missing", "")]


def test_deleted_posts_go_and_stay_away_by_the_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_AUTHOR_KEY_FILE", str(tmp_path / "author.key"))
    write_config(tmp_path, '[[sources]]\npath = "day-1.jsonl"\n')
    write_lines(
        tmp_path / "day-1.jsonl",
        [
            skeet("k1", "one", 1),
            skeet("k2", "two", 2),
            skeet("k3", "three", 3, did="did:plc:b"),
            skeet("k4", "four", 4, did="did:plc:c"),
        ],
    )
    assert run("ingest").exit_code == 0
    write_lines(tmp_path / "day-2.jsonl", [unskeet("k1", 100), unaccount(101, did="did:plc:b")])
    result = run("ingest", "day-2.jsonl")
    assert result.exit_code == 0, result.output
    assert (
        "All: 2 records read = 0 posts stored + 0 updated + 0 duplicates + 2 deletions"
        " + 0 ignored + 0 rejects\nPosts removed, as they were deleted: 2\n"
    ) in result.output
    found = json.loads(run("ingest", "--reread", "--json").stdout)
    assert (found["records"]["count_ignored"], found["records"]["count_duplicates"]) == (2, 2)
    assert rows_of(tmp_path, "select text from posts order by all") == [("four",), ("two",)]
    ledger = "select count_deletions, count_posts_deleted, count_ignored from runs order by 1, 3"
    assert rows_of(tmp_path, ledger) == [(0, 0, 0), (0, 0, 2), (2, 2, 0)]


def test_sum_of_the_records_holds_where_pictures_are_rejects_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing picture is a reject of its own, and no record that was read."""
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path, '[[sources]]\npath = "posts.csv"\nplatform = "forum"\n')
    (tmp_path / "posts.csv").write_text("id,text,image\n1,one,gone.png\n2,,\n", encoding="utf-8")
    found = json.loads(run("ingest", "--json").stdout)
    assert found["counts"]["count_rejects"] == 2
    records = found["records"]
    assert (records["count_read"], records["count_stored"], records["count_rejects"]) == (2, 1, 1)
