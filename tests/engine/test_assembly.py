"""A model folder is there whole or not at all."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.contract.errors import EngineError
from analytics.engine.assembly import assemble_once

_ROOT = Path(__file__).parents[2]
_SLOW_BUILD = """
import sys, time
from pathlib import Path
sys.path.insert(0, {root!r})
from analytics.engine.assembly import assemble_once
def build(folder):
    (folder / "half").write_text("half")
    with Path({log!r}).open("a") as log: log.write("built\\n")
    print("building", flush=True)
    time.sleep({seconds})
assemble_once(Path({target!r}), build, needed_bytes=1)
"""


def start_slow(target: Path, log: Path, *, seconds: float) -> subprocess.Popen[str]:
    code = _SLOW_BUILD.format(root=str(_ROOT), target=str(target), log=str(log), seconds=seconds)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def fill(folder: Path) -> None:
    (folder / "whole").write_text("whole")


def test_killed_assembly_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    target = tmp_path / "models" / "m-1"
    with start_slow(target, tmp_path / "log", seconds=60) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "building\n"
        process.send_signal(signal.SIGKILL)
    assert not target.exists()
    assert list(target.parent.glob(".m-1.tmp-*"))
    assemble_once(target, fill, needed_bytes=1)
    assert [p.name for p in target.iterdir()] == ["whole"]
    assert not list(target.parent.glob(".m-1.tmp-*"))


def test_assemblies_at_once_build_once(tmp_path: Path) -> None:
    target, log = tmp_path / "m-1", tmp_path / "log"
    processes = [start_slow(target, log, seconds=0.5) for _ in range(3)]
    assert [process.wait(30) for process in processes] == [0, 0, 0]
    for process in processes:
        process.communicate()
    assert log.read_text() == "built\n"
    assert (target / "half").is_file()


def test_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        fill(folder)
        raise EngineError("no")

    with pytest.raises(EngineError, match="no"):
        assemble_once(tmp_path / "m-1", fail, needed_bytes=1)
    assert [p.name for p in tmp_path.iterdir()] == [".m-1.lock"]


def test_assembly_is_not_repeated(tmp_path: Path) -> None:
    target = tmp_path / "m-1"
    assemble_once(target, fill, needed_bytes=1)
    assemble_once(target, lambda folder: pytest.fail("built again"), needed_bytes=1)


def test_assembly_without_space_says_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"free, assembling m-1 needs \d+ MiB"):
        assemble_once(tmp_path / "m-1", fill, needed_bytes=2**60)


def test_assembly_below_a_file_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineError, match="cannot be made"):
        assemble_once(tmp_path / "file" / "m-1", fill, needed_bytes=1)
