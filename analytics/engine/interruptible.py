"""Work that waits for others, such as a server, and that a stop need not wait for."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

Found = TypeVar("Found")

_LOOK_S = 0.2


def run_unless_stopped(work: Callable[[], Found], is_stopped: Callable[[], bool]) -> Found:
    """What `work` gives or raises, in a thread that is left behind once `is_stopped`.

    Raises:
        KeyboardInterrupt: `is_stopped` said so before it was done.
    """
    result: Future[Found] = Future()

    def run() -> None:
        try:
            found = work()
        except BaseException as exc:  # whatever it is, it is the caller's
            result.set_exception(exc)
        else:
            result.set_result(found)

    threading.Thread(target=run, name="interruptible", daemon=True).start()
    while not result.done():
        if is_stopped():
            raise KeyboardInterrupt
        wait([result], timeout=_LOOK_S)
    return result.result()
