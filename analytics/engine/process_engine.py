"""An engine in a process of its own: a crash there is an error here.

A segmentation fault or the kernel's out-of-memory killer ends the process of the
engine, not the run. The process is in a session of its own, so that Ctrl-C in a
terminal reaches the run alone, which then ends after what is under way.
"""

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from analytics.contract.engine import Engine, EngineFacts, LabelReply, TextReply
from analytics.contract.errors import EngineDiedError, EngineError
from analytics.contract.records import Item

_LOOK_S = 1.0
_STOP_S = 0.2
_CLOSE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What the process was asked, also in words, and its answer when it has come."""

    method: str
    doing: str
    answer: "Future[Any]" = field(default_factory=Future)


class ProcessEngine:
    """An engine that `load` makes in a new process; `load` is pickled.

    As many threads may ask at once as the engine's facts say. One that has calls to answer, and
    for `silence_s` seconds neither answers nor beats (see `beats`), hangs: its process is ended.
    While it loads `is_stopped` is asked whether to give up.

    Raises:
        AnalyticsError: what `load` raised there.
        KeyboardInterrupt: `is_stopped` said so while it loaded; its process was ended.
        EngineDiedError: the process ended while it loaded.
    """

    def __init__(
        self,
        load: Callable[[], Engine],
        *,
        silence_s: float | None = None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._silence_s = silence_s
        self._heard_at = time.monotonic()
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
        self._send_lock = threading.Lock()
        self._lock = threading.Lock()
        self._calls: dict[int, _Call] = {}
        self._n_calls = 0
        self._end: str | None = None  # how the process ended, or its engine
        self._is_closed = False
        self._worked_s: float | None = None
        self._reader = threading.Thread(target=self._read, name="engine replies", daemon=True)
        self._reader.start()
        level = logging.getLogger(__name__).getEffectiveLevel()
        try:
            loading = self._send("load", (load, level), "it loaded")
            while not loading.done():
                if is_stopped():
                    raise KeyboardInterrupt
                wait([loading], timeout=_STOP_S)
            self._facts: EngineFacts = loading.result()
        except BaseException:
            self.close()
            raise

    @property
    def facts(self) -> EngineFacts:
        """What is known of the loaded engine."""
        return self._facts

    @property
    def worked_s(self) -> float | None:
        """Seconds in which the model has computed, as last heard; None where it does not say."""
        return self._worked_s

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
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            is_idle = not self._calls and self._end is None
        if is_idle:
            with suppress(OSError, subprocess.TimeoutExpired):
                with self._send_lock:
                    self._connection.send((0, "close", ()))
                self._process.wait(_CLOSE_S)
        self._kill()
        self._process.wait()
        self._reader.join(_CLOSE_S)

    def _ask(self, method: str, items: Sequence[Item]) -> list[Any]:
        if self._is_closed:
            raise EngineError("the engine was closed. Load it again")
        count = "1 item" if len(items) == 1 else f"{len(items)} items"
        replies: list[Any] = self._send(method, list(items), f"it had {count} to {method}").result()
        return replies

    def _send(self, method: str, content: object, doing: str) -> "Future[Any]":
        """Ask the process; what it will answer to one call."""
        call = _Call(method=method, doing=doing)
        with self._lock:
            if self._end is not None:
                raise _make_death(self._end, call)
            number = self._n_calls
            self._n_calls += 1
            if not self._calls:
                self._heard_at = time.monotonic()
            self._calls[number] = call
        # A broken pipe is its end, which the reader tells.
        with suppress(OSError), self._send_lock:
            self._connection.send((number, method, content))
        return call.answer

    def _read(self) -> None:
        """Hand answers to those who wait, and log what the process logs, to its end."""
        with self._connection:
            try:
                while True:
                    kind, content = self._receive()
                    self._heard_at = time.monotonic()
                    if kind == "beat":
                        self._worked_s = content
                        continue
                    if kind == "log":
                        log = logging.getLogger(content.name)
                        if log.isEnabledFor(content.levelno):
                            log.handle(content)
                        continue
                    number, answer = content
                    with self._lock:
                        call = self._calls.pop(number)
                        if isinstance(answer, EngineDiedError):
                            # One whose engine is gone has nothing to end at its leisure.
                            self._end = "has lost its engine"
                    if kind == "error":
                        call.answer.set_exception(answer)
                    else:
                        call.answer.set_result(answer)
            except TimeoutError as exc:
                end = str(exc)
            except (EOFError, OSError):
                end = self._describe_end()
            except Exception as exc:  # a message that cannot be unpickled
                end = f"sent what cannot be read ({type(exc).__name__}: {exc})"
        with self._lock:
            self._end = end
            calls = list(self._calls.values())
            self._calls.clear()
        for call in calls:
            call.answer.set_exception(_make_death(end, call))

    def _receive(self) -> tuple[str, Any]:
        # Where a process of the engine's own holds the line, its end does not close it.
        while not self._connection.poll(_LOOK_S):
            if self._process.poll() is not None and not self._connection.poll():
                raise EOFError
            self._check_silence()
        message: tuple[str, Any] = self._connection.recv()
        return message

    def _check_silence(self) -> None:
        """End a process that hangs.

        Raises:
            TimeoutError: it was ended.
        """
        with self._lock:
            # Weights may come over a slow network, without a beat.
            is_asked = any(call.method != "load" for call in self._calls.values())
            silence_s = time.monotonic() - self._heard_at
        if self._silence_s is None or not is_asked or silence_s < self._silence_s:
            return
        self._kill()
        raise TimeoutError(
            f"showed no progress for {silence_s:.0f} s ([infer] engine_timeout_s) and was ended"
        )

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):  # its session: what it started, too
            os.killpg(self._process.pid, signal.SIGKILL)

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


def _make_death(end: str, call: _Call) -> EngineDiedError:
    return EngineDiedError(f"the engine's process {end} while {call.doing}")


def _own_pid() -> str:
    return str(os.getpid())


def _list_import_folders() -> list[str]:
    """Where this process finds modules, so that the other one finds the same."""
    return [os.path.abspath(folder) for folder in sys.path]
