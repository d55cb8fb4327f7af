"""Long texts of an X archive: posts are cut in tweets.js, whole in note-tweet.js."""

import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from analytics.contract.errors import ConnectorError
from connectors.json_stream import ArrayReader
from connectors.streams import ByteStream
from connectors.values import BadRecordError, TimeWindow, read_text

LONG_TEXTS_NAME = "note-tweet.js"
# `window.YTD.tweets.part0 = [`, or the array alone.
OPENING = re.compile(r"[\s\ufeff]*(?:[\w.$]+\s*=\s*)?\[")
_NEXT_NOTE = re.compile(r'\{\s*"noteTweet"\s*:\s*\{')
_LINKS_AT_END = re.compile(r"(?:\s*https?://t\.co/\w+)+$")
_MENTIONS_AT_START = re.compile(r"^(?:@\w{1,50}\s+)+")
# A note and its post are made within the same second or two.
_MAX_SECONDS_APART = 5


class LongTexts:
    """The long texts of an archive, found by time and beginning.

    Nothing in the archive ties the two files: a note has an id of its own.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._by_second: dict[int, list[str]] = defaultdict(list)

    def add(self, text: str, created_at: datetime) -> None:
        """Keep a long text under its second."""
        self._by_second[int(created_at.timestamp())].append(text)

    def find(self, text: str, created_at: datetime) -> str | None:
        """The long text that a text with an ellipsis at its end was cut from."""
        if not self._by_second:
            return None
        cut = _LINKS_AT_END.sub("", text).rstrip()
        if not cut.endswith("…"):
            return None
        stem = cut.removesuffix("…").rstrip()
        stems = tuple(s for s in (stem, _MENTIONS_AT_START.sub("", stem)) if s)
        second = int(created_at.timestamp())
        for distance in range(_MAX_SECONDS_APART + 1):
            for moment in {second - distance, second + distance}:
                for candidate in self._by_second.get(moment, ()):
                    if candidate.startswith(stems) and len(candidate) > len(stem):
                        return candidate
        return None


def load_long_texts(path: Path | None, window: TimeWindow) -> LongTexts:
    """The long texts beside the posts, if any; what is wrong with the file is in `faults`."""
    found = LongTexts()
    if path is None:
        return found
    try:
        with ByteStream(path) as stream:
            reader = ArrayReader(stream, opening=OPENING, resync=_NEXT_NOTE)
            if not reader.open():
                found.faults.append(f"{LONG_TEXTS_NAME}: not an array; long texts stay cut")
                return found
            for element in reader:
                fault = element.fault
                if fault is None:
                    try:
                        _add_note(found, element.value, window)
                    except BadRecordError as exc:
                        fault = str(exc)
                if fault is not None:
                    found.faults.append(f"{LONG_TEXTS_NAME}, record {element.position}: {fault}")
    except ConnectorError as exc:
        fault = str(exc).removeprefix(f"{path.absolute()}: ")
        found.faults.append(f"{LONG_TEXTS_NAME}: {fault}; long texts stay cut")
    return found


def _add_note(found: LongTexts, value: object, window: TimeWindow) -> None:
    note = value.get("noteTweet") if isinstance(value, dict) else None
    core = note.get("core") if isinstance(note, dict) else None
    if not isinstance(note, dict) or not isinstance(core, dict):
        raise BadRecordError("not a long text")
    text = read_text(core.get("text"), unescape=True)
    found.add(text, window.read_iso(note.get("createdAt"), "createdAt"))
