import stat
from pathlib import Path

import pytest

from analytics.contract.errors import StoreError
from analytics.store.author_key import hash_author, load_author_key


def test_key_is_made_once_with_mode_600(tmp_path: Path) -> None:
    path = tmp_path / "config" / "author.key"
    key = load_author_key(path)
    assert len(key) == 32
    assert load_author_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["author.key"]


@pytest.mark.parametrize("text", ["", "zz", "abcd"])
def test_damaged_key_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "author.key"
    path.write_text(text)
    with pytest.raises(StoreError, match=r"author\.key"):
        load_author_key(path)


def test_hash_depends_on_key_platform_and_author() -> None:
    hashes = {
        hash_author(b"a" * 32, "x", "1"),
        hash_author(b"b" * 32, "x", "1"),
        hash_author(b"a" * 32, "y", "1"),
        hash_author(b"a" * 32, "x", "2"),
    }
    assert len(hashes) == 4
