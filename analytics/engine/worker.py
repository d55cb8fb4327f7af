"""The process that an engine runs in, so that its death is not that of the run.

Started by `process_engine` alone: `python -m analytics.engine.worker DESCRIPTOR PARENT`.
"""

import atexit
import logging
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from typing import Any, cast

from analytics.contract.engine import Engine
from analytics.contract.errors import EngineError
from analytics.contract.records import Item
from analytics.engine.beats import listen, worked_s

_LOOK_S = 0.2
# Beats are passed on this often at most.
_BEAT_S = 1.0
# What `ask_each` takes for a fault of the batch, and not of the program.
_BATCH_FAULTS = (EngineError, RuntimeError, ValueError, OSError)


class Outbox:
    """Sends messages (kind, content) to the parent; threads may log meanwhile."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._beat_at = 0.0

    def send(self, kind: str, content: object) -> None:
        """Send one message."""
        with self._lock:
            self._connection.send((kind, content))

    def beat(self) -> None:
        """Pass a beat of the engine on, unless one was just now."""
        if time.monotonic() - self._beat_at >= _BEAT_S:
            self.tell_work()

    def tell_work(self) -> None:
        """Beat, and say for how long the engine has worked."""
        self._beat_at = time.monotonic()
        self.send("beat", worked_s())

    def put_nowait(self, record: logging.LogRecord) -> None:
        """Take a record of a QueueHandler."""
        self.send("log", record)


def serve(connection: "Connection[Any, Any]") -> None:
    """Load the engine that the parent names, then answer its calls until it closes.

    Raises:
        EOFError, ConnectionError: the parent is gone.
    """
    load: Callable[[], Engine]
    number, _, (load, level) = connection.recv()
    outbox = Outbox(connection)
    logging.basicConfig(  # the parent adds level and name
        level=level, format="%(message)s", handlers=[QueueHandler(cast(Any, outbox))], force=True
    )
    try:
        engine = load()
    except Exception as exc:  # all of them are the parent's to judge
        outbox.send("error", (number, make_portable(exc)))
        return
    listen(outbox.beat)
    outbox.send("ready", (number, engine.facts))

    def answer(number: int, method: str, items: list[Item]) -> None:
        try:
            replies = getattr(engine, method)(items)
        except Exception as exc:  # the same
            outbox.send("error", (number, make_portable(exc)))
        else:
            outbox.tell_work()  # before the answer, so that whoever has that knows
            outbox.send("replies", (number, replies))

    n_calls = engine.facts.max_calls
    # One call at a time stays in this thread: OpenMP binds its own to the one that asks.
    threads = ThreadPoolExecutor(n_calls) if n_calls > 1 else None
    while True:
        number, method, items = connection.recv()
        if method == "close":  # between calls
            break
        if threads is None:
            answer(number, method, items)
        else:
            threads.submit(answer, number, method, items)
    engine.close()


def make_portable(error: Exception) -> Exception:
    """An error that the parent can read without the libraries that this process has.

    Its notes tell where it came from, for errors that are a fault of the program.
    """
    if type(error).__module__ in ("builtins", EngineError.__module__):
        try:
            copy = pickle.loads(pickle.dumps(error))
        except Exception:  # constructors with arguments of their own
            copy = None
        if type(copy) is type(error):
            found: Exception = copy
            if not isinstance(error, _BATCH_FAULTS):
                found.add_note("".join(traceback.format_exception(error)))
            return found
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, _BATCH_FAULTS):
        return EngineError(text)
    bug = Exception(text)
    bug.add_note("".join(traceback.format_exception(error)))
    return bug


def _follow(parent: int) -> None:
    """End with the parent, however it ends, and with all processes started here."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Serve on an inherited descriptor."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(descriptor, False)  # else processes started here keep it open
    os.dup2(2, 1)  # what libraries print is not the command's output
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    with Connection(descriptor) as connection:
        try:
            serve(connection)
        except (EOFError, ConnectionError):  # what was started here must not outlive it
            os.killpg(0, signal.SIGKILL)
    # The engine is closed. Taking torch apart module by module would keep the parent waiting.
    atexit._run_exitfuncs()
    os._exit(0)


if __name__ == "__main__":
    main()
