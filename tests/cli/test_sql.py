"""What `analytics sql` refuses rather than show half of it."""

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from tests.scripted import write_config


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one post."""
    (tmp_path / "posts.csv").write_text("id,text\n1,hello\n", encoding="utf-8")
    write_config(tmp_path, "[[sources]]\npath = 'posts.csv'\nplatform = 'test'\n")
    monkeypatch.chdir(tmp_path)
    assert run("ingest").exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize(
    "arguments", [("--format", "csv"), ("--format", "table"), ("--output", "posts.csv.parquet")]
)
def test_json_and_another_format_do_not_go_together(
    project: Path, arguments: tuple[str, str]
) -> None:
    result = run("sql", "from posts", "--json", *arguments)
    assert result.exit_code == 2
    assert "do not go together" in json.loads(result.stdout)["error"]
    assert not (project / "posts.csv.parquet").exists()


def test_json_goes_with_its_own_format_and_file(project: Path) -> None:
    query = "select text from posts"
    assert json.loads(run("sql", query, "--json", "--format", "json").stdout) == [{"text": "hello"}]
    assert run("sql", query, "--json", "--output", "out.json").exit_code == 0
    assert json.loads((project / "out.json").read_text(encoding="utf-8")) == [{"text": "hello"}]


@pytest.mark.parametrize("arguments", [("--json",), (), ("--output", "out.parquet")])
def test_two_queries_at_once_are_wrong_usage(project: Path, arguments: tuple[str, ...]) -> None:
    result = run("sql", "select 1; select 2", *arguments)
    assert result.exit_code == 2
    assert "2 statements" in result.output
    assert not (project / "out.parquet").exists()


def test_settings_may_stand_before_the_query(project: Path) -> None:
    query = "set threads = 1; select current_setting('threads') as n;"
    assert json.loads(run("sql", query, "--json").stdout) == [{"n": 1}]
    assert run("sql", query, "--output", "out.parquet").exit_code == 0
    assert pl.read_parquet(project / "out.parquet").rows() == [(1,)]


@pytest.mark.parametrize("query", ["", " ; ", "-- nothing"])
def test_empty_query_is_wrong_usage(project: Path, query: str) -> None:
    assert run("sql", query).exit_code == 2


def test_an_ending_of_no_format_is_refused(project: Path) -> None:
    result = run("sql", "from posts", "--output", "posts.xlsx")
    assert result.exit_code == 2
    assert "posts.xlsx: the ending names none of .csv, .json, .parquet" in result.output
    assert not (project / "posts.xlsx").exists()
    assert run("sql", "from posts", "--output", "posts.txt", "--format", "csv").exit_code == 0


def test_lines_of_csv_end_as_the_shell_wants_them(project: Path) -> None:
    """`$(analytics sql ... | tail -1)` must be the value alone."""
    assert run("sql", "select post_id from posts", "--format", "csv").stdout_bytes == (
        b"post_id\ntest:1\n"
    )
