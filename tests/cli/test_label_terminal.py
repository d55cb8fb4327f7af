"""How items look in terminals, and the command as a process: keys, signals, kills."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image
from rich.console import Console

from analytics.cli.label_terminal import can_draw, draw_picture, highlight_aspect
from analytics.contract.errors import WarehouseBusyError
from tests.cli.makers import rows_of, run

RED_OVER_BLUE = "\x1b[38;2;255;0;0;48;2;0;0;255m\u2580\x1b[0m"


def console(**values: object) -> Console:
    given = {
        "file": io.TextIOWrapper(io.BytesIO(), encoding="utf-8"),
        "force_terminal": True,
        "color_system": "truecolor",
        "width": 40,
        "_environ": {"TERM": "xterm-256color"},
        **values,
    }
    return Console(**given)  # type: ignore[arg-type]


def written(shown: Console) -> str:
    shown.file.flush()
    return shown.file.buffer.getvalue().decode()  # type: ignore[attr-defined]


def test_picture_is_two_pixels_a_character(tmp_path: Path) -> None:
    picture = Image.new("RGB", (2, 2), (255, 0, 0))
    picture.paste((0, 0, 255), (0, 1, 2, 2))
    picture.save(tmp_path / "a.png")
    drawn = draw_picture(tmp_path / "a.png", 40)
    assert drawn is not None
    shown = console()
    shown.print(drawn)
    assert written(shown).rstrip("\n") == 2 * RED_OVER_BLUE


def test_picture_fits_the_width_and_odd_heights(tmp_path: Path) -> None:
    Image.new("L", (301, 99), 128).save(tmp_path / "a.png")
    drawn = draw_picture(tmp_path / "a.png", 20)
    assert drawn is not None
    lines = drawn.plain.splitlines()
    assert {len(line) for line in lines} == {20}
    assert len(lines) == 4  # 7 pixels high


def test_file_that_is_no_picture_is_not_drawn(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    assert draw_picture(tmp_path / "a.jpg", 40) is None
    assert draw_picture(tmp_path / "none.jpg", 40) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, True),
        ({"color_system": "256"}, True),
        ({"color_system": "standard"}, False),
        ({"color_system": None}, False),
        ({"no_color": True}, False),
        ({"_environ": {"TERM": "dumb"}}, False),
        ({"file": io.TextIOWrapper(io.BytesIO(), encoding="latin-1")}, False),
    ],
)
def test_pictures_are_drawn_where_the_terminal_can(
    values: dict[str, object], expected: bool
) -> None:
    assert can_draw(console(**values)) is expected


def test_aspect_is_marked_whatever_its_case_and_signs() -> None:
    shown = highlight_aspect("C++ and c++, not C", "c++")
    assert [(span.start, span.end) for span in shown.spans] == [(0, 3), (8, 11)]
    assert highlight_aspect("text", "").spans == []


def test_hostile_text_does_not_steer_the_terminal(project: Path) -> None:
    (project / "posts.csv").write_text(
        "id,text,created_at\n1,a\x1b[2J\u202eb [bold]c[/bold] :smile:,2026-03-02T10:00:00Z\n",
        encoding="utf-8",
    )
    run("ingest")
    result = run("label", "--annotator", "a", input="q\n")
    assert "a\ufffd[2J\ufffdb [bold]c[/bold] :smile:" in result.stderr


def test_model_is_shown_only_if_asked_for(project: Path) -> None:
    run("ingest")
    assert "the model:" not in run("label", input="q\n").output
    assert "the model: no label yet" in run("label", "--show-model", input="q\n").output


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "analytics", "label", *arguments]


def test_one_key_is_an_answer_in_a_terminal(project: Path) -> None:
    run("ingest")
    main, other = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    with subprocess.Popen(
        command("--annotator", "a"), stdin=other, stdout=other, stderr=other, env=environment
    ) as process:
        os.close(other)
        seen = b""
        for place, key in (
            (b"[1/4]", b"p"),
            (b"[2/4]", b"\x1b[B"),
            (b"?", b"s"),
            (b"[3/4]", b"\x04"),
        ):
            while not (place in seen and seen.endswith(b"uit: ")):
                assert select.select([main], [], [], 60)[0], seen
                seen += os.read(main, 4096)
            os.write(main, key)
        while True:
            try:
                data = os.read(main, 4096)
            except OSError:  # the other end is closed
                break
            if not data:
                break
            seen += data
        assert process.wait(60) == 0, seen
    os.close(main)
    assert b"1 labels stored, 1 could not be told" in seen
    assert rows_of(project, "select label from gold") == [("positive",)]


def start_page(project: Path) -> tuple["subprocess.Popen[str]", str]:
    process = subprocess.Popen(
        command("--web", "--annotator", "a"),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Open "):
            return process, line.removeprefix("Open ").strip()
    raise AssertionError(f"no address, exit code {process.wait()}")


def answer(url: str, position: int) -> None:
    origin = "/".join(url.split("/")[:3])
    form = {"position": str(position), "do": "positive"}
    assert httpx.post(f"{url}answer", data=form, headers={"Origin": origin}).status_code == 303


def test_answers_of_the_page_outlive_a_kill(project: Path) -> None:
    run("ingest")
    process, url = start_page(project)
    with process:
        answer(url, 1)
        answer(url, 2)
        with pytest.raises(WarehouseBusyError, match=f"pid {process.pid}, `analytics label`"):
            raise run("label", "--annotator", "b").exception  # type: ignore[misc]
        process.kill()
    assert "[3/4]" in run("label", "--annotator", "a", input="q\n").output
    assert rows_of(project, "select count(*), sum(weight) from gold") == [(2, 4.0)]


def test_page_ends_in_order_when_it_is_told_to(project: Path) -> None:
    run("ingest")
    for number in (signal.SIGINT, signal.SIGTERM):
        process, url = start_page(project)
        with process:
            answer(url, 1 if number == signal.SIGINT else 2)
            process.send_signal(number)
            deadline = time.monotonic() + 60
            assert process.stdout is not None
            assert "1 labels stored" in process.stdout.read()
            assert process.wait(deadline - time.monotonic()) == 0
    assert rows_of(project, "select count(*) from gold") == [(2,)]


def test_port_that_is_taken_is_named(project: Path) -> None:
    run("ingest")
    process, url = start_page(project)
    port = url.split(":")[2].split("/")[0]
    with process:
        (project / "other").mkdir()
        text = (project / "analytics.toml").read_text() + '\n[warehouse]\npath = "other/w.duckdb"\n'
        (project / "other.toml").write_text(text)
        run("ingest", "--config", "other.toml")
        result = run("label", "--web", "--port", port, "--config", "other.toml")
        assert f"port {port} of 127.0.0.1 cannot be used" in str(result.exception)
        process.terminate()
        process.communicate()
