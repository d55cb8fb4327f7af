"""Wrong usage: exit code 2, and under --json one JSON object on stdout."""

import json

import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sql", "--json"), "Missing argument 'QUERY'."),
        (("ingest", "--json", "--nonsense"), "No such option '--nonsense'."),
        (("label", "--n", "x", "--json"), "'x' is not a valid integer range"),
        (("nonsense", "--json"), "No such command 'nonsense'."),
        (("ingst", "--json"), "Did you mean 'ingest'?"),
        (("distill", "techer", "--json"), "Did you mean 'teacher'?"),
        (("--nonsense", "sql", "--json"), "No such option '--nonsense'."),
        (("--json",), "No such option '--json'."),
        (("forget", "--json"), "name one of --post and --author"),
        (("ingest", "a", "--map", "id=a", "--map", "id=b", "--json"), "--map names 'id' twice"),
        (("ingest", "--map", "text", "a.csv", "--json"), "write FIELD=COLUMN"),
        (("run", "--no-media", "--fetch", "--json"), "--no-media leaves all pictures out"),
        (("ingest", "--no-media", "--fetch", "--json"), "--no-media leaves all pictures out"),
        (("media", "--retry", "--no-fetch", "--json"), "Add --fetch"),
        (("ingest", "a", "--preview", "--reread", "--fetch", "--json"), "so --reread, --fetch"),
        (("distill", "nonsense", "--json"), "No such command 'nonsense'."),
        (("infer", "--engine", "foo", "--json"), "Invalid value for '--engine': 'foo'"),
        (("distill", "evaluate", "--dtype", "foo", "--json"), "Invalid value for '--dtype'"),
        (("distill", "start", "--views", "0", "--output", "x", "--json"), "0 is not in the range"),
        (
            ("distill", "evaluate", "--data", ".", "--seed", "-1", "--json"),
            "-1 is not in the range",
        ),
        (
            ("distill", "evaluate", "--data", ".", "--output", "/proc/out.json", "--json"),
            "/proc/out.json: cannot be written",
        ),
    ],
)
def test_wrong_usage_is_one_json_object(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert (found["status"], found["kind"]) == ("failed", "UsageError")
    assert message in found["error"]
    assert "Usage: " in result.stderr


@pytest.mark.parametrize("arguments", [("sql",), ("nonsense",), ("sql", "a", "b", "--", "--json")])
def test_without_the_flag_stdout_is_empty(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_help_is_no_wrong_usage() -> None:
    result = run("sql", "--help", "--json")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
