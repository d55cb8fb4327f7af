"""From the HTML that platforms make of a text back to the text.

`html.parser` of Python 3.11 needs time quadratic in unclosed comments and tags, minutes
for a post of 400 kB, so tags are found here by one expression in linear time. Platforms
write `<` and `>` in attributes as entities; a tag ends at the first `>`.
"""

import re
from html import unescape

from connectors.values import MAX_TEXT_CHARACTERS, BadRecordError

# Links cost markup; more than this times the text that may be kept is no post.
_MAX_HTML_CHARACTERS = 8 * MAX_TEXT_CHARACTERS
_TAG = re.compile(
    r"<(?:(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?P<rest>[^<>]*)>|(?P<other>[!?]))"
)
_ATTRIBUTE = re.compile(
    r"""(?:^|[\s"'/])(?P<name>href|alt)\s*=\s*(?:"(?P<a>[^"]*)"|'(?P<b>[^']*)'|(?P<c>[^\s"']+))""",
    re.IGNORECASE,
)
_BLANK = re.compile(r"[ \t\r\n\f]+")
_BREAKS = re.compile(r"(?<![ \n])[ \n]*\n[ \n]*")
_PARAGRAPHS = frozenset({"p", "ul", "ol", "pre", "blockquote", "table"})
_LINES = frozenset({"div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN = frozenset({"script", "style", "head", "template"})
# What a mention, a hashtag or a place in a film points to is in its text.
_NAMES_ITS_TARGET = re.compile(r"^(?:[@#]|\d{1,2}(?::\d\d){1,2}$)")
_CUT_ENDINGS = ("...", "…")
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)


def read_html_text(html: str) -> str:
    """The text that a reader of the HTML sees, paragraphs parted by blank lines.

    The address of a link stands behind its text in brackets, or in its place where the
    text is the address, maybe shortened. Mentions, hashtags and times of a film have
    none. Of a picture there is the alt text. Never raises for what the HTML is.

    Raises:
        BadRecordError: it is far too long.
    """
    if len(html) > _MAX_HTML_CHARACTERS:
        raise BadRecordError(
            f"text has {len(html):,} characters of HTML, the limit is {_MAX_HTML_CHARACTERS:,}"
        )
    reader = _TextReader()
    at = 0
    while match := _TAG.search(html, at):
        reader.add_text(html[at : match.start()])
        if match["other"]:
            at = _find_end_of_declaration(html, match.start())
            continue
        at = match.end()
        reader.add_tag(match["name"].lower(), match["rest"], is_end=bool(match["end"]))
    reader.add_text(html[at:])
    return reader.finish()


def _find_end_of_declaration(html: str, start: int) -> int:
    """Where a comment or the like ends; all the rest, if it does not."""
    ending = "-->" if html.startswith("<!--", start) else ">"
    end = html.find(ending, start + 2)
    return len(html) if end < 0 else end + len(ending)


class _TextReader:
    """Collects the text between tags."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._unseen = ""  # the element whose content is not shown
        self._preformatted = 0
        self._href = ""
        self._link_start = 0

    def add_text(self, text: str) -> None:
        if text and not self._unseen:
            self._parts.append(unescape(text if self._preformatted else _BLANK.sub(" ", text)))

    def add_tag(self, name: str, rest: str, *, is_end: bool) -> None:
        if self._unseen:
            if is_end and name == self._unseen:
                self._unseen = ""
        elif name in _UNSEEN:
            self._unseen = "" if is_end else name
        elif name == "br":
            self._parts.append("\n")
        elif name == "img":
            self._parts.append(_read_attribute(rest, "alt"))
        elif name == "a":
            self._end_link()
            if not is_end:
                self._href = _read_attribute(rest, "href")
                self._link_start = len(self._parts)
        elif name in _PARAGRAPHS:
            self._parts.append("\n\n")
            if name == "pre":
                self._preformatted = max(0, self._preformatted + (-1 if is_end else 1))
        elif name in _LINES:
            self._parts.append("\n")

    def finish(self) -> str:
        """All that was read, without spaces around line ends, at most one blank line."""
        self._end_link()
        return _BREAKS.sub(_shorten_break, "".join(self._parts)).strip()

    def _end_link(self) -> None:
        href, self._href = self._href, ""
        if not href.startswith(("http://", "https://")):
            return
        text = "".join(self._parts[self._link_start :]).strip()
        if _NAMES_ITS_TARGET.match(text):
            return
        if not text or _is_address(text, href):
            self._parts[self._link_start :] = [href]
        else:
            self._parts.append(f" ({href})")


def _shorten_break(match: re.Match[str]) -> str:
    return "\n" * min(2, match[0].count("\n"))


def _read_attribute(rest: str, name: str) -> str:
    for match in _ATTRIBUTE.finditer(rest):
        if match["name"].lower() == name:
            return unescape(match["a"] or match["b"] or match["c"] or "").strip()
    return ""


def _is_address(text: str, href: str) -> bool:
    """Whether a link's text is its address, without the scheme or its end, maybe."""
    shown, full = _SCHEME.sub("", text), _SCHEME.sub("", href)
    for ending in _CUT_ENDINGS:
        if shown.endswith(ending):
            return len(shown) > len(ending) and full.startswith(shown.removesuffix(ending))
    return shown.rstrip("/") == full.rstrip("/")
