"""What was fetched stays fetched, until its post is forgotten."""

import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import duckdb
import pytest

from analytics.contract.errors import StoreError
from analytics.contract.records import Deletion
from analytics.store.fetches import prune_fetches
from analytics.store.forget import forget
from tests.conftest import REPOSITORY
from tests.fetching.conftest import Fetcher, draw
from tests.picture_server import PictureServer, give
from tests.scripted import KEY, rows, scalar, store_posts


def _forget(fetcher: Fetcher, post_id: str) -> int:
    found = forget(fetcher.connection, author_key=KEY, data_dir=fetcher.data_dir, post_id=post_id)
    return found.count_pictures


def test_picture_goes_with_the_last_post_that_has_it(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = server.pages["/same-file"] = give(draw())
    fetcher.store(server.url("/a"), server.url("/a"), server.url("/same-file"))
    fetcher.fetch()
    assert _forget(fetcher, "test:1") == 0
    assert _forget(fetcher, "test:2") == 0
    assert rows(fetcher.connection, "select url from fetches") == [(server.url("/same-file"),)]
    assert len(fetcher.kept()) == 1
    assert _forget(fetcher, "test:3") == 1
    assert rows(fetcher.connection, "from fetches") == []
    assert fetcher.kept() == []
    # A later dump does not bring it back.
    fetcher.store(*[server.url("/a")] * 3)
    asked = server.asked.total()
    assert fetcher.fetch().n_fetched == 0
    assert server.asked.total() == asked
    assert fetcher.kept() == []


def test_address_that_failed_is_forgotten_too(fetcher: Fetcher, server: PictureServer) -> None:
    fetcher.store(server.url("/gone?token=secret"))
    fetcher.fetch()
    _forget(fetcher, "test:1")
    assert rows(fetcher.connection, "from fetches") == []


def test_notice_of_deletion_removes_a_fetched_picture(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"))
    fetcher.fetch()
    store_posts(
        fetcher.connection,
        [Deletion(platform="test", line=1, native_id="1")],
        name="b",
        data_dir=fetcher.data_dir,
    )
    assert fetcher.kept() == []
    assert rows(fetcher.connection, "from fetches") == []


def test_picture_that_was_fetched_and_not_yet_given_is_forgotten_too(
    fetcher: Fetcher, server: PictureServer
) -> None:
    """A run that was killed has fetched it; its post is forgotten before the next run."""
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"))
    fetcher.fetch()
    fetcher.connection.execute(
        "update media set status = 'not_fetched', sha256 = null, path = null"
    )
    assert _forget(fetcher, "test:1") == 1
    assert fetcher.kept() == []


def test_picture_that_no_post_names_any_more_goes(fetcher: Fetcher, server: PictureServer) -> None:
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"))
    fetcher.fetch()

    fetcher.connection.execute("delete from media")
    fetcher.fetch(fetch=False)
    assert fetcher.kept() == []
    assert rows(fetcher.connection, "from fetches") == []
    assert prune_fetches(fetcher.connection) == []


def test_stopped_step_keeps_what_it_has_and_the_next_goes_on(
    fetcher: Fetcher, server: PictureServer
) -> None:
    def stop_after_three() -> bool:
        return server.asked.total() > 3

    def wait(request: BaseHTTPRequestHandler) -> None:
        request.rfile.raw._sock.recv(1)  # type: ignore[attr-defined]

    server.pages = {f"/{n}": give(draw(size=(20 + n, 20))) for n in range(9)}
    server.pages["/last"] = wait
    fetcher.store(*(server.url(path) for path in server.pages))
    with pytest.raises(KeyboardInterrupt):
        fetcher.fetch(is_stopped=stop_after_three)
    n_ok = scalar(fetcher.connection, "select count(*) from media where status = 'ok'")
    assert n_ok == scalar(fetcher.connection, "select count(*) from fetches")
    server.pages["/last"] = give(draw())
    report = fetcher.fetch()
    assert report.n_fetched == 10 - n_ok
    assert [status for status, _ in fetcher.statuses()] == ["ok"] * 10


def test_full_disk_is_a_store_error_and_nothing_is_lost(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"))
    fetcher.data_dir.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="data_dir"):
        fetcher.fetch()
    fetcher.data_dir.unlink()
    assert fetcher.fetch().n_fetched == 1


def test_killed_run_goes_on_and_asks_for_little_again(
    server: PictureServer, tmp_path: Path
) -> None:
    n = 600
    body = {f"/{i}": give(draw(size=(10 + i % 40, 10 + i // 40))) for i in range(n)}
    killed: list[int] = []
    running: list[subprocess.Popen[bytes]] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        if server.asked.total() == 450 and not killed:
            killed.append(running[0].pid)
            os.kill(running[0].pid, signal.SIGKILL)
        body[request.path](request)

    server.pages = dict.fromkeys(body, answer)
    dump = tmp_path / "posts.csv"
    lines = [f"{i},Post {i},{server.url(f'/{i}')}" for i in range(n)]
    dump.write_text("id,text,image\n" + "\n".join(lines) + "\n")
    (tmp_path / "analytics.toml").write_text(
        '[[sources]]\npath = "posts.csv"\nplatform = "x"\n'
        f'[media]\nfetch = true\npause_s = 0.0\nper_host = 8\nallowed_hosts = ["{server.host}"]\n'
    )

    def run() -> int:
        command = [sys.executable, "-m", "analytics", "ingest"]
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        running[:] = [process]
        output, _ = process.communicate(timeout=300)
        assert process.returncode in (0, -signal.SIGKILL), output.decode()
        return process.returncode

    assert run() == -signal.SIGKILL
    assert killed
    assert run() == 0
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True) as connection:
        assert rows(connection, "select status, count(*) from media group by all") == [("ok", n)]
        paths = {str(path) for (path,) in rows(connection, "select path from media")}
    kept = {str(path.relative_to(tmp_path / "data")) for path in tmp_path.rglob("pictures/*/*.jpg")}
    assert kept == paths
    # What was committed before was not asked for again: at most a batch, and what was under way.
    assert server.asked.total() <= n + 256 + 16
    before = server.asked.total()
    assert run() == 0
    assert server.asked.total() == before
