"""`ingest --preview`: what would be read, and how; nothing is stored."""

import json
import tomllib
import zipfile
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError
from analytics.preview import preview_source
from tests.connectors.helpers import DUMPS
from tests.ingesting import comment, read_sources, write_lines
from tests.scripted import rows


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["ingest", "--preview", *map(str, arguments)])


def _list_all(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_format_counts_and_first_posts(tmp_path: Path) -> None:
    lines = [comment(f"c{i}", f"body {i}") for i in range(7)]
    path = write_lines(tmp_path / "RC_2026-03", [*lines, comment("c9", "[deleted]"), {"id": 3}])
    found = preview_source(SourceConfig(path=path))
    assert (found.connector, found.is_whole) == ("reddit", True)
    assert found.confidence >= 0.9
    assert found.counts == {"posts": 7, "deletions": 0, "ignored": 1, "rejects": 1}
    assert [post.text for post in found.posts] == [f"body {i}" for i in range(5)]
    assert [n for _, n in found.reasons] == [1]


def test_only_the_start_is_read(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "RC_2026-03", [comment(f"c{i}", "body") for i in range(20)])
    found = preview_source(SourceConfig(path=path), n_records=4)
    assert (sum(found.counts.values()), found.is_whole) == (4, False)
    assert preview_source(SourceConfig(path=path), n_records=20).is_whole


def test_nothing_is_written(tmp_path: Path) -> None:
    write_lines(tmp_path / "RC_2026-03", [comment("c1", "body")])
    before = _list_all(tmp_path)
    result = _run(tmp_path, "--config", tmp_path / "none.toml")
    assert result.exit_code == 0, result.output
    assert _list_all(tmp_path) == before


def test_an_archive_is_looked_into_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    path = tmp_path / "dump.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("year/RC_2026-03", json.dumps(comment("c1", "body")) + "\n")
    found = preview_source(SourceConfig(path=path))
    assert (found.connector, found.counts["posts"]) == ("reddit", 1)
    assert found.files == (path / "year/RC_2026-03",)
    assert not _list_all(temporary)


def test_files_of_an_archive_are_named_as_its_members(tmp_path: Path) -> None:
    path = tmp_path / "dump.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("in/posts.csv", "id,text,image\n1,hello,cup.png\n2\n")
        zipped.writestr("in/cup.png", b"")
    (found,) = json.loads(_run(path, "--json").stdout)["previews"]
    assert found["files"] == [f"{path}/in/posts.csv"]
    assert found["posts"][0]["media"][0]["path"] == f"{path}/in/cup.png"


def test_what_is_wrong_in_an_archive_is_said_by_its_members(tmp_path: Path) -> None:
    path = tmp_path / "dump.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("in/notes.txt", "nothing that is known")
    with pytest.raises(ConnectorError) as caught:
        preview_source(SourceConfig(path=path))
    assert str(caught.value).startswith(f"{path}: no connector recognises it")
    with pytest.raises(ConnectorError) as caught:
        preview_source(SourceConfig(path=path, format="reddit"))
    assert str(caught.value).startswith(f"{path}: ")
    assert "analytics-" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "is_named"),
    [("reddit/RC_sample.ndjson", False), ("mastodon/outbox.json", True)],
    ids=["ids without names", "ids with names"],
)
def test_posts_are_shown_as_they_would_be_stored(
    connection: duckdb.DuckDBPyConnection, name: str, is_named: bool
) -> None:
    """Authors are left out; an id or address that names one is what the warehouse has, too."""
    path = DUMPS / name
    if not path.exists():
        pytest.skip("no sample dumps")
    (found,) = json.loads(_run(path, "--json").stdout)["previews"]
    read_sources(connection, [path])
    stored = {row[0]: row for row in rows(connection, "select post_id, url, text from posts")}
    assert found["posts"]
    for post in found["posts"]:
        assert (post["post_id"], post["url"], post["text"]) == stored[post["post_id"]]
        assert not {"author", "author_key", "repost_author"} & post.keys()
    authors = {
        str(post.author).rpartition("/")[2]
        for post in preview_source(SourceConfig(path=path)).posts
    }
    shown = json.dumps([[post["post_id"], post["url"]] for post in found["posts"]])
    assert any(author in shown for author in authors) is is_named


def test_the_source_it_writes_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / 'my "posts".csv'
    path.write_text("nr,what they said,when\n1,hello there,2026-03-01\n2,,no date\n", "utf-8")
    result = _run(path, "--map", "text=what they said", "--platform", "forum", "--json")
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["previews"]
    (source,) = tomllib.loads(found["source"])["sources"]
    assert source["path"] == str(path)
    assert source["platform"] == "forum"
    assert source["mapping"]["text"] == "what they said"
    again = preview_source(SourceConfig(**{**source, "path": Path(source["path"])}))
    assert dict(again.counts) == found["counts"]


def test_text_output_has_all_parts_and_no_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,text,author\n1,"red \x1b[31m\u202e text",somebody\n', "utf-8")
    result = _run(path)
    assert "table" in result.output
    assert "% sure" in result.output
    assert "all 1 records: 1 posts" in result.output
    assert "text        text" in result.output
    assert "red [31m text" in result.output
    assert "somebody" not in result.output
    assert "[[sources]]" in result.output
    assert not {"\x1b", "\u202e"} & set(result.output)


def test_what_nothing_reads_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(ConnectorError, match="a PDF document"):
        preview_source(SourceConfig(path=path))


def test_an_archive_of_other_things_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "dump.zip"
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("film.mp4", b"...")
    with pytest.raises(ConnectorError, match="holds no file that a dump is made of"):
        preview_source(SourceConfig(path=path))


def test_lone_surrogates_can_be_printed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "1", "text": "half \\ud83d here"}\n', "utf-8")
    for arguments in (("--json",), ()):
        result = _run(path, *arguments)
        assert result.exit_code == 0, result.output
        result.stdout.encode("utf-8")


def test_one_path_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    good = write_lines(tmp_path / "RC_2026-03", [comment("c1", "body")])
    result = _run(tmp_path / "missing", good)
    assert result.exit_code != 0
    assert "all 1 records: 1 posts" in result.output


def test_names_of_strangers_do_not_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,text,\x1b]0;pwn\x07date\n1,hello,2026-03-01\n", "utf-8")
    lines = write_lines(tmp_path / "RC_2026-03", [comment("c1", "b", **{"\x1b[2Jnew\u202e": 1})])
    for arguments in ([path], [lines]):
        result = _run(*arguments)
        assert result.exit_code == 0
        assert not {"\x1b", "\x07", "\u202e"} & set(result.output)
