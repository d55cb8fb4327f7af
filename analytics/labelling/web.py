"""A page for labelling, served to this machine alone.

It listens on 127.0.0.1 under a path that holds a random token. A request must name that host (a
page of another name that resolves to 127.0.0.1 cannot read it: DNS rebinding), and what changes
something must come from the page itself (Origin: no other site can post an answer). The page runs
one script of its own, and the policy (CSP) lets it load nothing from elsewhere.
"""

import hmac
import logging
import re
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jinja2

from analytics.labelling.session import ANSWERS, LabelItem, LabelSession

logger = logging.getLogger(__name__)

_PAGE = Path(__file__).parent / "page"
_FILES = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Not no-referrer: with that, browsers send `Origin: null` with the page's own forms.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_MAX_BODY = 4096
_TIMEOUT_S = 30.0


class LabelServer(ThreadingHTTPServer):
    """Serves one session until it is stopped; its `url` holds the token.

    Threads, because browsers open connections that they do not use; a lock lets one at a time at
    the session.
    """

    daemon_threads = True

    def __init__(self, session: LabelSession, *, port: int = 0, shows_model: bool = False) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.session = session
        self.shows_model = shows_model
        self.token = secrets.token_urlsafe(24)
        self.lock = threading.Lock()
        self.has_stopped = False
        self.failure: Exception | None = None
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_PAGE),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    def run(self) -> None:
        """Serve until somebody presses Stop, or KeyboardInterrupt; no answer is taken after it.

        Raises:
            Exception: what storing an answer failed with.
        """
        try:
            self.serve_forever(poll_interval=0.2)
        finally:
            with self.lock:
                self.has_stopped = True
            self.server_close()
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        """End `run` soon; from a thread of a request that holds the lock, or a signal's handler."""
        self.has_stopped = True
        threading.Thread(target=self.shutdown, daemon=True).start()

    def render(self) -> str:
        """The page as it is now; the caller holds the lock."""
        session = self.session
        item = session.current
        return self._environment.get_template("page.html.j2").render(
            item=item,
            parts=split_at_aspect(item.text, item.aspect) if item else [],
            link=_find_link(item) if item else None,
            n_items=session.n_items,
            n_passed=session.n_passed,
            counts=sorted(session.count_answers().items()),
            annotator=session.annotator,
            shows_model=self.shows_model,
            has_stopped=self.has_stopped,
        )


def split_at_aspect(text: str, aspect: str) -> list[tuple[str, bool]]:
    """The text in parts; True are mentions of the aspect, whatever their case."""
    if not aspect:
        return [(text, False)]
    parts = re.split(f"({re.escape(aspect)})", text, flags=re.IGNORECASE)
    return [(part, number % 2 == 1) for number, part in enumerate(parts) if part]


def _find_link(item: LabelItem) -> str | None:
    """The post's address, where it is one of the web and not, say, a script."""
    return item.url if item.url and re.match(r"https?://", item.url, re.IGNORECASE) else None


class _Handler(BaseHTTPRequestHandler):
    server: LabelServer
    server_version = "analytics"
    sys_version = ""
    timeout = _TIMEOUT_S

    def do_GET(self) -> None:
        path = self._check()
        if path is None:
            return
        if path == "":
            with self.server.lock:
                page = self.server.render()
            self._send(page.encode(), "text/html; charset=utf-8")
        elif path in _FILES:
            self._send((_PAGE / path).read_bytes(), _FILES[path])
        elif path.startswith("picture/"):
            self._send_picture(path.removeprefix("picture/"))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        path = self._check()
        if path is None:
            return
        if self.headers.get("Origin") != f"http://{self.headers['Host']}":
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        form = self._read_form() if path == "answer" else None
        if form is None:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        with self.server.lock:
            page = self._act(form.get("do", ""), form.get("position", ""))
        if page is not None:
            self._send(page.encode(), "text/html; charset=utf-8")
            return
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", f"/{self.server.token}/")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _act(self, action: str, position: str) -> str | None:
        """Do what a button says, with the lock held; a page where it is the last one.

        What was sent for another item than the one that is asked (a second press, an old page) does
        nothing.
        """
        server = self.server
        item = server.session.current
        asked = str(item.position) if item else "end"
        if server.has_stopped:
            return server.render()
        if action == "stop":
            server.stop()
            return server.render()
        try:
            if position == asked and action == "undo":
                server.session.undo()
            elif position == asked and item is not None and action in ANSWERS:
                server.session.answer(action)
        except Exception as exc:  # raised again by `run`: the command fails, not a thread
            server.failure = exc
            server.stop()
            return "The answer could not be stored. The terminal says why."
        return None

    def _check(self) -> str | None:
        """The path below the token, if host and token are right; else the error is sent."""
        port = self.server.server_port
        if self.headers.get_all("Host") not in ([f"127.0.0.1:{port}"], [f"localhost:{port}"]):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        _, token, *rest = [*urlsplit(self.path).path.split("/", 2), ""][:3]
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.server.token.encode()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return rest[0]

    def _read_form(self) -> dict[str, str] | None:
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 <= length <= _MAX_BODY:
                return None
            fields = parse_qs(
                self.rfile.read(length).decode(), keep_blank_values=True, max_num_fields=8
            )
        except ValueError:  # no number, no UTF-8, too many fields
            return None
        return {name: values[-1] for name, values in fields.items()}

    def _send_picture(self, position: str) -> None:
        with self.server.lock:
            item = self.server.session.current
        path = item.image_path if item and str(item.position) == position else None
        try:
            picture = path.read_bytes() if path else None
        except OSError:
            picture = None
        if picture is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._send(picture, "image/jpeg")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """An answer that says its status alone, and nothing of what was sent."""
        body = f"{code} {HTTPStatus(code).phrase}\n".encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a line would hold the token."""
