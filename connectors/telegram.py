"""Telegram Desktop's export as JSON: `result.json` of one chat or of a whole account."""

import re
from collections.abc import Iterator
from pathlib import Path

from analytics.contract.errors import SourceFormatError
from connectors.files import (
    Matches,
    check_exists,
    detect_in_folder,
    find_files,
    has_suffix,
    list_matching_files,
)
from connectors.json_document import DocumentReader, KeyPath, Part
from connectors.lines import (
    BLANK,
    parse_safely,
    refuse_utf16,
)
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import ByteStream, read_head
from connectors.telegram_messages import KINDS, Chat, MessageParser
from connectors.values import TimeWindow, make_reject

_NAME = "result.json"
_KIND = re.compile(rb'"type"\s*:\s*"(?:' + "|".join(KINDS).encode() + rb')"')
_MESSAGES = re.compile(rb'"messages"\s*:\s*\[')
_MESSAGE = re.compile(rb'"(?:date_unixtime|from_id|actor_id)"\s*:\s*"')
# An account's export begins with what it is about.
_ACCOUNT = re.compile(
    rb'^[\s\xef\xbb\xbf]*\{\s*"about"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*'
    rb'"(?:personal_information|profile_pictures|stories|contacts|frequent_contacts|sessions|'
    rb'other_data|(?:left_)?chats)"\s*:\s*[\[{]',
    re.DOTALL,
)
# A message's start, or what stands between the last message of a chat and the next chat.
_NEXT_MESSAGE = re.compile(
    r'\{\s*"id"\s*:\s*-?\d+\s*,\s*"type"\s*:\s*"'
    r'|\]\s*\}\s*,\s*\{\s*"(?:name"|type"\s*:\s*"(?:saved_messages|replies|verification_codes)")'
    r'|\]\s*\}\s*\]\s*\}\s*,\s*"left_chats"'
)
_LISTS = ("chats", "left_chats")
_CHAT_KEYS = ("id", "type", "name")


class TelegramConnector:
    """Reads the messages of chats that Telegram Desktop exported as machine-readable JSON."""

    name = "telegram"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for a chat's kind and its messages, or an account's first keys."""
        if path.is_dir():
            return detect_in_folder(path, _find_names(path), self.detect)
        head = read_head(path)
        if head.lstrip(BLANK)[:1] != b"{":
            return None
        if _ACCOUNT.match(head):
            return Detection(confidence=0.97, found="Telegram Desktop export of an account")
        if _KIND.search(head) and _MESSAGES.search(head):
            return Detection(confidence=0.98, found="Telegram Desktop export of one chat")
        if _MESSAGES.search(head) and _MESSAGE.search(head):
            return Detection(confidence=0.8, found="messages of a Telegram chat, it seems")
        return None

    def list_files(self, path: Path) -> list[Path]:
        """The file, or each result.json below the folder (without one: each JSON file)."""
        check_exists(path)
        return list_matching_files(path, _find_names(path), "result.json of Telegram Desktop")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each message, numbered through all chats of the file."""
        head = read_head(path)
        refuse_utf16(path, head)
        if not head.strip(BLANK):
            yield make_reject(0, "the file is empty", "", "read")
            return
        if head.lstrip(BLANK)[:1] != b"{":
            raise SourceFormatError(
                f"{path}: not an export of Telegram Desktop: it does not begin with '{{'. Export"
                ' the chat as "Machine-readable JSON" and give its result.json'
            )
        yield from _read_messages(path, options)


def _is_json(name: str) -> bool:
    return has_suffix(name, (".json",))


def _is_result(name: str) -> bool:
    return has_suffix(name, (_NAME,))


def _find_names(path: Path) -> Matches:
    """Which files of a folder to read: members of a chat may have sent JSON files, too."""
    return _is_result if path.is_dir() and find_files(path, _is_result) else _is_json


def _choose(path: KeyPath) -> Part:
    """The messages of one chat at the top, or of the chats of an account."""
    if path and path[0] in _LISTS:
        if path[1:] in ((), ("list",)):
            return "enter"
        if path[1] != "list":
            return "skip"
        path = path[3:]
    if path == ():
        return "enter"
    if path == ("messages",):
        return "elements"
    return "value" if len(path) == 1 and path[0] in _CHAT_KEYS else "skip"


def _choose_chats(path: KeyPath) -> Part:
    part = _choose(path)
    return "skip" if part == "elements" else part


class _Chats:
    """What is known of the chat that is being read."""

    def __init__(self, path: Path) -> None:
        self._file = path
        self._found: dict[KeyPath, Chat] = {}
        self._is_complete = False

    def tell(self, path: KeyPath, key: str | int, value: object) -> None:
        """Note a chat's id, type or name; of the chats before nothing is kept."""
        if not self._is_complete:
            if path not in self._found:
                self._found = {path: Chat(is_of_account=len(path) > 0)}
            self._found[path].values[key] = value

    def find(self, path: KeyPath) -> Chat:
        """The chat, also where its messages stand before what it is (sorted keys)."""
        chat = self._found.get(path)
        if (chat is None or not chat.is_known) and not self._is_complete:
            with ByteStream(self._file) as stream:
                for place, element in DocumentReader(stream).walk(_choose_chats):
                    if place and element.fault is None:
                        chat = self._found.setdefault(
                            place[:-1], Chat(is_of_account=len(place) > 1)
                        )
                        chat.values[place[-1]] = element.value
            self._is_complete = True
        return self._found.get(path) or Chat(is_of_account=len(path) > 0)


def _read_messages(path: Path, options: ReadOptions) -> Iterator[Record]:
    chats = _Chats(path)
    parser: MessageParser | None = None
    current: KeyPath | None = None
    number = 0
    with ByteStream(path, options.on_bytes) as stream:
        for place, element in DocumentReader(stream, resync=_NEXT_MESSAGE).walk(_choose):
            chat, key = place[:-1], place[-1] if place else ""
            if element.fault is None and key in _CHAT_KEYS:
                chats.tell(chat, key, element.value)
                continue
            if element.fault is None and not element.position and element.value is None:
                continue  # no chats or messages here
            number += 1
            if element.fault is not None:
                yield make_reject(number, element.fault, element.raw)
            elif not element.position:
                yield make_reject(number, f"{key} is not what it should be: a list", element.raw)
            else:
                if parser is None or chat != current:
                    current = chat
                    parser = MessageParser(chats.find(chat), path.parent, TimeWindow(options.now))
                yield parse_safely(parser.parse, element.value, number, element.raw)
