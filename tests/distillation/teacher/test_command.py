"""`analytics distill teacher` as a user calls it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.cli import cli
from analytics.contract.errors import AnalyticsError
from distillation.data.rationales import read_manifest, read_rationales
from distillation.teacher.journal import JOURNAL_FILE
from tests.chat.scripted_server import MODEL, Answer, Asked, reason, say, serve
from tests.conftest import REPOSITORY
from tests.distillation.teacher.makers import make_examples


def know(asked: Asked) -> Answer:
    return say(reason(asked.post.rpartition(" ")[2]))


def write_data(folder: Path) -> Path:
    """A data set of eight examples, as its loader finds it."""
    folder.mkdir(exist_ok=True)
    rows = [
        {"id": e.example_id, "text": e.item.text, "label": str(e.label)} for e in make_examples(8)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "train.jsonl").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key-1")


def call(folder: Path, *arguments: str, data: str = "trams") -> Result:
    return CliRunner().invoke(
        cli,
        [
            *("distill", "teacher", "--data", str(write_data(folder / data))),
            *("--output", str(folder / "out"), *arguments),
        ],
    )


def test_a_run_writes_the_data_set_and_says_what_it_cost(tmp_path: Path) -> None:
    with serve(know) as server:
        prices = ("--price-in", "1000", "--price-out", "5000")
        result = call(tmp_path, "--url", server.url, "--model", MODEL, *prices, "--limit", "5")
        assert server.asked[0].headers["authorization"] == "Bearer key-1"
    assert result.exit_code == 0, result.output
    assert "5 rationales, 0 rejects" in result.output
    assert "Right by itself: 100.0% of 5" in result.output
    assert "Tokens: 500 in, 100 out; cost 1.00" in result.output
    manifest = read_manifest(tmp_path / "out")
    assert (manifest["dataset"], manifest["split"]) == ("trams", "train")


def test_rejects_end_with_code_3_and_json_is_one_object(tmp_path: Path) -> None:
    with serve(lambda asked: say("no")) as server:
        result = call(
            tmp_path, "--url", server.url, "--model", MODEL, "--json", "--max-attempts", "1"
        )
    assert result.exit_code == 3
    value = json.loads(result.stdout)
    assert value["status"] == "done"
    assert value["count_rejects_by_reason"] == {"malformed: no prediction line": 8}


def test_an_import_needs_no_server(tmp_path: Path) -> None:
    path = tmp_path / "cot.jsonl"
    path.write_text(json.dumps({"id": "e0", "cot": reason("negative")}) + "\n")
    result = call(tmp_path, "--import", str(path))
    assert result.exit_code == 0, result.output
    assert "imported: 1" in result.output
    assert read_rationales(tmp_path / "out")[0].stage == "imported"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--model", "m"], "--url is needed"),
        (["--url", "http://localhost:1/v1"], "--model is needed"),
        (["--url", "u", "--model", "m", "--price-in", "1"], "--price-in and --price-out go"),
        (["--import", __file__, "--limit", "1"], "do not go together with --import"),
    ],
)
def test_wrong_usage_is_code_2(tmp_path: Path, arguments: list[str], expected: str) -> None:
    result = call(tmp_path, *arguments)
    assert result.exit_code == 2
    assert expected in result.output


def test_a_failure_is_an_error_that_a_user_can_mend(tmp_path: Path) -> None:
    result = call(tmp_path, "--url", "no-address", "--model", "m")
    assert isinstance(result.exception, AnalyticsError)
    assert "http://host:port/v1" in str(result.exception)


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        return Answer(body=know(asked).body, delay_s=0.3)

    with serve(script) as server:
        arguments = ["--url", server.url, "--model", MODEL, "--concurrency", "1"]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "analytics", "distill", "teacher"),
                *("--data", str(write_data(tmp_path / "trams"))),
                *("--output", str(tmp_path / "out"), *arguments),
            ],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while len(server.asked) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "analytics: error: stopped by the user." in errors
        assert "Traceback" not in errors
        assert (tmp_path / "out" / JOURNAL_FILE).exists()
        assert not (tmp_path / "out" / "manifest.json").exists()
        n_before = len(server.asked)
        server.script = know
        assert call(tmp_path, *arguments[:4], data="buses").exit_code == 1  # another data set
        result = call(tmp_path, *arguments)
        assert result.exit_code == 0, result.output
        assert len(server.asked) == 8
        assert n_before in (2, 3)
