"""Which tests begin first where several processes run them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import _LONG_FILES, REPOSITORY, put_long_first

TESTS = REPOSITORY / "tests"


def make_items(*names: str) -> list[Any]:
    return [SimpleNamespace(path=Path(TESTS / name), n=n) for n, name in enumerate(names)]


def test_files_that_are_said_to_be_long_exist() -> None:
    assert [name for name in _LONG_FILES if not (TESTS / name).is_file()] == []


def test_each_share_begins_with_its_longest_files_and_keeps_all_tests() -> None:
    kill, loop, chain = "test_kill.py", "test_infer.py", "distillation/test_chain.py"
    items = make_items(loop, kill, loop, kill, chain, loop, kill)
    for n_shares, order in ((1, [4, 1, 3, 6, 0, 2, 5]), (2, [1, 0, 2, 4, 3, 6, 5])):
        found: list[Any] = put_long_first(items, n_shares=n_shares)
        assert [item.n for item in found] == order
