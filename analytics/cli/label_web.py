"""Labelling in the browser: starts the page, says where it is, and ends with it."""

import signal
import threading
from types import FrameType

import click

from analytics.contract.errors import AnalyticsError
from analytics.labelling.session import LabelSession
from analytics.labelling.web import LabelServer


def label_in_browser(session: LabelSession, *, port: int, shows_model: bool) -> None:
    """Serve the page until Stop is pressed there, or Ctrl-C or SIGTERM.

    Raises:
        AnalyticsError: the port is taken.
    """
    try:
        server = LabelServer(session, port=port, shows_model=shows_model)
    except OSError as exc:
        raise AnalyticsError(
            f"port {port} of 127.0.0.1 cannot be used ({exc.strerror}). Leave --port out, or"
            " name another one"
        ) from exc
    is_interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal is_interrupted
        if is_interrupted:
            raise KeyboardInterrupt
        is_interrupted = True
        # Raised here at once, it would be lost where Python ignores errors, as in a `__del__`.
        server.stop()

    is_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = [signal.signal(number, interrupt) for number in numbers]
    click.echo(f"Open {server.url}\nIt ends with its button Stop, or with Ctrl-C.", err=True)
    try:
        server.run()
    except KeyboardInterrupt:
        is_interrupted = True
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if is_interrupted:
        click.echo("Stopped.", err=True)
