import json
import re
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path

import duckdb
import pytest

from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.records import Post, Reject
from analytics.ingest import ingest_sources
from analytics.store.runs import RunCounts
from connectors.protocol import ENTRY_POINT_GROUP, Connector, ReadOptions
from connectors.registry import (
    BUILT_IN,
    check_options,
    choose_connector,
    detect_connector,
    load_connectors,
)
from tests.connectors.helpers import FIXTURES, NOW
from tests.scripted import KEY, rows

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs" / "connectors.md"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Puts a package with one entry point on the path, as pip would."""
    site = tmp_path / "site"
    modules: list[str] = []

    def install_package(name: str, code: str, attribute: str, module: str = "") -> None:
        module = module or f"analytics_{name}"
        modules.append(module)
        folder = site / f"{module}-1.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(
            f"[{ENTRY_POINT_GROUP}]\n{name} = {module}:{attribute}\n"
        )
        (site / f"{module}.py").write_text(code)
        monkeypatch.syspath_prepend(str(site))

    yield install_package
    for module in modules:
        sys.modules.pop(module, None)


def read_example() -> str:
    """The connector that docs/connectors.md shows."""
    match = re.search(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    assert match is not None
    return match[1]


def test_load_connectors_finds_the_built_in_ones() -> None:
    connectors, faults = load_connectors()
    assert set(BUILT_IN) <= set(connectors)
    assert faults == []
    for name in BUILT_IN:
        assert isinstance(connectors[name], Connector)
        assert connectors[name].name == name


def test_built_in_table_equals_pyproject() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    section = text.split(f'[project.entry-points."{ENTRY_POINT_GROUP}"]')[1].split("\n[")[0]
    assert dict(re.findall(r'^(\w+) = "(.+)"$', section, re.MULTILINE)) == BUILT_IN


def test_documented_connector_is_found_and_reads(install: Install, tmp_path: Path) -> None:
    install("guestbook", read_example(), "GuestbookConnector")
    book = tmp_path / "inn.guestbook"
    book.write_text(
        '{"guest": "ann", "entry": "Lovely stay", "at": "2024-05-01T10:00:00Z"}\n{"guest": 1}\n'
    )
    connector, detection = choose_connector(book)
    assert (connector.name, detection.found) == ("guestbook", "a guestbook")
    post, reject = connector.read_file(book, ReadOptions(now=NOW))
    assert isinstance(post, Post)
    assert post.post_id == "guestbook:inn-1"
    assert isinstance(reject, Reject)
    assert "KeyError" in reject.reason


def test_a_post_of_wrong_types_is_a_reject_and_costs_no_other(
    install: Install, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A number where the text belongs ended the whole run."""
    install("guestbook", read_example(), "GuestbookConnector")
    book = tmp_path / "inn.guestbook"
    lines = [
        {"guest": "ann", "entry": 7, "at": "2024-05-01T10:00:00Z"},
        {"guest": "bob", "entry": "Never again", "at": "2024-05-01T10:00:00"},
        {"guest": "cy", "entry": "Fine", "at": "9999-05-01T10:00:00Z"},
        {"guest": "di", "entry": "Lovely", "at": "2024-05-01T10:00:00Z"},
    ]
    book.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    counts = RunCounts()
    sources = [SourceConfig(path=book)]
    ingest_sources(
        connection, sources, rules=(), author_key=KEY, run_id="run", counts=counts, now=NOW
    )
    assert (counts.count_read, counts.count_stored, counts.count_rejects) == (4, 1, 3)
    reasons = [reason for (reason,) in rows(connection, "select reason from rejects order by line")]
    assert [reason.partition(":")[0] for reason in reasons] == [
        "text is not text",
        "created_at is not a time with its zone",
        "created_at out of range",
    ]


def test_file_without_a_record_is_told(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "feed.json"
    path.write_text('{"feed": []}', encoding="utf-8")
    sources = [SourceConfig(path=path, format="bluesky")]
    ingest_sources(
        connection, sources, rules=(), author_key=KEY, run_id="run", counts=RunCounts(), now=NOW
    )
    assert f"{path}: holds no record of format 'bluesky'" in caplog.text


def test_documented_connector_is_short() -> None:
    lines = read_example().splitlines()
    body = lines[next(n for n, line in enumerate(lines) if line.startswith("class ")) :]
    assert len([line for line in body if line.strip()]) <= 30


@pytest.mark.parametrize(
    ("name", "code", "attribute", "message"),
    [
        ("broken", "import nothing_like_this", "A", "cannot be loaded (ModuleNotFoundError"),
        ("quits", "raise SystemExit(1)", "A", "cannot be loaded (SystemExit"),
        ("absent", "", "Missing", "cannot be loaded (AttributeError"),
        ("picky", "class A:\n def __init__(self, x): pass", "A", "cannot be loaded (TypeError"),
        (
            "half",
            "class A:\n name='half'\n version=1\n def detect(self, path): pass",
            "A",
            "it lacks list_files, read_file",
        ),
        ("other", "{example}", "GuestbookConnector", "calls itself 'guestbook'"),
        ("reddit", "{example}", "GuestbookConnector", "a connector of this name is there already"),
        (
            "guestbook",
            "{example}\nGuestbookConnector.version = 'one'",
            "GuestbookConnector",
            "version is 'one'; it must be an integer",
        ),
        (
            "guestbook",
            "{example}\nGuestbookConnector.detect = 5",
            "GuestbookConnector",
            "detect cannot be called",
        ),
    ],
)
def test_load_connectors_names_a_bad_one_and_keeps_the_others(
    install: Install, name: str, code: str, attribute: str, message: str
) -> None:
    install(name, code.replace("{example}", read_example()), attribute, f"analytics_bad_{name}")
    connectors, faults = load_connectors()
    assert set(connectors) == set(BUILT_IN)
    (fault,) = faults
    assert str(fault).startswith(f"connector {name!r} (analytics_bad_{name}:{attribute}): ")
    assert message in str(fault)
    if name not in BUILT_IN:
        with pytest.raises(ConnectorError, match=re.escape(message)):
            choose_connector(FIXTURES, name)


def test_installed_entry_points_of_the_group_are_ours_or_absent() -> None:
    """Holds from a source tree and after an install, also one of a version with fewer."""
    found = {entry.name: entry.value for entry in entry_points(group=ENTRY_POINT_GROUP)}
    assert found.items() <= BUILT_IN.items()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("x_archive", "x_archive"),
        ("x_archive/data", "x_archive"),
        ("x_archive/data/tweets-part1.js", "x_archive"),
        ("reddit", "reddit"),
        ("reddit/RS_2024-05.ndjson", "reddit"),
        ("bluesky", "bluesky"),
        ("bluesky/jetstream.jsonl", "bluesky"),
        ("bluesky/search.json", "bluesky"),
        ("table", "table"),
        ("table/posts.jsonl", "table"),
        ("table/broken.csv", "table"),
    ],
)
def test_choose_connector_finds_each_format(path: str, name: str) -> None:
    connector, detection = choose_connector(FIXTURES / path)
    assert connector.name == name
    assert 0.3 <= detection.confidence <= 1
    assert connector.list_files(FIXTURES / path)


def test_detect_connector_gives_the_surest_first() -> None:
    connectors, _ = load_connectors()
    found = detect_connector(FIXTURES / "reddit" / "RC_2024-05.ndjson", connectors)
    assert [connector.name for connector, _ in found] == ["reddit", "table"]


def test_detect_connector_survives_one_that_raises(install: Install) -> None:
    code = read_example().replace("if path.is_file()", "if 1 / 0")
    install("guestbook", code, "GuestbookConnector", "analytics_raising")
    connectors, _ = load_connectors()
    found = detect_connector(FIXTURES / "reddit" / "RC_2024-05.ndjson", connectors)
    assert found[0][0].name == "reddit"


def test_folder_names_each_kind_of_file_that_is_sure() -> None:
    _, detection = choose_connector(FIXTURES / "bluesky")
    assert "Bluesky Jetstream, one event a line" in detection.found
    assert "Bluesky posts, a reply of its API" in detection.found


def test_check_options_trusts_a_connector_that_does_not_say(install: Install) -> None:
    install("guestbook", read_example(), "GuestbookConnector", "analytics_silent")
    connectors, _ = load_connectors()
    options = ReadOptions(mapping={"text": "entry"}, platform="inn")
    private = ReadOptions(includes_private=True)
    for found in (options, private):
        check_options(Path("a"), connectors["guestbook"], found)
    check_options(Path("a"), connectors["mastodon"], private)
    with pytest.raises(ConnectorError, match="'reddit' takes no include_private"):
        check_options(Path("a"), connectors["reddit"], private)
    check_options(Path("a"), connectors["table"], options)
    for name in sorted(set(BUILT_IN) - {"table"}):
        check_options(Path("a"), connectors[name], ReadOptions())
        with pytest.raises(ConnectorError, match=f"'{name}' takes no mapping and no platform"):
            check_options(Path("a"), connectors[name], options)


def test_choose_connector_missing_path_is_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConnectorError, match=f"^{tmp_path / 'none.csv'}: no such file or folder"):
        choose_connector(Path("none.csv"))


def test_choose_connector_empty_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with pytest.raises(ConnectorError, match=r"a\.csv: the file is empty \(0 bytes\)"):
        choose_connector(tmp_path / "a.csv", "table")


@pytest.mark.parametrize(
    ("data", "looks"),
    [
        (b"PK\x03\x04rest", "looks like a zip file that is no archive of a dump"),
        (b"%PDF-1.7", "looks like a PDF document"),
        (b"\x89PNG\r\n\x1a\n", "looks like a PNG picture"),
        (b"SQLite format 3\0", "looks like an SQLite database; export its table as CSV"),
        (b"window.YTD.like.part0 = [", "give the archive's folder"),
        (b"\xff\xfeh\0i\0", "looks like UTF-16 text"),
        (b"<!DOCTYPE html><p>", "begins with '<!DOCTYPE html><p>'"),
        (b"\x01\x02\x03", "begins with the bytes 01 02 03"),
        (b"\x28\xb5\x2f\xfd\xff\xff", "cannot be read or unpacks to nothing"),
    ],
    ids=["zip", "pdf", "png", "sqlite", "archive", "utf16", "html", "binary", "zstd"],
)
def test_choose_connector_unknown_file_is_described(
    tmp_path: Path, data: bytes, looks: str
) -> None:
    (tmp_path / "dump.bin").write_bytes(data)
    with pytest.raises(SourceFormatError, match=re.escape(looks)) as caught:
        choose_connector(tmp_path / "dump.bin")
    assert f"Formats: {', '.join(sorted(BUILT_IN))}" in str(caught.value)


def test_choose_connector_json_array_is_told_how_to_become_lines(tmp_path: Path) -> None:
    (tmp_path / "posts.json").write_text('[{"id": "1", "text": "hm"}]')
    with pytest.raises(SourceFormatError, match=r"is a JSON array; .* jq -c"):
        choose_connector(tmp_path / "posts.json")


def test_choose_connector_unknown_folder_is_described(tmp_path: Path) -> None:
    with pytest.raises(SourceFormatError, match="is a folder without files"):
        choose_connector(tmp_path)
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(SourceFormatError, match=r"is a folder with 1 file \(notes\.txt\)"):
        choose_connector(tmp_path)


def test_choose_connector_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(ConnectorError, match=r"unknown format 'redit'\. Did you mean 'reddit'\?"):
        choose_connector(FIXTURES, "redit")


def test_choose_connector_named_one_is_taken_though_unsure(tmp_path: Path) -> None:
    (tmp_path / "dump.txt").write_text("id,text\n1,hello\n")
    connector, detection = choose_connector(tmp_path / "dump.txt", "table")
    assert (connector.name, detection.confidence) == ("table", 0.0)
    (record,) = connector.read_file(tmp_path / "dump.txt", ReadOptions(now=NOW))
    assert isinstance(record, Post)
