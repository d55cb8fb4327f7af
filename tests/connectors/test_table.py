import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Media, Post
from connectors.protocol import ReadOptions
from connectors.table import TableConnector
from connectors.table_mapping import FIELDS, SYNONYMS, propose_mapping
from tests.connectors.helpers import FIXTURES, NOW, posts_of, read_all, rejects_of, utc

FOLDER = FIXTURES / "table"
CONNECTOR = TableConnector()
T15 = FIXTURES.parents[2] / "shared" / "data" / "t15" / "test.jsonl"


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return path


def write_parquet(path: Path, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_read_file_csv_equals_golden() -> None:
    records = read_all(CONNECTOR, FOLDER / "posts.csv")
    cup = Media(kind="image", source_path=FOLDER / "images" / "cup.png")
    tea = Post(
        platform="table",
        native_id="posts/900719925474099301",
        text="Good, strong tea",
        line=2,
        author="ann",
        created_at=utc(2024, 5, 1, 10),
        lang="en",
        likes=5,
        media=(cup,),
        aspects=("tea",),
    )
    assert records[0] == tea
    _, again, quoted, after = posts_of(records)
    assert (again.post_id, again.line, again.aspects) == (tea.post_id, 3, ("cup",))
    assert (quoted.text, quoted.line, quoted.lang) == ('Two\nlines, one "quote"', 4, "en")
    assert quoted.media == (
        Media(kind="image", url="https://pics.example.org/a.jpg"),
        Media(kind="image", source_path=FOLDER / "images" / "none.png"),
    )
    assert (after.line, after.created_at) == (7, utc(2024, 5, 1, 8))
    assert rejects_of(records) == [
        (6, "9 fields where the header has 8"),
        (8, "created_at out of range: '9999-01-01'"),
        (9, "id is missing"),
        (10, "neither text nor image"),
    ]


def test_read_file_broken_csv_loses_only_broken_lines() -> None:
    records = read_all(CONNECTOR, FOLDER / "broken.csv")
    assert [(post.line, post.text) for post in posts_of(records)] == [
        (2, "fine"),
        (4, "still fine"),
        (7, "closed\nwell"),
        (11, "last"),
    ]
    assert rejects_of(records) == [
        (3, "a quote is not closed"),
        (5, "a NUL byte in the row"),
        (6, "invalid UTF-8 at byte 6 of the line; convert the file"),
        (9, "1 field where the header has 2"),
        (10, "not valid CSV (';' expected after '\"')"),
    ]


def test_read_file_open_quote_at_the_end_loses_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"open\n2,b\n3,c\n')
    records = read_all(CONNECTOR, path)
    assert rejects_of(records) == [(2, "a quote is not closed")]
    assert [post.line for post in posts_of(records)] == [3, 4]


def test_read_file_open_quote_in_a_long_file_is_bounded(tmp_path: Path) -> None:
    rows = "".join(f"{number},text\n" for number in range(25_000))
    path = write(tmp_path / "a.csv", f'id,text\nx,"open\n{rows}')
    records = read_all(CONNECTOR, path)
    assert rejects_of(records) == [(2, "a quote is not closed")]
    assert len(posts_of(records)) == 25_000


def test_read_file_quote_inside_a_field_is_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,a 6" nail\n2,"b"\n')
    assert [post.text for post in posts_of(read_all(CONNECTOR, path))] == ['a 6" nail', "b"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id,text\n1,hi; there\n"),
        ("a.csv", "id;text\n1;hi; there\n".replace("hi; there", '"hi; there"')),
        ("a.csv", "id\ttext\r\n1\thi; there\r\n"),
        ("a.csv", 'id|"text"\n1|hi; there'),
        ("a.tsv", "id\ttext\n1\thi; there\n"),
        ("a.csv", "\n\nid,text\n\n1,hi; there\n\n"),
    ],
)
def test_read_file_delimiters_and_line_ends(tmp_path: Path, name: str, text: str) -> None:
    records = read_all(CONNECTOR, write(tmp_path / name, text))
    assert [(post.native_id, post.text) for post in posts_of(records)] == [("a/1", "hi; there")]
    assert len(records) == 1


def test_read_file_compressed_csv(tmp_path: Path) -> None:
    data = (FOLDER / "posts.csv").read_bytes()
    path = write(tmp_path / "a.csv.zst", zstandard.compress(data))
    texts = [post.text for post in posts_of(read_all(CONNECTOR, path))]
    assert texts == [post.text for post in posts_of(read_all(CONNECTOR, FOLDER / "posts.csv"))]


def test_read_file_jsonl_equals_golden() -> None:
    records = read_all(CONNECTOR, FOLDER / "posts.jsonl", platform="forum")
    first = Post(
        platform="forum",
        native_id="9007199254740993",
        text="Exact id",
        line=1,
        author="ann",
        created_at=utc(2024, 5, 1, 10),
    )
    assert records[0] == first
    assert [post.post_id for post in posts_of(records)] == ["forum:9007199254740993", "forum:b"]
    assert rejects_of(records) == [
        (3, "not a JSON object"),
        (4, "id was rounded, as a number with a point: 1.5"),
        (5, "the file ends in the middle of this record"),
    ]


def test_read_file_without_ids_derives_stable_ones(tmp_path: Path) -> None:
    text = "text,aspect\nsame,\nsame,tea\nsame,\nother,\n"
    path = write(tmp_path / "a.csv", text)
    moved = write(tmp_path / "b.csv", text)
    ids = [post.native_id for post in posts_of(read_all(CONNECTOR, path))]
    assert [post.native_id for post in posts_of(read_all(CONNECTOR, moved))] == ids
    assert ids[2] == f"{ids[0]}-2"
    assert len(set(ids)) == 4
    assert {len(native_id) for native_id in ids} == {24, 26}


def test_equal_answers_of_a_survey_are_as_many_posts(tmp_path: Path) -> None:
    """Three times good and once bad was one and one."""
    path = write(tmp_path / "a.csv", "answer\ngood\ngood\nbad\ngood\n")
    posts = posts_of(read_all(CONNECTOR, path, mapping={"text": "answer"}))
    assert len({post.post_id for post in posts}) == 4
    dated = write(tmp_path / "b.csv", "text,created_at\ngood,2024-03-01\ngood,2024-03-01\n")
    assert len({post.post_id for post in posts_of(read_all(CONNECTOR, dated))}) == 1


def test_references_meet_the_ids_of_a_table_without_a_platform(tmp_path: Path) -> None:
    path = write(tmp_path / "thread.csv", "id,text,reply_to,repost_of\n1,a,,\n2,b,1,\n3,c,,1\n")
    first, second, third = posts_of(read_all(CONNECTOR, path))
    assert first.post_id == second.reply_to == third.repost_of == "table:thread/1"


def test_read_file_mapping_goes_before_guesses(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", "id,text,answer,net,parent\n1,no,yes,X,7\n2,no,ja,a b,\n3,no,so,,x:8\n"
    )
    mapping = {"text": "answer", "platform": "net", "reply_to": "parent"}
    records = read_all(CONNECTOR, path, mapping=mapping, platform="survey")
    assert [(post.post_id, post.text, post.reply_to) for post in posts_of(records)] == [
        ("x:1", "yes", "x:7"),
        ("survey:3", "so", "survey:x:8"),
    ]
    assert rejects_of(records) == [(3, "platform is not a short name: 'a b'")]


def test_read_file_given_platform_goes_before_a_guessed_column(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,platform\n1,a,x\n")
    assert [post.platform for post in posts_of(read_all(CONNECTOR, path))] == ["x"]
    posts = posts_of(read_all(CONNECTOR, path, platform="survey"))
    assert [post.platform for post in posts] == ["survey"]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"text": "bodi"}, r"text = 'bodi': the column is not there; did you mean 'body'\?"),
        ({"txt": "body"}, r"unknown post field 'txt'; did you mean 'text'\?"),
        ({"text": "body", "author": "who"}, "author = 'who': the column is not there"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_read_file_wrong_mapping_lists_the_columns(
    tmp_path: Path, mapping: dict[str, str], message: str, kind: str
) -> None:
    if kind == "csv":
        path = write(tmp_path / "a.csv", "id,body\n1,a\n")
    elif kind == "jsonl":
        path = write(tmp_path / "a.jsonl", '{"id": 1, "body": "a"}\n')
    else:
        path = write_parquet(tmp_path / "a.parquet", id=[1], body=["a"])
    with pytest.raises(SourceFormatError, match=message) as caught:
        read_all(CONNECTOR, path, mapping=mapping)
    assert "Columns: id, body" in str(caught.value)


def test_read_file_column_there_twice_is_refused_if_mapped(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text,twice,twice\n1,a,b,c\n")
    assert [post.text for post in posts_of(read_all(CONNECTOR, path))] == ["a"]
    with pytest.raises(SourceFormatError, match="'twice': the column is there more than once"):
        read_all(CONNECTOR, path, mapping={"author": "twice"})


def test_read_file_no_text_column_says_how_to_name_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n")
    with pytest.raises(SourceFormatError, match=r"Columns: a, b\. Name it in the source's mapping"):
        read_all(CONNECTOR, path)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.jsonl", b"hello\n", "no line at its start is a JSON object"),
        ("a.jsonl", b"[1, 2]\n", "a JSON array; write one object a line"),
        ("a.json", b'[{"text": "a"}]\n', "a JSON array; write one object a line"),
        ("a.csv", b"\0\1\2\n\3", "binary data, not a table"),
        ("a.csv", b'"open,text\n1,2\n', "header line cannot be read as CSV"),
        ("a.csv", "id,text\n".encode("utf-16"), "UTF-16 text; convert it"),
        ("a.parquet", b"PAR1 and no more", "not a whole Parquet file"),
    ],
)
def test_read_file_other_file_is_refused(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    with pytest.raises(SourceFormatError, match=message):
        read_all(CONNECTOR, write(tmp_path / name, data))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_read_file_empty_file_is_one_reject(tmp_path: Path, name: str) -> None:
    assert rejects_of(read_all(CONNECTOR, write(tmp_path / name, b""))) == [
        (0, "the file is empty")
    ]


def test_read_file_header_alone_gives_nothing(tmp_path: Path) -> None:
    assert read_all(CONNECTOR, write(tmp_path / "a.csv", "id,text\n")) == []


def test_read_file_rounded_ids_are_rejects(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n9.00719925474099E+17,a\n1e5,b\nE5,c\n")
    records = read_all(CONNECTOR, path)
    assert [line for line, _ in rejects_of(records)] == [2, 3]
    assert [post.native_id for post in posts_of(records)] == ["a/E5"]


def test_read_file_parquet_equals_golden(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet",
        id=[2**60 + 1, 2, None, 4],
        text=["first", "second", "third", None],
        created_at=pa.array(
            [
                dt.datetime(2024, 5, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2))),
                None,
                None,
                None,
            ],
            pa.timestamp("us", "Europe/Berlin"),
        ),
        likes=pa.array([1, None, None, None], pa.int64()),
        images=[["a.jpg", "https://pics.example.org/b.jpg"], [], None, None],
        aspect=["tea", None, "", None],
    )
    records = read_all(CONNECTOR, path)
    assert posts_of(records) == [
        Post(
            platform="table",
            native_id=f"a/{2**60 + 1}",
            text="first",
            line=1,
            created_at=utc(2024, 5, 1, 10),
            likes=1,
            media=(
                Media(kind="image", source_path=tmp_path / "a.jpg"),
                Media(kind="image", url="https://pics.example.org/b.jpg"),
            ),
            aspects=("tea",),
        ),
        Post(platform="table", native_id="a/2", text="second", line=2),
    ]
    assert rejects_of(records) == [(3, "id is missing"), (4, "neither text nor image")]


@pytest.mark.parametrize(
    ("unit", "absurd"), [("s", 10**14), ("ms", 10**17), ("us", 10**18), ("ns", 9 * 10**18)]
)
def test_read_file_parquet_times_in_every_unit(tmp_path: Path, unit: str, absurd: int) -> None:
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    times = pa.array([1714557600 * per_second, absurd], pa.int64()).cast(pa.timestamp(unit))
    path = write_parquet(tmp_path / "a.parquet", id=["a", "b"], text=["x", "y"], date=times)
    records = read_all(CONNECTOR, path)
    assert [post.created_at for post in posts_of(records)] == [utc(2024, 5, 1, 10)]
    ((line, reason),) = rejects_of(records)
    assert line == 2
    assert "out of range" in reason


def test_read_file_parquet_dates_and_bad_strings(tmp_path: Path) -> None:
    bad = pa.Array.from_buffers(
        pa.string(),
        2,
        [None, pa.array([0, 1, 3], pa.int32()).buffers()[1], pa.py_buffer(b"ab\xff")],
    )
    path = write_parquet(tmp_path / "a.parquet", text=bad, day=[dt.date(2024, 5, 1)] * 2)
    records = read_all(CONNECTOR, path, mapping={"created_at": "day"})
    assert [post.created_at for post in posts_of(records)] == [utc(2024, 5, 1)]
    assert rejects_of(records) == [(2, "text: invalid UTF-8 at byte 2 of the value")]


def test_read_file_damaged_parquet_keeps_the_rows_before(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"id": range(20_000), "text": [f"text {n}" for n in range(20_000)]})
    pq.write_table(table, path, row_group_size=5_000, write_page_checksum=True)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    records = read_all(CONNECTOR, path)
    assert len(posts_of(records)) >= 4096
    ((line, reason),) = rejects_of(records)
    assert line == len(posts_of(records)) + 1
    assert reason.startswith("the file cannot be read after row")


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl", "a.parquet"])
def test_on_bytes_sums_to_the_size_of_the_file(tmp_path: Path, name: str) -> None:
    path = FOLDER / name
    if name == "a.parquet":
        path = write_parquet(tmp_path / name, text=["a"] * 9000)
    counted: list[int] = []
    list(CONNECTOR.read_file(path, ReadOptions(on_bytes=counted.append, now=NOW)))
    assert sum(counted) == path.stat().st_size


def test_propose_mapping_knows_common_names() -> None:
    assert propose_mapping(["Tweet ID", "Full-Text", "Created At", "USER", "Like Count", "x"]) == {
        "id": "Tweet ID",
        "text": "Full-Text",
        "created_at": "Created At",
        "author": "USER",
        "likes": "Like Count",
    }
    assert propose_mapping([]) == {}


def test_synonyms_name_every_field_once() -> None:
    assert FIELDS[:3] == ("id", "text", "created_at")
    names = [name for synonyms in SYNONYMS.values() for name in synonyms]
    assert len(names) == len(set(names))


def test_detect_shows_the_guessed_mapping(tmp_path: Path) -> None:
    found = CONNECTOR.detect(FOLDER / "posts.csv")
    assert found is not None
    assert found.found.startswith("CSV table (id = id, text = Text, created_at = Created At")
    assert CONNECTOR.detect(write(tmp_path / "notes.txt", "id,text\n")) is None
    unknown = CONNECTOR.detect(write(tmp_path / "a.csv", "a,b\n1,2\n"))
    assert unknown is not None
    assert unknown.confidence == 0.3
    damaged = CONNECTOR.detect(write(tmp_path / "a.parquet", b"PAR1"))
    assert damaged is not None
    assert damaged.found == "Parquet file, damaged"


@pytest.mark.shared
@pytest.mark.skipif(not T15.is_file(), reason="needs ../shared/data/t15")
def test_sample_research_set_is_read_whole() -> None:
    rows = [json.loads(line) for line in T15.read_text("utf-8").splitlines()]
    posts = posts_of(read_all(CONNECTOR, T15))
    assert [(p.native_id, p.text, p.aspects[0]) for p in posts] == [
        (f"test/{row['id']}", row["text"], row["aspect"]) for row in rows
    ]
