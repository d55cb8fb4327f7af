"""Labelling in the terminal: how an item looks there, and which key is what."""

import os
import re
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from PIL import Image, UnidentifiedImageError
from rich.console import Console
from rich.style import Style
from rich.text import Text

from analytics.cli.common import make_printable
from analytics.labelling.session import LabelItem, LabelSession
from analytics.store.gold import UNCLEAR

KEYS = {"n": "negative", "u": "neutral", "e": "neutral", "p": "positive", "s": UNCLEAR}
_BACK, _QUIT = "b", "q"
_MAX_WIDTH = 100
_MAX_PICTURE = (64, 48)  # pixels: two of them are one character high
_PROMPT = "[n]egative, n[e]utral, [p]ositive, [s] cannot be told, [b]ack, [q]uit"


def label_in_terminal(
    session: LabelSession, *, shows_model: bool = False, shows_pictures: bool = True
) -> None:
    """Ask item after item, until all are answered or the person quits; all to stderr.

    In a terminal one key is an answer; otherwise each line of the input is one.
    """
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    console.width = max(20, min(console.width, _MAX_WIDTH))
    try:
        with _key_by_key():
            while (item := session.current) is not None:
                show_item(
                    console, item, session, shows_model=shows_model, shows_pictures=shows_pictures
                )
                key = _read_key(item)
                if key == _QUIT:
                    return
                if key != _BACK:
                    session.answer(KEYS[key])
                elif not session.undo():
                    console.print("Nothing to take back.")
    except (click.Abort, KeyboardInterrupt, EOFError):  # Ctrl-C, the end of the input: as quit
        console.print()


def show_item(
    console: Console,
    item: LabelItem,
    session: LabelSession,
    *,
    shows_model: bool,
    shows_pictures: bool,
) -> None:
    """One item: place in the draw, post, picture; the model's label only if asked for."""
    console.print()
    made = f" · {item.created_at:%Y-%m-%d %H:%M}" if item.created_at else ""
    place = f"[{session.n_passed + 1}/{session.n_items}] {item.post_id}{made}"
    console.print(Text(make_printable(place), style="dim", overflow="fold"))
    console.print(highlight_aspect(make_printable(item.text), item.aspect), overflow="fold")
    if item.image_path is not None:
        drawn = (
            draw_picture(item.image_path, console.width)
            if shows_pictures and can_draw(console)
            else None
        )
        if drawn is not None:
            console.print(drawn, no_wrap=True, overflow="crop")
        console.print(Text(f"picture: {make_printable(str(item.image_path))}", overflow="fold"))
        if item.image_alt_text:
            alt = make_printable(item.image_alt_text)
            console.print(Text(f"its description: {alt}", style="dim", overflow="fold"))
    if shows_model:
        console.print(Text(f"the model: {item.prediction or 'no label yet'}", style="dim"))


def highlight_aspect(text: str, aspect: str) -> Text:
    """The text with each mention of the aspect in bold and underlined, whatever its case."""
    shown = Text(text, overflow="fold")
    if aspect:
        shown.highlight_regex(re.compile(re.escape(aspect), re.IGNORECASE), "bold underline")
    return shown


def can_draw(console: Console) -> bool:
    """Whether the terminal has the colours and the letters for a picture."""
    is_plain = console.no_color or console.color_system not in ("256", "truecolor")
    return not (is_plain or console.is_dumb_terminal or "utf" not in console.encoding.lower())


def draw_picture(path: Path, width: int) -> Text | None:
    """A picture as half blocks, two pixels a character; None where it cannot be read."""
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    picture.thumbnail((min(width, _MAX_PICTURE[0]), _MAX_PICTURE[1]))
    drawn = Text(end="")
    for top in range(0, picture.height, 2):
        for left in range(picture.width):
            upper = _color(picture, left, top)
            lower = _color(picture, left, top + 1) if top + 1 < picture.height else None
            drawn.append("\u2580", Style(color=upper, bgcolor=lower))
        drawn.append("\n")
    return drawn


def _color(picture: Image.Image, left: int, top: int) -> str:
    pixel = picture.getpixel((left, top))
    assert isinstance(pixel, tuple)
    return "#{:02x}{:02x}{:02x}".format(*pixel[:3])


def _has_keys() -> bool:
    return sys.stdin.isatty() and os.environ.get("TERM", "dumb") != "dumb"


@contextmanager
def _key_by_key() -> Iterator[None]:
    """Keys come one by one and are not shown, for as long as items are asked.

    Not anew for each key: what is typed between two questions would be lost.
    """
    if not _has_keys():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)


def _read_key(item: LabelItem) -> str:
    target = f'toward "{make_printable(item.aspect)}"' if item.aspect else "of the post"
    question = f"Sentiment {target}: {_PROMPT}"
    if not _has_keys():
        choice = click.Choice([*KEYS, _BACK, _QUIT], case_sensitive=False)
        answer: str = click.prompt(question, type=choice, show_choices=False, err=True)
        return answer
    while True:
        click.echo(f"{question}: ", nl=False, err=True)
        key = _read_byte()
        is_known = key in KEYS or key in (_BACK, _QUIT)
        click.echo(key if is_known else "?", err=True)
        if is_known:
            return key


def _read_byte() -> str:
    """The next key in lower case; an arrow or the like is one key, and none of ours."""
    descriptor = sys.stdin.fileno()
    key = os.read(descriptor, 1)
    if key in (b"", b"\x04"):  # the end of the input, Ctrl-D
        raise EOFError
    if key == b"\x1b":
        while select.select([descriptor], [], [], 0.02)[0] and os.read(descriptor, 16):
            pass
        return ""
    return key.decode("ascii", "replace").lower()
