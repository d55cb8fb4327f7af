"""Servers that want to hold a run up, or fill its memory."""

import gzip
import struct
import time
import zlib
from http.server import BaseHTTPRequestHandler

import pytest

from tests.fetching.conftest import Fetcher, draw
from tests.picture_server import Page, PictureServer, give
from tests.scripted import rows, scalar


def drip(head: bytes = b"") -> Page:
    """Never ends, and never is silent for long."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + head)
        while True:
            request.wfile.write(b"x")
            time.sleep(0.02)

    return answer


def pour(head: bytes, *, lies: bool = False) -> Page:
    """Has no end, as fast as it is taken."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        length = b"Content-Length: 100\r\n" if lies else b""
        request.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + b"\r\n" + head)
        while True:
            request.wfile.write(b"x" * 65536)

    return answer


def say(raw: bytes) -> Page:
    """Bytes that may be no HTTP, then the end."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(raw)
        request.close_connection = True

    return answer


def hang(request: BaseHTTPRequestHandler) -> None:
    """Answers nothing until the other side gives up."""
    request.rfile.raw._sock.recv(1)  # type: ignore[attr-defined]


def test_server_that_is_silent_or_drips_is_left_after_its_time(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages = {"/silent": hang, "/drip": drip(draw()[:80])}
    fetcher.store(server.url("/silent"), server.url("/drip"))
    report = fetcher.fetch(read_timeout_s=1.0, total_timeout_s=3.0)
    assert report.failures == {
        "unreachable: server sends nothing in time": 1,
        "unreachable: total time limit": 1,
    }
    assert [status for status, _ in fetcher.statuses()] == ["unreachable"] * 2


def test_body_without_end_is_not_read_on(fetcher: Fetcher, server: PictureServer) -> None:
    server.pages["/a"] = pour(draw())
    fetcher.store(server.url("/a"))
    report = fetcher.fetch(max_bytes=300_000)
    assert report.failures == {"too_large: more bytes than max_bytes": 1}


def test_what_is_no_picture_is_not_read_to_its_end(fetcher: Fetcher, server: PictureServer) -> None:
    server.pages["/a"] = pour(b"<html>")
    fetcher.store(server.url("/a"))
    assert fetcher.fetch().failures == {"not_an_image: HTML or XML": 1}


def test_length_that_lies_gives_no_more_than_it_says(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/short"] = pour(draw("JPEG", (300, 300)), lies=True)
    server.pages["/long"] = give(draw(), content_length=str(10**12))
    fetcher.store(server.url("/short"), server.url("/long"))
    fetcher.fetch()
    assert [status for status, _ in fetcher.statuses()] == ["broken", "too_large"]


def test_packed_body_is_not_unpacked(fetcher: Fetcher, server: PictureServer) -> None:
    bomb = gzip.compress(draw() + b"\0" * 50_000_000)
    server.pages["/a"] = give(bomb, content_encoding="gzip")
    server.pages["/b"] = give(bomb)
    fetcher.store(server.url("/a"), server.url("/b"))
    report = fetcher.fetch()
    assert report.failures == {
        "not_an_image: packed though not asked for": 1,
        "not_an_image: unknown format": 1,
    }


def test_pixels_are_counted_before_they_are_decoded(
    fetcher: Fetcher, server: PictureServer
) -> None:
    parts = (
        b"IHDR" + struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0),
        b"IDAT" + zlib.compress(b"\0" * 100),
    )
    chunks = [
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part))
        for part in parts
    ]
    server.pages["/bomb"] = give(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    server.pages["/large"] = give(draw(size=(200, 200)))
    fetcher.store(server.url("/bomb"), server.url("/large"))
    report = fetcher.fetch(max_pixels=30_000)
    assert report.failures == {"too_large: more pixels than max_pixels": 2}
    assert [status for status, _ in fetcher.statuses()] == ["too_large"] * 2


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + draw()[:90],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500_000 + b"\r\n\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
    ],
    ids=["nothing", "ssh", "cut", "chunks", "long head", "status"],
)
def test_answer_that_is_no_http_or_breaks_off_is_tried_another_night(
    fetcher: Fetcher, server: PictureServer, raw: bytes
) -> None:
    server.pages["/a"] = say(raw)
    fetcher.store(server.url("/a"))
    report = fetcher.fetch(read_timeout_s=1.0)
    assert report.n_failed == 1
    assert [status for status, _ in fetcher.statuses()] == ["unreachable"]
    assert scalar(fetcher.connection, "select next_try_at is not null from fetches")


def test_one_bad_server_takes_no_other_picture_along(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages = {f"/{n}": give(draw(size=(20 + n, 20))) for n in range(20)}
    server.pages |= {"/bad": say(b"no http"), "/gone": give(b"", 404)}
    fetcher.store(*(server.url(path) for path in server.pages))
    report = fetcher.fetch()
    assert (report.n_fetched, report.n_failed, report.n_left) == (20, 2, 0)
    assert rows(
        fetcher.connection, "select status, count(*) from media group by all order by all"
    ) == [("gone", 1), ("ok", 20), ("unreachable", 1)]
