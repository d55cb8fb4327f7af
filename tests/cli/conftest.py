from pathlib import Path

import pytest

from tests.cli.makers import CONFIG, POSTS
from tests.scripted import write_config


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project in the working directory."""
    (tmp_path / "posts.csv").write_text(POSTS, encoding="utf-8")
    write_config(tmp_path, CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path
