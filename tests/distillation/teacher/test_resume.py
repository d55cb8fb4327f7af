"""Runs that were stopped, killed or repeated."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from analytics.contract.errors import TrainingError
from distillation.data.manifests import MANIFEST_FILE
from distillation.data.rationales import read_manifest, read_rationales
from distillation.teacher.journal import JOURNAL_FILE, Journal, open_journal
from distillation.teacher.stages import Outcome, TeacherSettings
from tests.chat.makers import make_client
from tests.chat.scripted_server import Answer, Asked, fail, reason, say, serve
from tests.conftest import REPOSITORY
from tests.distillation.teacher.makers import make_examples, teach


def know(asked: Asked) -> Answer:
    return say(reason(asked.post.rpartition(" ")[2]))


def list_journal(folder: Path) -> list[dict[str, object]]:
    lines = (folder / JOURNAL_FILE).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_finished_run_asks_nothing_again(tmp_path: Path) -> None:
    with serve(know) as server:
        teach(make_examples(3), tmp_path, server.url)
        first = (tmp_path / "rationales.parquet").read_bytes()
        done = teach(make_examples(3), tmp_path, server.url)
        assert len(server.asked) == 3
    assert done.n_asked == 0
    assert (tmp_path / "rationales.parquet").read_bytes() == first
    assert read_manifest(tmp_path)["count_runs"] == 1


def test_more_examples_go_on_and_changed_ones_are_asked_anew(tmp_path: Path) -> None:
    with serve(know) as server:
        teach(make_examples(2), tmp_path, server.url)
        teach(make_examples(4), tmp_path, server.url)
        assert len(server.asked) == 4
        teach(make_examples(4, aspect="tram"), tmp_path, server.url)
        assert len(server.asked) == 8
    manifest = read_manifest(tmp_path)
    assert manifest["count_rationales"] == 4
    assert manifest["prompt_tokens"] == 800  # all that was spent
    assert {row.aspect for row in read_rationales(tmp_path)} == {"tram"}


def test_malformed_stays_rejected_but_failures_of_the_server_are_tried_again(
    tmp_path: Path,
) -> None:
    def script(asked: Asked) -> Answer:
        if "Tram 0" in asked.post:
            return say("garbage")
        if "Tram 1" in asked.post:
            return fail(503)
        return fail(400) if "Tram 2" in asked.post else know(asked)

    with serve(script) as server:
        teach(make_examples(4), tmp_path, server.url)
        assert read_manifest(tmp_path)["count_rejects_by_reason"] == {
            "malformed: no prediction line": 1,
            "unavailable": 1,
            "refused": 1,
        }
        server.script = know
        before = len(server.asked)
        teach(make_examples(4), tmp_path, server.url)
        assert {asked.post for asked in server.asked[before:]} == {
            "Tram 1 is neutral",
            "Tram 2 is positive",
        }
    manifest = read_manifest(tmp_path)
    assert manifest["count_rationales"] == 3
    assert manifest["count_runs"] == 2
    assert manifest["count_retries"] == 3


def test_a_cut_last_line_costs_one_example(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(know) as server:
        teach(make_examples(5), tmp_path, server.url, concurrency=1)
        path = tmp_path / JOURNAL_FILE
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:5]) + lines[5][:40])  # killed while writing the fifth
        (tmp_path / MANIFEST_FILE).unlink()
        teach(make_examples(5), tmp_path, server.url)
        assert [asked.post for asked in server.asked[5:]] == ["Tram 4 is neutral"]
    assert "the last line is cut" in caplog.text
    assert len(read_rationales(tmp_path)) == 5
    assert [line["kind"] for line in list_journal(tmp_path)] == [
        "identity",
        *["example"] * 5,
        "run",
    ]


@pytest.mark.parametrize("bad", [b"\x00\x00\n", b"[1]\n", b'{"kind": "example"}\n', b"{}\n"])
def test_a_broken_line_costs_one_example(
    tmp_path: Path, bad: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(know) as server:
        teach(make_examples(3), tmp_path, server.url, concurrency=1)
        path = tmp_path / JOURNAL_FILE
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join([*lines[:2], bad, *lines[3:]]))
        teach(make_examples(3), tmp_path, server.url)
        assert len(server.asked) == 4
    assert f"{JOURNAL_FILE}, line 3: cannot be read" in caplog.text


def test_another_model_prompt_or_setting_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(know) as server:
        teach(make_examples(1), tmp_path, server.url)
        with pytest.raises(TrainingError, match=r"model = 'scripted-72b', now 'b'. Give another"):
            teach(make_examples(1), tmp_path, "", client=make_client(server.url, model="b"))
        settings = TeacherSettings(max_tokens=9, seed=1)
        with pytest.raises(TrainingError, match=r"max_tokens = 1024, now 9; seed = 0, now 1"):
            teach(make_examples(1), tmp_path, server.url, settings=settings)
        monkeypatch.setattr("distillation.teacher.run.teacher_digest", lambda: "other")
        with pytest.raises(TrainingError, match=r"prompt_digest = '[0-9a-f]{64}', now 'other'"):
            teach(make_examples(1), tmp_path, server.url)


def test_a_file_that_is_no_journal_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_text('{"kind": "diary"}\n')
    with pytest.raises(TrainingError, match="no journal of a teacher or of augmentation"):
        teach(make_examples(1), tmp_path, "http://localhost:1/v1")
    assert (tmp_path / JOURNAL_FILE).read_text() == '{"kind": "diary"}\n'


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"file/out/.*: cannot be written .*--output"):
        teach(make_examples(1), tmp_path / "file" / "out", "http://localhost:1/v1")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_an_error_that_says_so(tmp_path: Path) -> None:
    with Path("/dev/full").open("ab", buffering=0) as full:
        journal = Journal(path=tmp_path / JOURNAL_FILE, file=full)
        with pytest.raises(TrainingError, match=r"cannot be written \(No space left.*is kept"):
            journal.append(Outcome(key="k", example_id="e0", stage="teacher"))


@pytest.mark.parametrize(("maker", "command"), [("teacher", "teacher"), ("assistant", "augment")])
def test_two_runs_do_not_write_one_journal(tmp_path: Path, maker: str, command: str) -> None:
    with (
        open_journal(tmp_path, {"maker": maker}),
        pytest.raises(TrainingError, match=f"another `distill {command}` is writing it"),
    ):
        open_journal(tmp_path, {"maker": maker})


def test_a_stop_keeps_what_is_done_and_writes_no_data_set(tmp_path: Path) -> None:
    with serve(know) as server:

        def is_stopped() -> bool:
            return len(server.asked) >= 3

        client = make_client(server.url, is_stopped=is_stopped)
        done = teach(
            make_examples(9), tmp_path, "", client=client, is_stopped=is_stopped, concurrency=1
        )
        assert (done.n_done, done.manifest) == (3, None)
        assert not (tmp_path / MANIFEST_FILE).exists()
        assert teach(make_examples(9), tmp_path, server.url).n_asked == 6
    assert read_manifest(tmp_path)["count_runs"] == 2


def test_a_stop_does_not_begin_the_second_stage_but_keeps_its_price(tmp_path: Path) -> None:
    with serve(lambda asked: say(reason("neutral"))) as server:

        def is_stopped() -> bool:
            return bool(server.asked)

        client = make_client(server.url, is_stopped=is_stopped)
        teach(make_examples(1), tmp_path, "", client=client, is_stopped=is_stopped)
        assert len(server.asked) == 1
    line = list_journal(tmp_path)[1]
    assert (line["reason"], line["is_final"]) == ("stopped: by the user", False)
    assert line["n_prompt_tokens"] == 100


_SCRIPT = """
import sys
from pathlib import Path
from tests.distillation.teacher.makers import make_examples, teach
teach(make_examples(40), Path(sys.argv[1]), sys.argv[2], concurrency=2)
"""


def test_a_killed_process_loses_only_what_was_under_way(tmp_path: Path) -> None:
    def script(asked: Asked) -> Answer:
        return Answer(body=know(asked).body, delay_s=0.02)

    with serve(script) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, str(tmp_path), server.url],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        try:
            deadline = time.monotonic() + 60
            while len(server.asked) < 10 and time.monotonic() < deadline:
                time.sleep(0.01)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        n_kept = sum(line["kind"] == "example" for line in list_journal(tmp_path))
        assert len(server.asked) - 2 <= n_kept < 40
        done = teach(make_examples(40), tmp_path, server.url)
    assert n_kept >= 8
    assert done.n_asked == 40 - n_kept
    assert len(read_rationales(tmp_path)) == 40
