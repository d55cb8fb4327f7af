"""What commands share: options, logging, progress, signals, output."""

import errno
import functools
import json
import logging
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from analytics.config.settings import DtypeName, EngineName
from analytics.contract.errors import AnalyticsError

Function = TypeVar("Function", bound=Callable[..., Any])

_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# What --engine and --dtype take.
ENGINES = click.Choice(get_args(EngineName))
DTYPES = click.Choice(get_args(DtypeName))


# Older versions of click know no type arguments.
if TYPE_CHECKING:
    _DayParam = click.ParamType[date]
else:
    _DayParam = click.ParamType


class DayType(_DayParam):
    """A day as 2026-03-09."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The day of a text; what is none, or is written otherwise, is wrong usage."""
        if isinstance(value, date):
            return value
        try:
            # fromisoformat takes weeks and days without dashes as well.
            return datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            self.fail(f"{value!r} is no day. Write it as 2026-03-09.", param, ctx)


DAY = DayType()

# Faults of the place where a file is, not of the program.
_PLACE_FAULTS = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM),
        *(errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG),
    }
)


def common_options(function: Function) -> Function:
    """--config, --json and --verbose."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Log more, to stderr."),
        click.option("--json", "as_json", is_flag=True, help="JSON on stdout, for programs."),
        click.option(
            "--config",
            "config_path",
            type=click.Path(path_type=Path),
            envvar="ANALYTICS_CONFIG",
            help="The configuration.  [default: analytics.toml]",
        ),
    ):
        function = option(function)

    @functools.wraps(function)
    def wrapped(*args: Any, verbose: bool, as_json: bool, **kwargs: Any) -> Any:
        set_up_logging(verbose=verbose)
        try:
            with name_place_faults():
                return function(*args, as_json=as_json, **kwargs)
        except AnalyticsError as exc:
            if as_json:
                echo_json({"status": "failed", "error": str(exc), "kind": type(exc).__name__})
            raise

    return wrapped  # type: ignore[return-value]


@contextmanager
def name_place_faults() -> Iterator[None]:
    """Full disks, missing rights and files where folders are needed are the user's to mend.

    Raises:
        AnalyticsError: in place of an OSError of that kind; others stay as they are.
    """
    try:
        yield
    except OSError as exc:
        if exc.errno not in _PLACE_FAULTS:
            raise
        raise AnalyticsError(
            f"{exc.filename or 'a file'}: cannot be used ({exc.strerror}). "
            "Make room, mend its permissions, or give another place"
        ) from exc


def make_printable(text: str) -> str:
    """Text for a terminal: what strangers wrote of it may not steer it, or turn its lines around.

    Control characters but line ends, and marks of direction, become U+FFFD.
    """
    return _STEERING.sub("\ufffd", text)


class _PrintableFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return make_printable(super().format(record))


def set_up_logging(*, verbose: bool) -> None:
    """Log to stderr: warnings of all, and what happens in our own packages."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _PrintableFormatter(
            "%(levelname)s %(name)s: %(message)s" if verbose else "%(levelname)s: %(message)s"
        )
    )
    level = logging.DEBUG if verbose else logging.WARNING
    logging.basicConfig(level=level, handlers=[handler], force=True)
    if not verbose:
        for name in ("analytics", "connectors", "reports", "distillation"):
            logging.getLogger(name).setLevel(logging.INFO)


def echo_json(value: Any) -> None:
    """One JSON value on stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def exit_with(code: int) -> None:
    """End the command with an exit code."""
    click.get_current_context().exit(code)


@contextmanager
def stop_on_signal() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM ask for a clean stop; a second one stops at once."""
    stopped = False
    before: dict[signal.Signals, Any] = {}

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if stopped:
            raise KeyboardInterrupt
        stopped = True
        click.echo("Stopping after what is under way; once more stops at once.", err=True)

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, ask)
    try:
        yield lambda: stopped
    except KeyboardInterrupt:
        raise AnalyticsError(
            "stopped by the user. What was committed is kept; run the command again to go on."
        ) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
