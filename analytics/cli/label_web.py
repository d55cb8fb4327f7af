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
    click.echo(f"Open {server.url}\nIt ends with its button Stop, or with Ctrl-C.", err=True)

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, interrupt) if is_main else None
    try:
        server.run()
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        if is_main:
            signal.signal(signal.SIGTERM, before)
