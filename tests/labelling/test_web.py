"""The page for labelling, asked by a real client over a real socket."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import duckdb
import httpx
import pytest
from PIL import Image

from analytics.cli.label_web import label_in_browser
from analytics.contract.records import Media
from analytics.labelling.session import LabelSession
from analytics.labelling.web import LabelServer, split_at_aspect
from analytics.media import prepare_media
from analytics.store.draws import DrawDesign, make_draw
from analytics.store.gold import read_gold
from tests.labelling.serving import serve
from tests.scripted import make_post, store_posts


@pytest.fixture
def server(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Iterator[LabelServer]:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "a.png")
    picture = Media(kind="image", source_path=tmp_path / "a.png", alt_text="a <b>red</b> field")
    store_posts(
        connection,
        [
            make_post("1", "One <script>alert(1)</script> tram", media=(picture,)),
            make_post("2", "Two"),
            make_post("3", "Three", url="javascript:alert(1)"),
        ],
    )
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    draw = make_draw(connection, DrawDesign(n=3))
    session = LabelSession(connection, draw, "ann", tmp_path / "data")
    with serve(session) as served:
        yield served


def post(server: LabelServer, path: str = "answer", **values: str) -> httpx.Response:
    headers = {"Origin": f"http://127.0.0.1:{server.server_port}"}
    item = server.session.current
    form = {"position": str(item.position) if item else "end", **values}
    return httpx.post(server.url + path, data=form, headers=headers)


def test_page_is_answered_to_its_end(
    server: LabelServer, connection: duckdb.DuckDBPyConnection
) -> None:
    for number, answer in enumerate(("negative", "unclear", "positive"), start=1):
        page = httpx.get(server.url).text
        assert f"Item {number} of 3" in page
        assert "<script>alert" not in page
        assert "javascript:" not in page
        assert 'class="negative"' in page
        reply = post(server, do=answer)
        assert (reply.status_code, reply.headers["Location"]) == (303, f"/{server.token}/")
        assert len(read_gold(connection)) == number  # at once
    assert "1 negative, 1 positive, 1 unclear" in httpx.get(server.url).text
    post(server, do="undo")
    assert "Item 3 of 3" in httpx.get(server.url).text
    assert {label.annotator for label in read_gold(connection)} == {"ann"}


def test_picture_and_its_description_are_shown(server: LabelServer) -> None:
    while server.session.current is not None and server.session.current.post_id != "test:1":
        post(server, do="neutral")
    page = httpx.get(server.url).text
    item = server.session.current
    assert item is not None
    assert 'alt="a &lt;b&gt;red&lt;/b&gt; field"' in page
    picture = httpx.get(f"{server.url}picture/{item.position}")
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.content[:2] == b"\xff\xd8"
    for odd in ("0", "99", "x", "%2e%2e/%2e%2e/etc/passwd"):
        assert httpx.get(f"{server.url}picture/{odd}").status_code == 404


def test_every_reply_has_the_policy(server: LabelServer) -> None:
    for path in ("", "page.css", "page.js", "icon.svg", "nothing"):
        reply = httpx.get(server.url + path)
        assert reply.status_code == (404 if path == "nothing" else 200)
        policy = reply.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-store"
        assert "Python" not in reply.headers["Server"]


def test_other_hosts_origins_and_tokens_are_refused(
    server: LabelServer, connection: duckdb.DuckDBPyConnection
) -> None:
    port = server.server_port
    for host in (f"rebound.example:{port}", "127.0.0.1", f"127.0.0.1:{port + 1}", ""):
        assert httpx.get(server.url, headers={"Host": host}).status_code == 421, host
    assert httpx.get(f"http://localhost:{port}/{server.token}/").status_code == 200
    for path in ("", "x/", f"{server.token[:-1]}/", f"{server.token}x/", "%C3%BC/", "\u00fc/"):
        assert httpx.get(f"http://127.0.0.1:{port}/{path}").status_code == 404, path
    form = {"position": "1", "do": "positive"}
    for origin in (None, "null", "https://evil.example", f"http://localhost:{port}"):
        headers = {} if origin is None else {"Origin": origin}
        assert httpx.post(f"{server.url}answer", data=form, headers=headers).status_code == 403
    assert httpx.put(server.url).status_code == 501
    assert read_gold(connection) == []


def test_odd_forms_change_nothing(
    server: LabelServer, connection: duckdb.DuckDBPyConnection
) -> None:
    assert post(server, "elsewhere", do="positive").status_code == 400
    assert post(server, do="positive", more="x" * 5000).status_code == 400
    origin = {"Origin": f"http://127.0.0.1:{server.server_port}"}
    broken = httpx.post(f"{server.url}answer", content=b"do=\xff", headers=origin)
    assert broken.status_code == 400
    assert post(server, do="happy").status_code == 303
    assert post(server, do="positive", position="77").status_code == 303
    assert post(server, do="positive", position="end").status_code == 303
    assert read_gold(connection) == []
    # A button that is pressed twice answers one item.
    for _ in range(2):
        assert post(server, do="positive", position="1").status_code == 303
    assert len(read_gold(connection)) == 1


def test_many_at_once_answer_each_item_once(
    server: LabelServer, connection: duckdb.DuckDBPyConnection
) -> None:
    threads = [
        threading.Thread(target=post, args=(server,), kwargs={"do": "neutral", "position": "1"})
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_gold(connection)) == 1


def test_client_that_says_nothing_does_not_hold_up_others(server: LabelServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)):
        assert httpx.get(server.url, timeout=5).status_code == 200


def test_stop_button_ends_the_server(server: LabelServer) -> None:
    reply = post(server, do="stop")
    assert "You can close this page" in reply.text
    server.session.answer("positive")  # the session is its owner's again
    assert server.has_stopped


def test_failure_of_the_warehouse_is_the_commands(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    store_posts(connection, [make_post("1")])
    session = LabelSession(connection, make_draw(connection, DrawDesign()), "a", tmp_path)
    connection.execute("drop table gold")

    def ask() -> None:
        with serve(session) as server:
            assert "could not be stored" in post(server, do="positive").text

    with pytest.raises(duckdb.Error, match="gold"):
        ask()


def test_aspect_is_found_whatever_its_case() -> None:
    assert split_at_aspect("The TRAM, a tram+", "tram+") == [
        ("The TRAM, a ", False),
        ("tram+", True),
    ]
    assert split_at_aspect("Tram", "tram") == [("Tram", True)]
    assert split_at_aspect("x", "") == [("x", False)]


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread(), reason="signals reach it alone"
)
def test_ctrl_c_in_a_place_where_python_ignores_errors_ends_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """KeyboardInterrupt was raised there, and lost: the page stayed for ever."""

    class Ignoring:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    def run_interrupted(server: LabelServer) -> None:
        Ignoring()
        run(server)

    run = LabelServer.run
    monkeypatch.setattr(LabelServer, "run", run_interrupted)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    label_in_browser(cast(LabelSession, None), port=0, shows_model=False)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
