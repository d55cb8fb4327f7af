"""Clean text: what a model reads and what keys stored results."""

import hashlib
import html
import re
import unicodedata

# Raise when `clean_text` changes: stored clean texts are then made anew.
TEXT_VERSION = 1

# Zero-width, bidi and other format controls carry no meaning for sentiment and
# would let copies of a text miss each other. ZWJ (U+200D) stays: emoji need it.
_INVISIBLES = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
)
_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_SURROGATES = "\ud800-\udfff"
_INVISIBLE = re.compile(f"[{_INVISIBLES}]")
_CONTROL = re.compile(f"[{_CONTROLS}]")
_SURROGATE = re.compile(f"[{_SURROGATES}]")
# All single characters that `clean_text` may change, but for spaces and line ends: with those
# above, what begins an entity, and white space of other kinds.
_CHANGED = re.compile(
    rf"[&\t\r\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    rf"{_CONTROLS}{_INVISIBLES}{_SURROGATES}]"
)
_ODD_SPACES = ("  ", " \n", "\n ", "\n\n")
_SPACES = re.compile(r"[^\S\n]+")
_NEWLINES = re.compile(r" ?\n[ \n]*")
_REPOST_PREFIX = re.compile(r"^RT @\w{1,50}: ")
_KEY_SEPARATOR = "\x1f"


def clean_text(text: str) -> str:
    """Text in NFC without entities, invisible characters and extra white space.

    The prefix `RT @name: ` is taken off, so that a repost meets its original.
    """
    if _is_clean(text):  # as most are; looking takes a fifth of the time
        return text
    text = html.unescape(text)
    text = _SURROGATE.sub("\ufffd", text)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", text))
    text = _NEWLINES.sub("\n", _SPACES.sub(" ", text)).strip()
    text = _REPOST_PREFIX.sub("", text, count=1)
    return unicodedata.normalize("NFC", text.strip())


def _is_clean(text: str) -> bool:
    """Whether `clean_text` would leave a text as it is; False also where it just might not."""
    return not (
        _CHANGED.search(text)
        or any(spaces in text for spaces in _ODD_SPACES)
        or text[:1] in (" ", "\n")
        or text[-1:] in (" ", "\n")
        or text.startswith("RT @")
    ) and unicodedata.is_normalized("NFC", text)


def content_key(text: str, image_sha256: str | None, aspect: str) -> str:
    """The key of stored results: sha256 over clean text, picture and aspect.

    Clean text and aspects hold no control characters, so the separator is safe.
    `sql/models` computes the same value in DuckDB.
    """
    parts = _KEY_SEPARATOR.join((text, image_sha256 or "", aspect))
    return hashlib.sha256(parts.encode("utf-8")).hexdigest()
