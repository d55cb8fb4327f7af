"""Twitter-2015/2017 and MVSA as they are published: posts, targets and pictures."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Post, Reject
from analytics.media import prepare_media
from connectors.mvsa import MvsaConnector
from connectors.protocol import ReadOptions, Record
from connectors.registry import choose_connector
from connectors.twitter_absa import TwitterAbsaConnector
from tests.ingesting import read_sources
from tests.scripted import rows

HEADER = "index\t#1 Label\t#2 ImageID\t#3 String\t#3 String\n"
TSV = (
    '1\t2\t7.jpg\t$T$ opens the new bridge in Springfield , "finally\t Mayor Quimby \n'
    '2\t1\t7.jpg\tMayor Quimby opens the new bridge in $T$ , "finally\tSpringfield\n'
    "3\t0\t8.jpg\tNo seat again on the $T$\tN16 bus\n"
)
LINES = (
    "$T$ opens the new bridge\nMayor Quimby\n1\n7.jpg\n"
    "No seat again on the $T$\nN16 bus\n-1\n8.jpg\n"
)
LABELS = "ID\ttext,image\n1\tpositive,neutral\n2\tnegative,negative\n3\tneutral,positive\n"
TRIPLE = (
    "ID\ttext,image\ttext,image\ttext,image\n"
    "1\tpositive,neutral\tneutral,neutral\tpositive,positive\n"
)


def _write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _read(path: Path, connector: TwitterAbsaConnector | MvsaConnector) -> list[Record]:
    return list(connector.read_file(path, ReadOptions()))


def _posts(records: list[Record]) -> list[Post]:
    return [record for record in records if isinstance(record, Post)]


def test_tsv_rows_are_posts_with_a_target(tmp_path: Path) -> None:
    folder = tmp_path / "twitter2015"
    path = _write(folder / "train.tsv", HEADER + TSV)
    (tmp_path / "twitter2015_images").mkdir()
    connector, detection = choose_connector(folder)
    assert (connector.name, detection.confidence >= 0.9) == ("twitter_absa", True)
    first, second, third = _posts(_read(path, TwitterAbsaConnector()))
    assert first.text == 'Mayor Quimby opens the new bridge in Springfield , "finally'
    assert (first.aspects, second.aspects) == (("Mayor Quimby",), ("Springfield",))
    assert first.post_id == second.post_id != third.post_id
    assert first.post_id.startswith("twitter2015:")
    assert first.media[0].source_path == tmp_path / "twitter2015_images" / "7.jpg"
    assert TwitterAbsaConnector().find_root(path) == tmp_path
    assert [post.line for post in (first, second, third)] == [2, 3, 4]


def test_four_lines_are_the_same_posts_as_the_tsv(tmp_path: Path) -> None:
    tsv = HEADER + (
        "1\t2\t7.jpg\t$T$ opens the new bridge\tMayor Quimby\n"
        "2\t0\t8.jpg\tNo seat again on the $T$\tN16 bus\n"
    )
    table = _write(tmp_path / "twitter" / "train.tsv", tsv)
    lines = _write(tmp_path / "twitter" / "train.txt", LINES)
    found = [
        [(post.post_id, post.text, post.aspects) for post in _posts(_read(path, connector))]
        for path in (table, lines)
        for connector in [TwitterAbsaConnector()]
    ]
    assert found[0] == found[1]
    assert found[0][0][0].startswith("twitter2017:")  # TomBERT's name for its folder
    assert choose_connector(lines)[0].name == "twitter_absa"
    assert TwitterAbsaConnector().list_files(tmp_path / "twitter") == [table]
    table.unlink()
    assert TwitterAbsaConnector().list_files(tmp_path / "twitter") == [lines]


def test_a_post_with_two_targets_is_stored_once(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "twitter2015"
    _write(folder / "dev.tsv", TSV)  # without a header
    (folder / "images").mkdir()
    Image.new("RGB", (8, 8)).save(folder / "images" / "7.jpg")
    _, counts = read_sources(connection, [folder])
    assert (counts.count_read, counts.count_stored, counts.count_duplicates) == (3, 2, 1)
    assert rows(connection, "select aspect from aspects order by 1") == [
        ("Mayor Quimby",),
        ("N16 bus",),
        ("Springfield",),
    ]
    assert rows(connection, "select count(*) from media") == [(2,)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("9\t3\t7.jpg\t$T$ ok\tit\n", "label is none of"),
        ("9\t1\t7.jpg\tno mark\tit\n", "text has no"),
        ("9\t1\t7.jpg\t$T$ ok\t \n", "target is missing"),
        ("9\t1\t../7.jpg\t$T$ ok\tit\n", "picture is no file name"),
        ("9\t1\t7.jpg\t$T$ ok\n", "4 columns, not 5"),
        ("9\t1\t7.jpg\t$T$\udcff ok\tit\n", "invalid UTF-8 at byte 14"),
    ],
)
def test_bad_rows_are_rejects(tmp_path: Path, line: str, reason: str) -> None:
    path = _write(tmp_path / "test.tsv", (HEADER + TSV + line).encode("utf-8", "surrogateescape"))
    (tmp_path / "images").mkdir()
    records = _read(path, TwitterAbsaConnector())
    assert len(records) == 4
    assert isinstance(records[3], Reject)
    assert reason in records[3].reason


def test_a_lost_line_costs_one_row(tmp_path: Path) -> None:
    # The label of the first row is missing: what follows is found again.
    text = "$T$ one\nit\n7.jpg\n" + LINES + "$T$ cut\nit\n"
    path = _write(tmp_path / "train.txt", LINES + text)
    records = _read(path, TwitterAbsaConnector())
    assert sum(isinstance(record, Post) for record in records) >= 3
    assert any(isinstance(r, Reject) and "middle of a row" in r.reason for r in records)


def test_mvsa_is_read_by_its_label_file(tmp_path: Path) -> None:
    folder = tmp_path / "MVSA_Single"
    path = _write(folder / "labelResultAll.txt", LABELS)
    _write(folder / "data" / "1.txt", "What a bridge! \r\n")
    _write(folder / "data" / "2.txt", "caf\u00e9 closed".encode("cp1252"))
    Image.new("RGB", (8, 8)).save(folder / "data" / "1.jpg")
    connector, detection = choose_connector(tmp_path)
    assert (connector.name, detection.found) == ("mvsa", "MVSA-Single")
    first, second, third = _read(path, MvsaConnector())
    assert isinstance(first, Post)
    assert isinstance(second, Post)
    assert (first.post_id, first.text) == ("mvsa-single:1", "What a bridge! ")
    assert first.media[0].source_path == folder / "data" / "1.jpg"
    assert second.text == "café closed"
    assert isinstance(third, Reject)
    assert "data/3.txt, is missing" in third.reason


def test_mvsa_multiple_counts_its_ids_apart(tmp_path: Path) -> None:
    path = _write(tmp_path / "labelResultAll.txt", TRIPLE)
    _write(tmp_path / "data" / "1.txt", "hello")
    assert _posts(_read(path, MvsaConnector()))[0].post_id == "mvsa-multiple:1"
    assert choose_connector(path)[1].found == "MVSA-Multiple"


def test_other_files_are_refused(tmp_path: Path) -> None:
    other = _write(tmp_path / "labelResultAll.txt", "some notes\n")
    with pytest.raises(SourceFormatError, match="not the label file of MVSA"):
        MvsaConnector().read_file(other, ReadOptions())
    table = _write(tmp_path / "a.tsv", "id\ttext\n1\thello\n")
    assert choose_connector(table)[0].name == "table"
    with pytest.raises(SourceFormatError, match="not a file of Twitter-2015/2017"):
        TwitterAbsaConnector().read_file(table, ReadOptions())
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConnectorError, match="no labelResultAll"):
        MvsaConnector().list_files(tmp_path / "empty")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    (folder / "images").mkdir()
    _write(folder / "data" / "1.txt", "hello")
    return folder


def _broken(text: str) -> st.SearchStrategy[bytes]:
    """The file with bytes cut out, put in, or lines of noise between its own."""
    data = text.encode()
    noise = st.one_of(
        st.binary(max_size=30), st.sampled_from([b"\n", b"\t", b"$T$", b"\0", b"-1\n"])
    )
    places = st.tuples(st.integers(0, len(data)), st.integers(0, 20), noise)
    return st.lists(places, max_size=5).map(lambda edits: _edit(data, edits))


def _edit(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for at, n, noise in edits:
        data = data[:at] + noise + data[at + n :]
    return data


@given(data=_broken(HEADER + TSV))
def test_no_row_of_a_broken_table_is_lost(folder: Path, data: bytes) -> None:
    path = _write(folder / "train.tsv", HEADER.encode() + TSV.encode() + data)
    records = _read(path, TwitterAbsaConnector())
    assert len(_posts(records)) >= 3
    lines = [line for line in data.split(b"\n") if line.strip(b" \t\r\x0b\x0c")]
    assert len(records) >= 3
    assert len(records) <= 4 + len(lines)


@given(data=_broken(LINES))
def test_broken_rows_of_four_lines_are_rejects(folder: Path, data: bytes) -> None:
    path = _write(folder / "train.txt", LINES.encode() + data)
    records = _read(path, TwitterAbsaConnector())
    assert len(_posts(records)) >= 2
    assert all(isinstance(record, Post | Reject) for record in records)


@given(data=_broken(LABELS))
def test_no_row_of_a_broken_label_file_is_lost(folder: Path, data: bytes) -> None:
    path = _write(folder / "labelResultAll.txt", LABELS.encode() + data)
    records = _read(path, MvsaConnector())
    assert len(records) >= 3
    assert sum(isinstance(record, Post) for record in records) >= 1


def test_texts_of_mvsa_that_lead_out_of_its_folder_are_rejects(tmp_path: Path) -> None:
    secret = _write(tmp_path / "secret.txt", "root:x:0:0")
    folder = tmp_path / "MVSA"
    path = _write(folder / "labelResultAll.txt", LABELS)
    (folder / "data").mkdir()
    (folder / "data" / "1.txt").symlink_to(secret)
    records = _read(path, MvsaConnector())
    assert not _posts(records)
    assert isinstance(records[0], Reject)
    assert "a link that leads out of the folder" in records[0].reason


def test_texts_and_pictures_that_come_later_are_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = _write(tmp_path / "labelResultAll.txt", LABELS)
    _write(tmp_path / "data" / "1.txt", "hello")
    _write(tmp_path / "data" / "2.txt", "world")
    assert read_sources(connection, [path])[1].count_rejects == 1
    _write(tmp_path / "data" / "3.txt", "late")
    counts = read_sources(connection, [path])[1]
    assert (counts.count_stored, counts.count_rejects) == (1, 0)
    for n in (1, 2, 3):
        Image.new("RGB", (8 + n, 8)).save(tmp_path / "data" / f"{n}.jpg")
    assert prepare_media(connection, data_dir=tmp_path / "d", run_id="r").count_prepared == 3


def test_folder_of_any_name_is_no_platform(tmp_path: Path) -> None:
    names = {"65db2ef7": "twitter", "Downloads": "twitter", "twitter-2017": "twitter2017"}
    for name, platform in names.items():
        path = _write(tmp_path / name / "train.tsv", HEADER + TSV)
        assert _posts(_read(path, TwitterAbsaConnector()))[0].platform == platform


def test_bad_first_row_is_no_header(tmp_path: Path) -> None:
    path = _write(tmp_path / "train.tsv", "x\t9\t1.jpg\ta $T$\tb\n" + TSV)
    records = _read(path, TwitterAbsaConnector())
    assert [type(record) for record in records] == [Reject, Post, Post, Post]
