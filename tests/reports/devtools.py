"""A small client for headless Chromium: the DevTools protocol over a pipe.

Chromium reads commands from file descriptor 3 and writes replies and events to
descriptor 4, each a JSON text that ends in a NUL byte.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
_TIMEOUT_S = 60.0


def find_chromium() -> str | None:
    """The path of Chromium, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Visit:
    """What a page did while it was open."""

    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that a quiet page does not do.

        The report's own script, which its policy names, is one of `scripts`, and no fault.
        """
        return [
            f"{kind}: {what}"
            for kind, found in vars(self).items()
            for what in found
            if kind != "scripts"
        ]  # fmt: skip


class Browser:
    """One headless Chromium with one page."""

    def __init__(self, commands: int, replies: int) -> None:
        self._commands = commands
        self._replies = replies
        self._buffer = b""
        self._next_id = 0
        self._session: str | None = None
        self._visit = Visit()
        self._address = ""
        self._is_loaded = False
        # At once: a test may set the page's width before anything is opened.
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Audits", "Debugger"):
            self.call(f"{domain}.enable")

    def open(self, path: Path, *, wait_s: float = 0.5, fragment: str = "") -> Visit:
        """Open a file, at a fragment, and listen until it has loaded and `wait_s` have passed."""
        address = path.resolve().as_uri()
        return self.visit(f"{address}#{fragment}" if fragment else address, wait_s=wait_s)

    def visit(self, url: str, *, wait_s: float = 0.0) -> Visit:
        """Open an address, as `open` does a file."""
        self._begin(url.partition("#")[0])
        self.call("Page.navigate", url=url)
        return self._wait_for_load(wait_s)

    def follow(self, expression: str, *, wait_s: float = 0.0) -> Visit:
        """Evaluate what leads to another page, and wait for that."""
        self._begin(self._address)
        self.evaluate(expression)
        return self._wait_for_load(wait_s)

    def _begin(self, url: str) -> None:
        self._visit = Visit()
        self._address = url
        self._is_loaded = False

    def _wait_for_load(self, wait_s: float) -> Visit:
        deadline = time.monotonic() + _TIMEOUT_S
        while not self._is_loaded:
            self._receive(deadline)
        quiet = time.monotonic() + wait_s
        while time.monotonic() < quiet:
            self._receive(quiet, may_end=True)
        return self._visit

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        reply = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in reply:
            raise RuntimeError(f"{expression}: {reply['exceptionDetails']}")
        return reply["result"].get("value")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its reply."""
        self._next_id += 1
        number = self._next_id
        self._send(number, method, parameters)
        deadline = time.monotonic() + _TIMEOUT_S
        while True:
            message = self._receive(deadline)
            if message is not None and message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])

    def _send(self, number: int, method: str, parameters: dict[str, Any]) -> None:
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._commands, data) :]

    def _receive(self, deadline: float, *, may_end: bool = False) -> dict[str, Any] | None:
        while b"\0" not in self._buffer:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._replies], [], [], left)[0]:
                if may_end:
                    return None
                raise TimeoutError("Chromium did not answer in time")
            data = os.read(self._replies, 1 << 16)
            if not data:
                raise RuntimeError("Chromium ended")
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self._note(message["method"], message["params"])
        return message

    def _note(self, method: str, event: dict[str, Any]) -> None:
        visit = self._visit
        if method == "Page.loadEventFired":
            self._is_loaded = True
        elif method == "Network.requestWillBeSent":
            url = event["request"]["url"]
            if url != self._address and not url.startswith("data:"):
                visit.requests.append(url)
        elif method == "Runtime.consoleAPICalled":
            words = " ".join(str(one.get("value")) for one in event["args"])
            visit.console.append(f"{event['type']}: {words}")
        elif method == "Runtime.exceptionThrown":
            visit.console.append(f"exception: {event['exceptionDetails']['text']}")
        elif method == "Log.entryAdded":
            entry = event["entry"]
            if entry["level"] in ("error", "warning"):
                visit.console.append(f"{entry['level']}: {entry['text']}")
        elif method == "Audits.issueAdded":
            visit.violations.append(json.dumps(event["issue"], sort_keys=True))
        elif method == "Debugger.scriptParsed":
            # What the tests evaluate has no address.
            if event["url"]:
                visit.scripts.append(event["url"])
        elif method == "Page.javascriptDialogOpening":
            visit.dialogs.append(f"{event['type']}: {event['message']}")
            # Not waited for: the reply is passed over by whoever reads next.
            self._next_id += 1
            self._send(self._next_id, "Page.handleJavaScriptDialog", {"accept": True})


@contextmanager
def open_browser(profile: Path) -> Iterator[Browser]:
    """A headless Chromium with an empty profile, ended afterwards."""
    program = find_chromium()
    if program is None:
        raise FileNotFoundError("chromium")
    profile.mkdir(parents=True, exist_ok=True)
    from_us, to_chromium = (_lift(end) for end in os.pipe())
    from_chromium, to_us = (_lift(end) for end in os.pipe())
    log = os.open(profile / "chromium.log", os.O_WRONLY | os.O_CREAT, 0o600)
    process = os.posix_spawn(
        program,
        [program, *_FLAGS, f"--user-data-dir={profile}"],
        {**os.environ, "HOME": str(profile)},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
            (os.POSIX_SPAWN_DUP2, from_us, 3),
            (os.POSIX_SPAWN_DUP2, to_us, 4),
        ],
        setsid=True,
    )
    for end in (from_us, to_us, log):
        os.close(end)
    try:
        yield Browser(to_chromium, from_chromium)
    finally:
        # The group is the one that `setsid` made: Chromium and its children.
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(to_chromium)
        os.close(from_chromium)


def _lift(end: int) -> int:
    """The same pipe end under a number above those that Chromium uses."""
    lifted = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(end)
    return lifted
