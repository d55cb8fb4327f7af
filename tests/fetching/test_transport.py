"""Names are resolved once, all their addresses are checked, and one of them is connected to."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

import httpcore
import httpx
import pytest

from analytics.fetching.fetch import Network
from tests.fetching.conftest import Fetcher, draw
from tests.picture_server import PictureServer, give


class Names:
    """A resolver: each name has its answers, one after the other; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): found for name, found in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Rerouted(httpcore.AsyncNetworkBackend):
    """Notes where it is to connect to, and connects to the test's server instead."""

    def __init__(self, port: int) -> None:
        self.connected: list[tuple[str, int]] = []
        self._port = port
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        if host == "8.8.4.4":
            raise httpcore.ConnectError("nobody here")
        return await self._inner.connect_tcp("127.0.0.1", self._port, timeout)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fe80::1%2", "0.0.0.0"],
)
def test_name_with_a_private_address_is_refused_and_nobody_is_connected_to(
    fetcher: Fetcher, server: PictureServer, address: str
) -> None:
    connect = Rerouted(server.port)
    names = Names(a_example=[["8.8.8.8", address]])
    fetcher.store("http://a.example/x.png")
    for _ in range(2):
        fetcher.fetch(network=Network(resolve=names, connect=connect))
    ((status, error),) = fetcher.statuses()
    assert status == "refused"
    assert str(error).startswith(f"private address: a.example is {address};")
    assert connect.connected == []
    assert names.asked == ["a.example"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "127.1", "localhost", "[::ffff:7f00:1]"]
)
def test_address_itself_is_checked_in_all_ways_to_write_it(fetcher: Fetcher, host: str) -> None:
    connect = Rerouted(9)
    fetcher.store(f"http://{host}/x.png")
    fetcher.fetch(network=Network(connect=connect))
    assert [status for status, _ in fetcher.statuses()] == ["refused"]
    assert connect.connected == []


def test_address_that_was_checked_is_connected_to_whatever_the_name_is_later(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/x.png"] = server.pages["/y.png"] = give(draw(), connection="close")
    connect = Rerouted(server.port)
    names = Names(a_example=[["8.8.8.8"], ["127.0.0.1"]])
    fetcher.store("http://a.example/x.png", "http://a.example/y.png")
    fetcher.fetch(network=Network(resolve=names, connect=connect), per_host=1)
    assert connect.connected == [("8.8.8.8", 80)]
    assert {status for status, _ in fetcher.statuses()} == {"ok", "refused"}
    assert server.headers[0]["host"] == "a.example"


def test_next_address_is_tried_where_one_does_not_answer(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/x.png"] = give(draw())
    connect = Rerouted(server.port)
    fetcher.store("http://a.example/x.png")
    network = Network(resolve=Names(a_example=[["8.8.4.4", "8.8.8.8"]]), connect=connect)
    assert fetcher.fetch(network=network).n_fetched == 1
    assert connect.connected == [("8.8.4.4", 80), ("8.8.8.8", 80)]


@pytest.mark.parametrize(
    "target",
    [
        *("http://169.254.169.254/latest/meta-data/", "http://internal.example/", "http://[::1]/"),
        *("//internal.example/x", "https://internal.example/"),
    ],
)
def test_redirect_to_a_private_address_is_refused(
    fetcher: Fetcher, server: PictureServer, target: str
) -> None:
    server.pages["/x.png"] = give(b"", 302, location=target)
    connect = Rerouted(server.port)
    names = Names(a_example=[["8.8.8.8"]], internal_example=[["10.0.0.7"]])
    fetcher.store("http://a.example/x.png")
    report = fetcher.fetch(network=Network(resolve=names, connect=connect))
    assert report.failures == {"refused: private address": 1}
    assert connect.connected == [("8.8.8.8", 80)]
    assert server.asked == {"/x.png": 1}


@pytest.mark.parametrize(
    "target",
    [
        *("file:///etc/passwd", "ftp://a.example/", "http://u:p@a.example/", "gopher://a.example"),
        *("http://a.example:6379/", "http://[::1/", "data:image/png;base64,xx"),
    ],
)
def test_redirect_to_what_is_no_address_of_the_web_is_refused(
    fetcher: Fetcher, server: PictureServer, target: str
) -> None:
    server.pages["/x.png"] = give(b"", 301, location=target)
    fetcher.store(server.url("/x.png"))
    fetcher.fetch()
    assert [status for status, _ in fetcher.statuses()] == ["refused"]
    assert len(server.asked) == 1


def test_redirects_are_followed_to_other_hosts(fetcher: Fetcher, server: PictureServer) -> None:
    server.pages["/short"] = give(b"", 301, location="http://cdn.example/a/b")
    server.pages["/a/b"] = give(b"", 307, location="../c?d=1")
    server.pages["/c?d=1"] = give(draw())
    connect = Rerouted(server.port)
    names = Names(a_example=[["8.8.8.8"]], cdn_example=[["2606:4700::1"]])
    fetcher.store("http://a.example/short")
    assert fetcher.fetch(network=Network(resolve=names, connect=connect)).n_fetched == 1
    assert list(dict.fromkeys(connect.connected)) == [("8.8.8.8", 80), ("2606:4700::1", 80)]
    assert [headers["host"] for headers in server.headers] == [
        *("a.example", "cdn.example", "cdn.example")
    ]


def test_redirect_loop_ends(fetcher: Fetcher, server: PictureServer) -> None:
    server.pages["/x"] = give(b"", 302, location="/x")
    fetcher.store(server.url("/x"))
    report = fetcher.fetch()
    assert report.failures == {"gone: more than 5 redirects": 1}
    assert server.asked == {"/x": 6}


def test_names_of_certificates_are_those_that_were_asked_for(
    fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, which makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=a.example", "-addext", "subjectAltName=DNS:a.example"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    named: list[str | None] = []
    context.sni_callback = lambda connected, name, _: named.append(name)
    body = draw()

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connected:
                    connected.recv(65536)
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
                    connected.sendall(head.encode() + body)
            except OSError:
                plain.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        names = Names(a_example=[["8.8.8.8"]], b_example=[["8.8.8.8"]])
        network = Network(resolve=names, connect=Rerouted(listening.getsockname()[1]))
        fetcher.store("https://a.example/x", "https://b.example/x")
        fetcher.fetch(network=network)
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    (good, bad) = fetcher.statuses()
    assert good == ("ok", None)
    assert bad[0] == "unreachable"
    assert "certificate verify failed" in str(bad[1])
    assert {*named} == {"a.example", "b.example"}


def test_client_without_our_transport_would_be_seen(server: PictureServer) -> None:
    """What this file refuses is there to be reached: a plain client reaches it."""
    server.pages["/x.png"] = give(draw())
    assert httpx.get(server.url("/x.png"), trust_env=False).status_code == 200
