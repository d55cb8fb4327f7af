"""`analytics media`, --no-media and --fetch, from the command line to the marts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.makers import run
from tests.fetching.conftest import draw
from tests.picture_server import PictureServer, give, serve_pictures


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with serve_pictures() as running:
        running.pages["/a.png"] = give(draw())
        yield running


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: PictureServer) -> Path:
    """Three posts: a local picture, one at an address, and one that is not there."""
    Image.new("RGB", (30, 20)).save(tmp_path / "local.png")
    lines = ["1,One,local.png", f"2,Two,{server.url('/a.png')}", f"3,Three,{server.url('/no')}"]
    (tmp_path / "posts.csv").write_text("\n".join(["id,text,image", *lines, ""]))
    (tmp_path / "analytics.toml").write_text(
        '[[sources]]\npath = "posts.csv"\nplatform = "test"\n'
        f'[media]\nallowed_hosts = ["{server.host}"]\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _statuses() -> list[str]:
    found = run("sql", "select status from media order by post_id", "--json")
    return [row["status"] for row in json.loads(found.stdout)]


def test_ingest_without_media_leaves_the_pictures_to_a_later_run(
    pictures: Path, server: PictureServer
) -> None:
    with (pictures / "analytics.toml").open("a") as file:
        file.write("fetch = true\n")
    result = run("ingest", "--no-media")
    assert result.exit_code == 0, result.output
    assert _statuses() == ["pending"] * 3
    assert not (pictures / "data").exists()
    assert not server.asked
    result = run("media", "--no-fetch")
    assert result.exit_code == 0, result.output
    assert "Remote pictures: 2 not fetched, as [media] fetch is off" in result.output
    assert _statuses() == ["ok", "not_fetched", "not_fetched"]
    assert not server.asked


def test_media_fetches_and_says_why_pictures_were_not_to_be_had(
    pictures: Path, server: PictureServer
) -> None:
    run("ingest")
    result = run("media", "--fetch")
    assert result.exit_code == 0, result.output
    assert "Remote pictures: 1 fetched, 1 not to be had\n    1 gone: status 404\n" in result.output
    assert _statuses() == ["ok", "ok", "gone"]
    found = json.loads(run("media", "--fetch", "--retry", "--json").stdout)
    assert found["fetch"] == {
        "enabled": True,
        "fetched": 0,
        "failed": {"gone: status 404": 1},
        "left": 0,
        "stopped": None,
    }
    assert found["counts"]["count_media_unfetched"] == 1
    assert server.asked == {"/a.png": 1, "/no": 2}
    # Nothing is due any more, and nothing is said.
    assert "Remote" not in run("media", "--fetch").output


def test_setting_and_option_say_whether_to_fetch(pictures: Path, server: PictureServer) -> None:
    with (pictures / "analytics.toml").open("a") as file:
        file.write("fetch = true\n")
    run("ingest", "--no-fetch")
    assert not server.asked
    run("ingest")
    assert server.asked == {"/a.png": 1, "/no": 1}
