"""Lines staged by DuckDB: the same rows as line by line in Python, odd lines included."""

import errno
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.contract.text import clean_text
from analytics.store.bulk import MACROS, BulkStaging
from analytics.store.migrations import migrate
from analytics.store.staging import Staging
from connectors.protocol import ReadOptions
from connectors.reddit import RedditConnector
from connectors.segments import Segment, read_segments
from tests.conftest import SHARED_DATA

KEY = b"a key of the user"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
CONNECTOR = RedditConnector()
Staged = dict[str, Any]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        migrate(connection)
        yield connection


def stage_in_bulk(connection: duckdb.DuckDBPyConnection, path: Path, n_bytes: int) -> Staged:
    options = ReadOptions(now=NOW)
    staging = Staging(connection, KEY)
    with BulkStaging(
        connection, staging, CONNECTOR.bulk, author_key=KEY, latest_s=int(NOW.timestamp())
    ) as bulk:
        for piece in read_segments(path, n_bytes=n_bytes):
            if isinstance(piece, Segment):
                bulk.add(
                    piece.data,
                    first_line=piece.first_line,
                    n_lines=piece.n_lines,
                    is_long=piece.is_long_line,
                    read_line=lambda number, line: CONNECTOR.read_line(number, line, options),
                )
            else:
                staging.add(piece)
        bulk.finish()
    return take(connection, staging)


def stage_line_by_line(connection: duckdb.DuckDBPyConnection, path: Path) -> Staged:
    staging = Staging(connection, KEY)
    for record in CONNECTOR.read_file(path, ReadOptions(now=NOW)):
        staging.add(record, ordinal=record.line)
    return take(connection, staging)


def take(connection: duckdb.DuckDBPyConnection, staging: Staging) -> Staged:
    staging.flush()
    tables = ("stage_posts", "stage_media", "stage_aspects", "stage_rejects")
    rows = {
        name: sorted(connection.execute(f"from _staging.{name}").fetchall(), key=repr)
        for name in tables
    }
    counts = (staging.count_read, staging.count_ignored, staging.count_rejects)
    return {**rows, "counts": counts}


def compare(connection: duckdb.DuckDBPyConnection, path: Path, n_bytes: int = 1_000_000) -> Staged:
    found = stage_in_bulk(connection, path, n_bytes)
    assert found == stage_line_by_line(connection, path)
    return found


COMMENT = {
    "id": "abc1",
    "body": "The tram is late again",
    "author": "somebody",
    "created_utc": 1_700_000_000,
    "score": 3,
    "subreddit": "trams",
    "permalink": "/r/trams/comments/x/y/abc1/",
    "parent_id": "t1_abc0",
    "link_id": "t3_x",
    "edited": False,
    "retrieved_on": 1_700_000_100,
}
SUBMISSION = {
    "id": "def1",
    "title": "A new tram",
    "selftext": "It is red &amp; fast",
    "author": "somebody",
    "created_utc": "1700000000",
    "score": -3,
    "num_comments": 7,
    "subreddit": "trams",
    "permalink": "/r/trams/comments/def1/",
    "url": "https://i.example/a.jpg",
}
ODD_TEXTS = [
    *(
        "",
        " ",
        "[deleted]",
        "[removed]",
        "x" * 100_001,
        "RT @a: b",
        " RT @a: b",
        "a&amp;amp;b",
        "&#0;",
    ),
    *(
        "  two  spaces ",
        "a\r\nb\rc\n\n\n d \n",
        "tab\tand\u00a0more",
        "caf\u00e9 cafe\u0301",
        "\u200bx",
    ),
    *(
        "\U0001f600\U0001f468\u200d\U0001f469",
        'a "quoted" \\ text',
        "\u0000",
        "\x01\x1f\x7f\x85",
        "\ud800",
    ),
    *("e\u0301" * 50, "\u2028line", "'; drop table posts; --", "&lt;b&gt;", "\n", "\t"),
]
ODD_VALUES: dict[str, list[Any]] = {
    "id": ["5e123", "", None, 12, 1.5, True, "x" * 61, "a b", "a\u00e9", ["x"], "abc2"],
    "body": [*ODD_TEXTS, None, 5, {"a": 1}, ["x"], True],
    "title": [*ODD_TEXTS, None, 5],
    "selftext": [*ODD_TEXTS, None, 5, []],
    "author": ["[deleted]", "", None, 5, "with \\ back", 'a"b', "\u00fcmlaut", "  "],
    "created_utc": [
        "1700000000",
        1.7e9,
        1700000000.5,
        0,
        -1,
        10**12,
        None,
        "x",
        True,
        "",
        "17e8",
        99,
    ],
    "edited": [True, False, None, 1_700_000_500, "1700000500", 0, 5, 1.7e9, "false", [], "x"],
    "retrieved_on": [None, 1_700_000_500, "1700000500", 0, 99_999_999_999, 1.7e9, False],
    "retrieved_utc": [None, 1_700_000_600, 1.7e9],
    "score": [None, "7", 1.0, 1.5, True, 10**20, -(10**14), "x", 0, "-0"],
    "num_comments": [None, "7", 1.5, 0, -1],
    "permalink": [None, "", "no slash", "/a\\b", "/caf\u00e9/", 5, '/a"b'],
    "link_id": [None, "t3_ab", "t1_ab", "t3_a b", 5],
    "parent_id": [None, "t1_x", "t3_x", "t2_x", "t1_" + "x" * 70, 5, "t1_\u00e9", ""],
    "crosspost_parent": [None, "t3_zz", "x", 5],
    "url": [
        None,
        "https://e.example/a.PNG?x=1&amp;y=2",
        "http://e.example/a.gif#x",
        "x",
        5,
        "https://e/a",
    ],
    "media_metadata": [None, {"m": {"s": {"u": "https://e.example/m.jpg"}}}, 5],
    "gallery_data": [None, {"items": [{"media_id": "m", "caption": "c"}]}, 5],
}
WHOLE_LINES = [
    *("", "   ", "{", "[1, 2]", "5", "null", '{"a": 1} extra', "{}{}", "\t{}", "not json", "\xff"),
    json.dumps(COMMENT) + "\r",
    json.dumps({**COMMENT, "body": 'a "b"'}, ensure_ascii=False).replace('"id"', ' "id" '),
    json.dumps(COMMENT)[:-9],
    '{"id": "a", "body": "x\\ud83d", "created_utc": 1700000000}',
    '{"id": "a", "body": NaN, "created_utc": 1700000000}',
]
odd_objects = st.builds(
    lambda base, changes: json.dumps({**base, **changes}, ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    ),
    st.sampled_from([COMMENT, SUBMISSION]),
    st.dictionaries(st.sampled_from(sorted(ODD_VALUES)), st.none(), max_size=3).flatmap(
        lambda names: st.fixed_dictionaries(
            {name: st.sampled_from(ODD_VALUES[name]) for name in names}
        )
    ),
)
odd_lines = st.sampled_from(WHOLE_LINES).map(lambda text: text.encode("latin-1"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.lists(st.one_of(odd_objects, odd_objects, odd_objects, odd_lines), max_size=20),
    has_end=st.booleans(),
    n_bytes=st.sampled_from([100, 3000, 1_000_000]),
)
def test_the_same_is_staged_as_line_by_line(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    content: list[bytes],
    has_end: bool,
    n_bytes: int,
) -> None:
    path = tmp_path / "RC"
    first = json.dumps(COMMENT).encode()
    path.write_bytes(b"\n".join([first, *content]) + (b"\n" if has_end else b""))
    compare(connection, path, n_bytes)


@pytest.mark.parametrize("field", sorted(ODD_VALUES))
@pytest.mark.parametrize("base", [COMMENT, SUBMISSION], ids=["comment", "submission"])
def test_each_odd_value_of_a_field(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, field: str, base: dict[str, Any]
) -> None:
    lines = [base, *({**base, "id": f"n{n}", field: v} for n, v in enumerate(ODD_VALUES[field]))]
    lines.append({key: value for key, value in base.items() if key != field})
    path = tmp_path / "RC"
    path.write_bytes(
        b"\n".join(json.dumps(line).encode("utf-8", "surrogatepass") for line in lines)
    )
    compare(connection, path)


@settings(max_examples=200, deadline=None)
@given(
    st.text(
        alphabet=st.sampled_from(list("ab &;\n\r\t\x0b\x1f\u00e9e\u0301\u200bRT @:x<#38")),
        max_size=30,
    )
)
def test_clean_texts_are_those_of_python(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    BulkStaging(
        connection, Staging(connection, KEY), CONNECTOR.bulk, author_key=KEY, latest_s=0
    ).__exit__()
    connection.execute(MACROS)
    (found,) = connection.execute("select make_clean($text)", {"text": text}).fetchall()
    assert found == (clean_text(text),)


def test_most_lines_do_not_go_through_python(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Else it would be right, and slow."""
    lines = [
        {**COMMENT, "id": f"c{n}", "body": f'Text {n}\n\nwith "quotes" and caf\u00e9 &gt; {n}'}
        for n in range(500)
    ] + [{**SUBMISSION, "id": f"s{n}"} for n in range(500)]
    path = tmp_path / "RC"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    asked = []

    class Counting(RedditConnector):
        def read_line(self, number: int, line: bytes, options: ReadOptions) -> Any:
            asked.append(number)
            return super().read_line(number, line, options)

    options = ReadOptions(now=NOW)
    staging = Staging(connection, KEY)
    (piece,) = read_segments(path)
    assert isinstance(piece, Segment)
    with BulkStaging(
        connection, staging, CONNECTOR.bulk, author_key=KEY, latest_s=int(NOW.timestamp())
    ) as bulk:
        bulk.add(
            piece.data,
            first_line=1,
            n_lines=piece.n_lines,
            is_long=piece.is_long_line,
            read_line=lambda number, line: Counting().read_line(number, line, options),
        )
        bulk.finish()
    assert asked == []
    assert take(connection, staging)["counts"] == (1000, 0, 0)


def test_real_dumps(connection: duckdb.DuckDBPyConnection) -> None:
    if not SHARED_DATA.is_dir():
        pytest.skip(f"{SHARED_DATA} is not there")
    for name in ("RC_sample.ndjson", "RC_sample_600_window31.zst"):
        found = compare(connection, SHARED_DATA / "dumps/reddit" / name)
        assert found["counts"][0] in (150, 600)


@pytest.mark.parametrize("fails_at", ["open", "write"])
def test_a_full_temporary_folder_costs_time_and_no_record(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fails_at: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if fails_at == "open":
        monkeypatch.setattr(tempfile, "NamedTemporaryFile", fail)
    else:
        monkeypatch.setattr(tempfile._TemporaryFileWrapper, "seek", fail, raising=False)
    path = tmp_path / "RC"
    lines = [json.dumps({**COMMENT, "id": f"c{n}"}) for n in range(50)]
    path.write_text("\n".join(lines), "utf-8")
    assert compare(connection, path, 4_000)["counts"] == (50, 0, 0)
    assert caplog.text.count("has no room for pieces of 64 MiB (No space left on device)") == 1
