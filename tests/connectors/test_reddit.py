import gzip
import json
from pathlib import Path

import pytest
import zstandard

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Media, Post
from connectors.reddit import RedditConnector
from tests.connectors.helpers import (
    DUMPS,
    FIXTURES,
    ignored_of,
    posts_of,
    read_all,
    rejects_of,
    utc,
)

FOLDER = FIXTURES / "reddit"
COMMENTS = FOLDER / "RC_2024-05.ndjson"
SUBMISSIONS = FOLDER / "RS_2024-05.ndjson"
CONNECTOR = RedditConnector()
SAMPLE = DUMPS / "reddit"

GOLDEN_COMMENT = Post(
    platform="reddit",
    native_id="t1_aaa1",
    text="Loud, but it > boils & boils 🫖",
    line=1,
    author="tea_fan",
    created_at=utc(2024, 5, 1, 8),
    retrieved_at=utc(2024, 6, 1),
    url="https://www.reddit.com/r/kettles/comments/zzz1/which_one/aaa1/",
    reply_to="reddit:t3_zzz1",
    likes=4,
)


def write_comment(path: Path, **fields: object) -> Path:
    value = {"id": "a", "author": "b", "body": "c", "created_utc": 1714550400, "subreddit": "d"}
    path.write_text(json.dumps({**value, **fields}) + "\n")
    return path


def test_read_file_comments_equal_golden() -> None:
    records = read_all(CONNECTOR, COMMENTS)
    assert posts_of(records) == [
        GOLDEN_COMMENT,
        Post(
            platform="reddit",
            native_id="t1_aaa4",
            text="Mine broke within a week.",
            line=4,
            created_at=utc(2024, 5, 1, 8, 1, 40),
            edited_at=utc(2024, 5, 1, 9),
            retrieved_at=utc(2024, 6, 1),
            url="https://www.reddit.com/comments/zzz1/_/aaa4",
            reply_to="reddit:t1_aaa1",
            likes=-7,
        ),
    ]
    assert ignored_of(records) == [
        (2, "comment deleted by its author"),
        (3, "comment removed by moderators"),
    ]
    assert rejects_of(records) == [
        (5, "created_utc out of range: 253370764800"),
        (6, "created_utc is missing"),
        (7, "the file ends in the middle of this record"),
    ]


def test_read_file_submissions_have_title_pictures_and_crosspost() -> None:
    records = read_all(CONNECTOR, SUBMISSIONS)
    text, picture, gallery = posts_of(records)
    assert text == Post(
        platform="reddit",
        native_id="t3_zzz1",
        text="Which one?\n\nSteel & glass both leak.",
        line=1,
        author="tea_fan",
        created_at=utc(2024, 5, 1, 8),
        retrieved_at=utc(2024, 6, 1),
        url="https://www.reddit.com/r/kettles/comments/zzz1/which_one/",
        likes=4,
        replies=31,
    )
    assert picture.media == (Media(kind="image", url="https://i.redd.it/kettle.jpg"),)
    assert picture.repost_of == "reddit:t3_yyy9"
    assert gallery.media == (
        Media(kind="image", url="https://preview.redd.it/m2.jpg?width=10&s=2", alt_text="side"),
        Media(kind="image", url="https://preview.redd.it/m1.jpg?width=10&s=1"),
    )
    assert ignored_of(records) == [(4, "submission removed by moderators")]


@pytest.mark.parametrize("pack", [zstandard.compress, gzip.compress], ids=["zstd", "gzip"])
def test_read_file_compressed_gives_the_same(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "RC_2024-05.zst"
    path.write_bytes(pack(COMMENTS.read_bytes()))  # type: ignore[operator]
    assert read_all(CONNECTOR, path) == read_all(CONNECTOR, COMMENTS)
    found = CONNECTOR.detect(path)
    assert found is not None
    assert found.found == "Reddit comments, one a line"


def test_read_file_cut_zstd_keeps_what_was_read(tmp_path: Path) -> None:
    line = write_comment(tmp_path / "one", body="so it goes").read_bytes()
    lines = [line.replace(b"goes", b"%d" % (n * n)) for n in range(20_000)]
    packed = zstandard.ZstdCompressor(level=1).compress(b"".join(lines))
    path = tmp_path / "RC_2024-05.zst"
    path.write_bytes(packed[:-5])
    records = read_all(CONNECTOR, path)
    n_posts = len(posts_of(records))
    assert n_posts > 0
    assert rejects_of(records) == [
        (n_posts + 1, "the zstd data ends too early: the file is cut off")
    ]


def test_read_file_invalid_utf8_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(b'{"id": "a", "body": "\xff"}\n' + COMMENTS.read_bytes().split(b"\n")[0])
    records = read_all(CONNECTOR, path)
    assert rejects_of(records) == [(1, "invalid UTF-8 at byte 22 of the line")]
    assert posts_of(records)[0].text == GOLDEN_COMMENT.text


@pytest.mark.parametrize("value", [1714550400, 1714550400.0, "1714550400"])
def test_read_file_created_utc_in_any_type(tmp_path: Path, value: object) -> None:
    records = read_all(CONNECTOR, write_comment(tmp_path / "a.ndjson", created_utc=value))
    assert posts_of(records)[0].created_at == utc(2024, 5, 1, 8)


@pytest.mark.parametrize("edited", [False, True, None, 0, "x", 10**15])
def test_read_file_odd_edit_time_does_not_cost_the_post(tmp_path: Path, edited: object) -> None:
    records = read_all(CONNECTOR, write_comment(tmp_path / "a.ndjson", edited=edited))
    assert posts_of(records)[0].edited_at is None


def test_read_file_other_objects_are_rejects(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text('{"id": "a"}\n\n[1]\n{"body": "x"}\n{"id": "a", "body": 5}\n{} {}\n')
    assert rejects_of(read_all(CONNECTOR, path)) == [
        (1, "not a comment or submission: no body (comment) or title (submission)"),
        (3, "not a JSON object"),
        (4, "not a comment or submission: no id"),
        (5, "text is not a string: 5"),
        (6, "not valid JSON (extra text at character 3)"),
    ]


def test_read_file_lone_surrogate_is_replaced(tmp_path: Path) -> None:
    records = read_all(CONNECTOR, write_comment(tmp_path / "a.ndjson", body="a\ud800b"))
    assert posts_of(records)[0].text == "a\ufffdb"


def test_read_file_other_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text("id,body\n1,hello\n")
    with pytest.raises(SourceFormatError, match="not a Reddit dump"):
        read_all(CONNECTOR, tmp_path / "a.ndjson")


def test_list_files_skips_hidden_and_foreign_files(tmp_path: Path) -> None:
    outside = write_comment(tmp_path / "outside.ndjson")
    folder = tmp_path / "dumps"
    for name in ("2024/RC_2024-02.zst", "2024/a.jsonl.gz", "RC_2005-12", ".hidden.ndjson", "x.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_comment(folder / name)
    (folder / ".cache").mkdir()
    write_comment(folder / ".cache" / "b.ndjson")
    (folder / "link.ndjson").symlink_to(outside)
    (folder / "inside.ndjson").symlink_to(folder / "RC_2005-12")
    assert [str(file.relative_to(folder)) for file in CONNECTOR.list_files(folder)] == [
        "2024/RC_2024-02.zst",
        "2024/a.jsonl.gz",
        "RC_2005-12",
        "inside.ndjson",
    ]


def test_list_files_without_any_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError, match=r"no files to read below it; expected RC_\*"):
        CONNECTOR.list_files(tmp_path)
    with pytest.raises(ConnectorError, match="no such file or folder"):
        CONNECTOR.list_files(tmp_path / "none")


def test_detect_finds_long_lines_and_monthly_names(tmp_path: Path) -> None:
    long = write_comment(tmp_path / "a.ndjson", body="x" * 90_000, subreddit_id="t5_a")
    long.write_text('{"subreddit": "d", ' + long.read_text()[1:])
    (tmp_path / "RC_2024-05").write_text("{broken\n")
    found = [CONNECTOR.detect(path) for path in (long, tmp_path / "RC_2024-05")]
    assert [item.confidence for item in found if item] == [0.7, 0.3]


def test_detect_names_comments_and_submissions_of_a_folder(tmp_path: Path) -> None:
    for month in range(1, 10):
        (tmp_path / f"RC_2024-0{month}").write_bytes(COMMENTS.read_bytes())
    found = CONNECTOR.detect(tmp_path)
    assert found is not None
    assert found.found == "folder with 9 files: Reddit comments, one a line"
    (tmp_path / "RS_2024-01").write_bytes(SUBMISSIONS.read_bytes())
    found = CONNECTOR.detect(tmp_path)
    assert found is not None
    assert found.found == (
        "folder with 10 files: Reddit comments, one a line; Reddit submissions, one a line"
    )
    assert found.confidence == 0.97


def test_detect_names_both_kinds_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(SUBMISSIONS.read_bytes().rstrip() + b"\n" + COMMENTS.read_bytes())
    found = CONNECTOR.detect(path)
    assert found is not None
    assert found.found == "Reddit comments and submissions, one a line"


@pytest.mark.shared
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="needs ../shared/data/dumps/reddit")
@pytest.mark.parametrize(
    ("name", "n_posts", "n_ignored"),
    [("RC_sample.ndjson", 136, 14), ("RC_sample_600_window31.zst", 556, 44)],
)
def test_sample_dump_is_read_whole(name: str, n_posts: int, n_ignored: int) -> None:
    found = CONNECTOR.detect(SAMPLE / name)
    assert found is not None
    assert found.confidence > 0.9
    records = read_all(CONNECTOR, SAMPLE / name)
    assert (len(posts_of(records)), len(ignored_of(records))) == (n_posts, n_ignored)
    assert rejects_of(records) == []
    assert not any("&gt;" in post.text for post in posts_of(records))
