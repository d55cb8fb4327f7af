"""Runs the page for labelling beside a test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from analytics.labelling.session import LabelSession
from analytics.labelling.web import LabelServer


@contextmanager
def serve(session: LabelSession, *, shows_model: bool = False) -> Iterator[LabelServer]:
    """A server that runs until the end; what it failed with is raised there."""
    server = LabelServer(session, shows_model=shows_model)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            server.run()
        except BaseException as exc:
            failures.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
    if failures:
        raise failures[0]
