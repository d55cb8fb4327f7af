"""A real local HTTP server in a thread that answers chat requests by a script."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from analytics.contract.prompts import render_target
from analytics.contract.records import Rationale

MODEL = "scripted-72b"
_POST = re.compile(r"<post>\n(.*)\n</post>", re.DOTALL)
_GIVEN = re.compile(r"\nPrediction: (negative|neutral|positive)$")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request: its body, and how many came before it, in all and for this post."""

    body: dict[str, Any]
    headers: dict[str, str]
    n: int
    n_for_post: int

    @property
    def prompt(self) -> str:
        """The user's text."""
        content = self.body["messages"][1]["content"]
        return content if isinstance(content, str) else content[-1]["text"]

    @property
    def post(self) -> str:
        """The text between the marks."""
        found = _POST.search(self.prompt)
        assert found is not None
        return found[1]

    @property
    def given_label(self) -> str | None:
        """The label that stage 2 shows."""
        found = _GIVEN.search(self.prompt)
        return found[1] if found else None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server sends. `cut` names how the body breaks off; `delay_s` comes before it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: str = ""


def say(
    text: str, *, finish_reason: str | None = "stop", logprobs: Any = None, **values: Any
) -> Answer:
    """A chat reply of 100 prompt tokens and 20 reply tokens; `logprobs` are of its tokens."""
    body = {
        "object": "chat.completion",
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": finish_reason,
                "logprobs": None if logprobs is None else {"content": logprobs},
            }
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
    return Answer(body=json.dumps(body).encode(), **values)


def fail(status: int, message: str = "no", **headers: str) -> Answer:
    """An error as OpenAI-compatible servers write it."""
    body = json.dumps({"error": {"message": message}}).encode()
    return Answer(
        status=status, body=body, headers={k.replace("_", "-"): headers[k] for k in headers}
    )


def reason(label: str, **parts: str) -> str:
    """A well-formed rationale that predicts a label."""
    values = {
        "text_analysis": "The words are plain.",
        "image_analysis": "A square of one colour.",
        "conflict_resolution": "They do not disagree.",
        "final_conclusion": f"So it is {label}.",
        **parts,
    }
    return render_target(Rationale(**values, label=label))  # type: ignore[arg-type]


class ScriptedServer:
    """Counts what it is asked; `script` decides each answer."""

    def __init__(self, script: Callable[[Asked], Answer]) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.extras: dict[str, Callable[[dict[str, Any]], Answer]] = {}
        self.models = Answer(body=json.dumps({"data": [{"id": MODEL}]}).encode())
        self.n_listed = 0
        self.n_now = 0
        self.n_most = 0
        self.url = ""
        self.is_closing = threading.Event()
        self.lock = threading.Lock()

    def note(self, body: dict[str, Any], headers: dict[str, str]) -> Asked:
        """Count a request."""
        with self.lock:
            before = [a for a in self.asked if a.body["messages"] == body["messages"]]
            asked = Asked(body=body, headers=headers, n=len(self.asked), n_for_post=len(before))
            self.asked.append(asked)
        return asked

    def move(self, step: int) -> None:
        """Count what is under way."""
        with self.lock:
            self.n_now += step
            self.n_most = max(self.n_most, self.n_now)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that went away are part of the tests."""


def _make_handler(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def handle_one_request(self) -> None:
            """Hang up on connections that outlive the server."""
            super().handle_one_request()
            self.close_connection |= server.is_closing.is_set()

        def do_GET(self) -> None:
            is_models = self.path == "/v1/models"
            server.n_listed += is_models
            self._send(server.models if is_models else self._answer_extra({}))

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            if self.path != "/v1/chat/completions":
                self._send(self._answer_extra(json.loads(data)))
                return
            headers = {k.lower(): v for k, v in self.headers.items()}
            server.move(1)
            answer = server.script(server.note(json.loads(data), headers))
            server.is_closing.wait(answer.delay_s)
            server.move(-1)
            self._send(replace(answer, delay_s=0))

        def _answer_extra(self, body: dict[str, Any]) -> Answer:
            found = server.extras.get(self.path)
            return found(body) if found else fail(404)

        def _send(self, answer: Answer) -> None:
            server.is_closing.wait(answer.delay_s)
            body = answer.body
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.cut == "chunk":
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                half = body[: len(body) // 2]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(half), half))
            elif answer.cut == "json":  # no length: the end of the connection is the end
                self.send_header("connection", "close")
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
            elif answer.cut == "endless":
                self.send_header("connection", "close")
                self.end_headers()
                while not server.is_closing.is_set():  # until the client goes away
                    self.wfile.write(body)
            else:
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                if answer.cut == "drip":
                    for n in range(len(body)):
                        self.wfile.write(body[n : n + 1])
                        self.wfile.flush()
                        server.is_closing.wait(0.02)
                else:
                    self.wfile.write(body[: len(body) // 2] if answer.cut == "length" else body)
            self.close_connection = bool(answer.cut)

    return Handler


@contextmanager
def serve(script: Callable[[Asked], Answer], *, port: int = 0) -> Iterator[ScriptedServer]:
    """A running server of this machine, on a free port where none is given."""
    server = ScriptedServer(script)
    listener = _Listener(("127.0.0.1", port), _make_handler(server))
    server.url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.is_closing.set()
        listener.shutdown()
        listener.server_close()
        thread.join(5)


def find_closed_url() -> str:
    """An address where nothing listens."""
    listener = _Listener(("127.0.0.1", 0), BaseHTTPRequestHandler)
    url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
    listener.server_close()
    time.sleep(0)
    return url
