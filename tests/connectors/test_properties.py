"""No input crashes a connector, and every record read is one post, reject or ignored."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.contract.errors import ConnectorError
from analytics.contract.record_checks import find_deletion_fault
from analytics.contract.records import Deletion, Ignored, Post, Reject
from connectors.protocol import Connector, Record
from connectors.registry import load_connectors
from tests.connectors.helpers import FIXTURES, NOW, read_all
from tests.connectors.makers import (
    make_activity,
    make_api_status,
    make_delete_notice,
    make_note,
    make_outbox,
    make_status,
    make_v2_post,
    make_v2_response,
)

CONNECTORS = load_connectors()[0]
NAMES = ["bluesky", "mastodon", "reddit", "table", "twitter_v1", "x_api_v2", "x_archive"]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(st.characters(), max_size=6)
    | st.sampled_from(["2024-05-01T10:00:00Z", "t1_a", "at://a/app.bsky.feed.post/b", "9" * 20]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "uri", "text", "media", "images", "did"]), inner)
    ),
    max_leaves=6,
)


def load_lines(name: str) -> list[Any]:
    text = (FIXTURES / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line.endswith("}")]


def load_array(name: str) -> list[Any]:
    text = (FIXTURES / name).read_text("utf-8")
    found: list[Any] = json.loads(text[text.index("[") :])
    return found


SEEDS: dict[str, list[Any]] = {
    "bluesky": load_lines("bluesky/jetstream.jsonl")
    + json.loads((FIXTURES / "bluesky/author_feed.json").read_text("utf-8"))["feed"],
    "reddit": load_lines("reddit/RC_2024-05.ndjson") + load_lines("reddit/RS_2024-05.ndjson"),
    "mastodon": [
        make_api_status(2, reblog=make_api_status(1, quote={"quoted_status": make_api_status(3)})),
        make_activity(make_note(attachment=[{"mediaType": "image/png", "url": "/a/b.png"}])),
    ],
    "table": load_lines("table/posts.jsonl"),
    "twitter_v1": [
        make_status(3, retweeted_status=make_status(2, quoted_status=make_status(1))),
        make_status(4, extended_tweet={"full_text": "a", "display_text_range": [0, 1]}),
        make_delete_notice(),
    ],
    "x_api_v2": [
        make_v2_response(
            [make_v2_post(referenced_tweets=[{"type": "retweeted", "id": "5"}])],
            includes={"tweets": [make_v2_post("5", note_tweet={"text": "a"})], "media": [{}]},
        ),
        make_v2_post("6", referenced_tweets=[{"type": "quoted", **make_v2_post("7")}]),
    ],
    "x_archive": load_array("x_archive/data/tweets.js"),
}


def check_records(records: list[Record]) -> None:
    """Each record can be stored: its strings encode and its times are plausible."""
    for record in records:
        assert isinstance(record, Post | Reject | Ignored | Deletion)
        assert record.line >= 0
        if isinstance(record, Post):
            assert record.native_id
            assert record.created_at is None or 1990 <= record.created_at.year <= NOW.year
            strings = [record.native_id, record.text, record.author, record.url, record.lang]
            strings += [record.reply_to, record.repost_of, record.quote_of, *record.aspects]
            strings += [text for item in record.media for text in (item.url, item.alt_text)]
            for text in strings:
                assert text is None or isinstance(text.encode("utf-8"), bytes)
            for item in record.media:
                assert item.url or item.source_path
        elif isinstance(record, Deletion):
            assert find_deletion_fault(record, now=NOW) is None
            assert isinstance((record.native_id or record.author or "").encode("utf-8"), bytes)
        elif isinstance(record, Reject):
            assert record.reason
            assert len(record.raw.encode("utf-8")) <= 8000


def read_whatever(connector: Connector, path: Path) -> list[Record] | None:
    """The records, None if the file as a whole is refused."""
    connector.detect(path)
    try:
        records = read_all(connector, path)
    except ConnectorError as exc:
        message = str(exc)
    else:
        check_records(records)
        return records
    assert str(path) in message
    return None


def paths_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key in value:
            found += paths_in(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += paths_in(item, (*path, index))
    return found


def change(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = change(value[path[0]], path[1:], new)
    return copy


@st.composite
def changed_records(draw: Callable[..., Any], name: str) -> Any:
    """A good record of a format with one value replaced by any other."""
    seed = draw(st.sampled_from(SEEDS[name]))
    return change(seed, draw(st.sampled_from(paths_in(seed))), draw(JSON))


def make_file(factory: pytest.TempPathFactory, name: str, data: bytes) -> Path:
    folder = factory.getbasetemp() / "properties"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".json", ".js", ".parquet"])
@given(
    data=st.binary(max_size=300)
    | st.tuples(
        st.sampled_from(
            [
                b"id,text\n",
                b'{"id": 1, "body": "a"}\n',
                b"window.YTD.tweets.part0 = [",
                b'{"feed": [',
                b'{"orderedItems": [{"id": "a"}, ',
                b'{"data": {"id": "1", "text": "',
                b"PAR1",
                b"\x28\xb5\x2f\xfd",
                b"\x1f\x8b\x08",
                b"\xef\xbb\xbf",
            ]
        ),
        st.binary(max_size=200),
    ).map(b"".join)
)
@settings(max_examples=40, deadline=None)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, ending: str, data: bytes
) -> None:
    read_whatever(CONNECTORS[name], make_file(tmp_path_factory, f"bytes{ending}", data))


@pytest.mark.parametrize("name", ["bluesky", "reddit", "table"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_changed_line_gives_one_record(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    """The first record is a good one, so that the file is of the format."""
    values = [SEEDS[name][0], *data.draw(st.lists(changed_records(name), min_size=1, max_size=5))]
    values = [v for v in values if not (isinstance(v, dict) and {"feed", "posts"} & set(v))]
    ascii_only = data.draw(st.booleans())
    lines = [json.dumps(value, ensure_ascii=ascii_only) for value in values]
    encoded = "\n".join(lines).encode("utf-8", "replace")
    records = read_whatever(CONNECTORS[name], make_file(tmp_path_factory, f"{name}.jsonl", encoded))
    assert records is not None
    assert [record.line for record in records] == list(range(1, len(values) + 1))


@pytest.mark.parametrize("name", ["bluesky", "x_archive"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_changed_element_gives_one_record(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    values = data.draw(st.lists(changed_records(name), max_size=5))
    indent = data.draw(st.sampled_from([None, 1]))
    encoded = json.dumps(values, indent=indent).encode()
    if name == "x_archive":
        encoded = b"window.YTD.tweets.part0 = " + encoded
    records = read_whatever(CONNECTORS[name], make_file(tmp_path_factory, f"{name}.js", encoded))
    assert records is not None
    assert [record.line for record in records] == list(range(1, len(values) + 1))


@pytest.mark.parametrize("layout", ["lines", "array", "object"])
@pytest.mark.parametrize("name", ["mastodon", "twitter_v1", "x_api_v2"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_changed_value_gives_its_own_records(
    tmp_path_factory: pytest.TempPathFactory, name: str, layout: str, data: st.DataObject
) -> None:
    """A value makes one record and one more for each post in it; none is lost or met twice."""
    values = [SEEDS[name][0], *data.draw(st.lists(changed_records(name), max_size=4))]
    values = [v for v in values if not (isinstance(v, dict) and {"statuses"} & set(v))]
    if layout == "lines":
        text = "\n".join(map(json.dumps, values))
    elif layout == "array" or name == "x_api_v2":
        text = json.dumps(values, indent=data.draw(st.sampled_from([None, 1])))
    else:
        outer = make_outbox(values) if name == "mastodon" else {"statuses": values, "n": 1}
        text = json.dumps(outer, indent=data.draw(st.sampled_from([None, 1])))
    records = read_whatever(
        CONNECTORS[name], make_file(tmp_path_factory, f"{name}.json", text.encode())
    )
    assert records is not None
    lines = [record.line for record in records]
    assert lines == sorted(lines)
    assert set(lines) == set(range(1, len(values) + 1))
    for line, value in enumerate(values, start=1):
        assert lines.count(line) <= 1 + json.dumps(value).count("{")
    stored = [(record.line, record.native_id) for record in records if isinstance(record, Post)]
    assert len(stored) == len(set(stored))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["mastodon", "twitter_v1", "x_api_v2"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_array_cut_anywhere_keeps_the_records_before(
    tmp_path_factory: pytest.TempPathFactory, name: str, indent: int | None, data: st.DataObject
) -> None:
    whole = json.dumps(SEEDS[name] * 3, indent=indent)
    full = read_all(CONNECTORS[name], make_file(tmp_path_factory, f"{name}.json", whole.encode()))
    text = whole[: data.draw(st.integers(1, len(whole) - 1))]
    cut = read_whatever(
        CONNECTORS[name], make_file(tmp_path_factory, f"{name}.json", text.encode())
    )
    assert cut
    assert isinstance(cut[-1], Reject)
    assert cut[:-1] == full[: len(cut) - 1]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("bluesky", "bluesky/author_feed.json"),
        ("bluesky", "bluesky/jetstream.jsonl"),
        ("reddit", "reddit/RC_2024-05.ndjson"),
        ("x_archive", "x_archive/data/tweets.js"),
    ],
)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_file_cut_anywhere_keeps_the_records_before(
    tmp_path_factory: pytest.TempPathFactory, name: str, file: str, data: st.DataObject
) -> None:
    whole = (FIXTURES / file).read_bytes()
    length = data.draw(st.integers(len(whole) // 8, len(whole) - 1))
    path = make_file(tmp_path_factory, Path(file).name, whole[:length])
    cut = read_whatever(CONNECTORS[name], path)
    assert cut is not None
    good = cut if not cut or not isinstance(cut[-1], Reject) else cut[:-1]
    full = read_all(CONNECTORS[name], FIXTURES / file)
    assert [type(record) for record in good] == [type(record) for record in full[: len(good)]]
    assert [record.line for record in cut] == list(range(1, len(cut) + 1))


@given(
    cells=st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), st.integers()),
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None)
def test_csv_rows_written_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, int]]
) -> None:
    rows = [(f"t{text}", number) for text, number in cells]
    quoted = "".join('"{}",{}\n'.format(text.replace('"', '""'), n) for text, n in rows)
    path = make_file(tmp_path_factory, "written.csv", f"text,likes\n{quoted}".encode())
    records = read_all(CONNECTORS["table"], path)
    assert len(records) == len(rows)
    kept = [(text, n) for text, n in rows if "\0" not in text]
    assert [r.text for r in records if isinstance(r, Post)] == [text for text, _ in kept]
