"""An engine in a process of its own: a crash there is an error here.

A segmentation fault or the kernel's out-of-memory killer ends the process of the
engine, not the run. The process is in a session of its own, so that Ctrl-C in a
terminal reaches the run alone, which then ends after the chunk.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from analytics.contract.engine import Engine, EngineFacts, LabelReply, TextReply
from analytics.contract.errors import EngineDiedError, EngineError
from analytics.contract.records import Item

_LOOK_S = 1.0
_CLOSE_S = 30.0


class ProcessEngine:
    """An engine that `load` makes in a new process; `load` is pickled.

    Raises:
        AnalyticsError: what `load` raised there.
        EngineDiedError: the process ended while it loaded.
    """

    def __init__(self, load: Callable[[], Engine]) -> None:
        ours, theirs = socket.socketpair()
        descriptor = theirs.fileno()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "analytics.engine.worker", str(descriptor), _own_pid()],
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(_list_import_folders())},
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self._is_idle = True
        self._is_closed = False
        try:
            level = logging.getLogger(__name__).getEffectiveLevel()
            self._facts: EngineFacts = self._exchange((load, level), "it loaded")
        except BaseException:
            self.close()
            raise

    @property
    def facts(self) -> EngineFacts:
        """What is known of the loaded engine."""
        return self._facts

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """The label probabilities of items, in order.

        Raises:
            EngineDiedError: the process ended.
            EngineError: the batch cannot be computed.
        """
        replies: list[LabelReply] = self._ask("label", items)
        return replies

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """The rationales of items, in order.

        Raises:
            EngineDiedError: the process ended.
            EngineError: the batch cannot be computed.
        """
        replies: list[TextReply] = self._ask("rationalize", items)
        return replies

    def close(self) -> None:
        """End the process: at its leisure between calls, at once within one."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._is_idle:
            with suppress(OSError, subprocess.TimeoutExpired):
                self._connection.send(("close", ()))
                self._process.wait(_CLOSE_S)
        with suppress(ProcessLookupError, PermissionError):  # its session: what it started, too
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._connection.close()

    def _ask(self, method: str, items: Sequence[Item]) -> list[Any]:
        if self._is_closed:
            raise EngineError("the engine was closed. Load it again")
        count = "1 item" if len(items) == 1 else f"{len(items)} items"
        replies: list[Any] = self._exchange((method, list(items)), f"it had {count} to {method}")
        return replies

    def _exchange(self, message: object, doing: str) -> Any:
        """What the process answers; its log records are logged here meanwhile."""
        self._is_idle = False
        try:
            self._connection.send(message)
            while True:
                kind, content = self._receive()
                if kind != "log":
                    break
                log = logging.getLogger(content.name)
                if log.isEnabledFor(content.levelno):
                    log.handle(content)
        except (EOFError, OSError) as exc:
            raise EngineDiedError(
                f"the engine's process {self._describe_end()} while {doing}"
            ) from exc
        # One whose engine is gone has nothing to end at its leisure.
        self._is_idle = not isinstance(content, EngineDiedError)
        if kind == "error":
            raise content
        return content

    def _receive(self) -> tuple[str, Any]:
        # Where a process of the engine's own holds the line, its end does not close it.
        while not self._connection.poll(_LOOK_S):
            if self._process.poll() is not None and not self._connection.poll():
                raise EOFError
        message: tuple[str, Any] = self._connection.recv()
        return message

    def _describe_end(self) -> str:
        try:
            code = self._process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            return "fell silent"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        oom = " (often the kernel, out of memory)" if -code == signal.SIGKILL else ""
        return f"was ended by {name}{oom}"


def _own_pid() -> str:
    return str(os.getpid())


def _list_import_folders() -> list[str]:
    """Where this process finds modules, so that the other one finds the same."""
    return [os.path.abspath(folder) for folder in sys.path]
