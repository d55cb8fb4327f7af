"""`analytics report` as people call it: spans, aspects, formats, and what is written wrongly."""

import csv
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from analytics.contract.errors import AnalyticsError
from tests.cli.makers import judge, run
from tests.reports.page import Page
from tests.scripted import write_config

FIRST = datetime(2026, 3, 1, 10, tzinfo=UTC)
N_DAYS = 21
CONFIG = """
[[sources]]
path = "dump.csv"

[[aspects]]
name = "tram"
[[aspects]]
name = "night bus"
"""
WEEK = ("--since", "2026-03-08", "--until", "2026-03-14")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks of six posts a day, four on the tram and two on the night bus, judged.

    The night bus has no post in the last week. One post has no date.
    """
    folder = tmp_path_factory.mktemp("judged")
    write_config(folder, CONFIG)
    lines = ["id,platform,text,created_at,likes"]
    for day in range(N_DAYS):
        for i in range(6 if day < 14 else 4):
            what = "tram" if i < 4 else "night bus"
            at = (FIRST + timedelta(days=day, hours=i)).isoformat()
            lines.append(f"{day}-{i},{'x' if i % 2 else 'reddit'},the {what} {i} of {day},{at},{i}")
    lines.append("undated,x,a tram without a date,,3")
    (folder / "dump.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANALYTICS_AUTHOR_KEY_FILE", str(folder / "author.key"))
        os.chdir(folder)
        assert run("ingest").exit_code == 0
        judge(folder)
        os.chdir(before)
    return folder


@pytest.fixture(autouse=True)
def _in_project(judged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(judged)


def report(*arguments: str) -> Path:
    """What was written, of a command that is to succeed."""
    result = run("report", "--json", *arguments)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["status"] == "done"
    return Path(said["report"])


def tables(*arguments: str) -> dict[str, list[dict[str, Any]]]:
    """The tables behind the figures."""
    path = report("--format", "json", *arguments)
    value = json.loads(path.read_text(encoding="utf-8"))
    return {name: table["rows"] for name, table in value["tables"].items()}


def read(path: Path) -> Page:
    page = Page(path.read_text(encoding="utf-8"))
    assert page.unbalanced == []
    return page


def failure(*arguments: str) -> str:
    """The one line of a command that fails, with how to mend it."""
    result = run("report", *arguments)
    assert isinstance(result.exception, AnalyticsError), result.exception
    return str(result.exception)


def test_report_is_written_where_the_configuration_says(judged: Path) -> None:
    result = run("report")
    assert (result.exit_code, result.stdout) == (0, f"Report: {judged / 'report.html'}\n")
    page = read(judged / "report.html")
    assert "What changed: 15\u201321 Mar 2026" in page.text
    assert "28 posts over 15\u201321 Mar 2026, against 42 over the 7 days before" in page.text


def test_span_is_set_against_the_one_before(judged: Path, tmp_path: Path) -> None:
    path = report(*WEEK, "--compare", "previous", "--output", str(tmp_path / "new" / "week.html"))
    assert path == tmp_path / "new" / "week.html"
    page = read(path)
    assert "What changed: 8\u201314 Mar 2026" in page.text
    assert "42 posts over 8\u201314 Mar 2026, against 42 over the 7 days before" in page.text
    found = tables(*WEEK, "--compare", "previous")
    assert [row["start"] for row in found["days"]] == [f"2026-03-{day:02}" for day in range(8, 15)]
    counts = {(row["aspect"], row["is_now"]): row["count_posts"] for row in found["changes"]}
    assert counts == {
        ("", True): 42, ("", False): 42,
        ("tram", True): 28, ("tram", False): 28,
        ("night bus", True): 14, ("night bus", False): 14,
    }  # fmt: skip
    assert {row["sentiment_date"] for row in found["posts"]} <= {r["start"] for r in found["days"]}


def test_ends_may_be_left_out() -> None:
    assert len(tables("--since", "2026-03-08")["days"]) == 14
    assert len(tables("--until", "2026-03-08")["days"]) == 8
    one = tables("--since", "2026-03-08", "--until", "2026-03-08")["days"]
    assert [row["count_posts"] for row in one] == [6]
    found = tables("--since", "2026-03-18", "--compare", "previous")
    assert [r["count_posts"] for r in found["changes"] if not r["aspect"]] == [18, 16]


def test_aspect_has_its_own_posts_alone() -> None:
    page = read(report("--aspect", "night bus", *WEEK))
    assert "Sentiment toward night bus" in page.text
    found = tables("--aspect", "night bus", *WEEK)
    assert [row["count_posts"] for row in found["days"]] == [2] * 7
    assert all("night bus" in row["text"] for row in found["posts"])
    assert found["posts"]


@pytest.mark.parametrize("format_name", ["csv", "parquet"])
def test_tables_are_a_folder_beside_the_report(judged: Path, format_name: str) -> None:
    result = run("report", "--format", format_name, *WEEK)
    folder = judged / f"report-{format_name}"
    assert (result.exit_code, result.stdout) == (0, f"Tables: {folder}\n")
    file = folder / f"days.{format_name}"
    if format_name == "csv":
        with file.open(encoding="utf-8", newline="") as lines:
            counts = [int(row["count_posts"]) for row in csv.DictReader(lines)]
    else:
        found = duckdb.connect().execute(f"select count_posts from '{file}'").fetchall()
        counts = [n for (n,) in found]
    assert counts == [6] * 7
    assert "-- days\nselect" in (folder / "queries.sql").read_text(encoding="utf-8")


def test_json_is_one_file_with_its_scope(judged: Path) -> None:
    path = report("--format", "json", "--aspect", "tram", *WEEK, "--compare", "previous")
    assert path == judged / "report.json"
    assert json.loads(path.read_text(encoding="utf-8"))["scope"] == {
        "since": "2026-03-08", "until": "2026-03-14", "aspect": "tram", "compare": "previous",
    }  # fmt: skip


def test_folder_holds_the_tables_of_one_report(tmp_path: Path) -> None:
    """Drivers are of all days: a report of a week has none, and keeps none of one before."""
    out = tmp_path / "tables"
    for arguments, has_drivers in (((), True), (WEEK, False), ((), True)):
        report("--format", "csv", *arguments, "--output", str(out))
        assert (out / "drivers.csv").exists() is has_drivers
    (out / "notes.csv").write_text("mine", encoding="utf-8")
    report("--format", "csv", *WEEK, "--output", str(out))
    assert (out / "notes.csv").read_text(encoding="utf-8") == "mine"


def test_files_of_others_are_not_written_over(tmp_path: Path) -> None:
    """A dump may be called posts.csv."""
    dump = tmp_path / "posts.csv"
    dump.write_text("id,text\n", encoding="utf-8")
    said = failure("--format", "csv", "--output", str(tmp_path))
    assert f"{dump}: is no table of an earlier report" in said
    assert "another folder by --output" in said
    assert [path.name for path in tmp_path.iterdir()] == ["posts.csv"]
    report("--format", "parquet", "--output", str(tmp_path))
    assert dump.read_text(encoding="utf-8") == "id,text\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "08.03.2026"), "'08.03.2026' is no day. Write it as 2026-03-09"),
        (("--until", "2026-02-30"), "'2026-02-30' is no day"),
        (("--since", ""), "'' is no day"),
        (
            ("--since", "2026-03-14", "--until", "2026-03-08"),
            "--until 2026-03-08 is before --since 2026-03-14. Give the earlier day to --since",
        ),
        (("--compare", "previous"), "--compare previous needs --since"),
        (("--compare", "previous", "--until", "2026-03-14"), "--compare previous needs --since"),
        (("--compare", "last", *WEEK), "'last' is not 'previous'"),
        (("--aspect", ""), "--aspect is empty. Leave it out"),
        (("--format", "xml"), "'xml' is not one of 'html', 'parquet', 'csv', 'json'"),
        (("--format",), "Option '--format' requires an argument"),
        (("--output", "days.csv"), "Add --format csv, or give another --output"),
        (("--output", "x.html", "--format", "json"), "Add --format html"),
        (("yesterday",), "unexpected extra argument (yesterday)"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_says_what_to_write(
    arguments: tuple[str, ...], message: str, judged: Path
) -> None:
    before = {path: path.stat().st_mtime_ns for path in judged.iterdir()}
    result = run("report", "--json", *arguments)
    assert result.exit_code == 2, result.output
    said = json.loads(result.stdout)
    assert (said["status"], said["kind"]) == ("failed", "UsageError")
    assert message in said["error"]
    assert {path: path.stat().st_mtime_ns for path in judged.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "hint"),
    [("trams", "Did you mean 'tram'?"), ("TRAM", "Did you mean 'tram'?"), ("q", "")],
)
def test_unknown_aspect_names_those_there_are(name: str, hint: str) -> None:
    said = failure("--aspect", name)
    assert said.startswith(f"--aspect {name!r}: no post names it.")
    assert hint in said
    assert said.endswith("There are: night bus, tram.")
    assert failure("--aspect", name, "--since", "2030-01-01") == said


def test_aspect_that_is_quiet_for_a_week_has_a_report() -> None:
    """A report that is made each week must not fail in a week without posts."""
    last = ("--since", "2026-03-15", "--until", "2026-03-21", "--aspect", "night bus")
    said = read(report(*last, "--compare", "previous")).text
    assert (
        "No post toward night bus is of 15\u201321 Mar 2026; the 7 days before had 14 posts."
        " Posts are of 1\u201314 Mar 2026."
    ) in said


def test_days_without_posts_are_said_to_be_so() -> None:
    result = run("report", "--since", "2030-01-01")
    assert result.exit_code == 0
    words = "No post is of 1 Jan 2030 or later. Posts are of 1\u201321 Mar 2026."
    assert f"WARNING: {words}" in result.stderr
    page = read(Path(result.stdout.removeprefix("Report: ").strip()))
    assert words in page.text
    assert "No posts of 1 Jan 2030 or later" in page.text
    assert "There are no posts yet" not in page.text
    assert "No dated posts" not in page.text
    assert run("report").stderr == ""


@pytest.mark.parametrize(
    "span",
    [("--since", "0001-01-01"), ("--since", "2026-03-08", "--until", "9999-12-31")],
    ids=["first", "last"],
)
def test_days_before_the_calendar_are_refused(span: tuple[str, ...]) -> None:
    said = failure(*span, "--compare", "previous")
    assert "--compare previous: the calendar has no" in said
    assert "Give a later --since" in said
    report(*span)


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    file = tmp_path / "taken"
    file.write_text("", encoding="utf-8")
    said = failure("--format", "csv", "--output", str(file))
    assert said.startswith(f"{file}: is a file, and --format csv writes a folder.")
    for arguments in ((), ("--format", "json")):
        said = failure(*arguments, "--output", str(tmp_path))
        assert said.startswith(f"{tmp_path}: is a folder, and ")
        assert f"Give a file, e.g. {tmp_path / 'report.'}" in said
    for arguments in ((), ("--format", "json"), ("--format", "parquet")):
        said = failure(*arguments, "--output", str(file / "below"))
        assert said.startswith(f"{file / 'below'}: the report cannot be written: {file}")
        assert "--output" in said
    assert file.read_text(encoding="utf-8") == ""
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
