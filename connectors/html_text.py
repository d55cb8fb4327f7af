"""Text of the HTML that posts are written in: lines, links, mentions and emoji are kept."""

import re
from html.parser import HTMLParser

from connectors.values import MAX_TEXT_CHARACTERS, BadRecordError

# Tags and whole addresses make HTML longer than its text.
_MAX_HTML_CHARACTERS = 4 * MAX_TEXT_CHARACTERS
# The parser of Python 3.11 takes minutes for 100,000 characters of `<a <a <a`: what opens
# no tag is made text before it. `<!--` and `<?`, which a server takes out, are text, too.
_STRAY = re.compile(r"<(?!/?[a-zA-Z][^<>]*>)")
_BREAKS = {"br": "\n", "li": "\n- ", "tr": "\n", "dt": "\n", "dd": "\n", "hr": "\n"}
_PARAGRAPHS = frozenset(
    ("p", "div", "blockquote", "ul", "ol", "dl", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6")
)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_AROUND_BREAK = re.compile(r" *\n *")
_SCHEME = re.compile(r"^https?://(?:www\.)?", re.IGNORECASE)
_GAPS = re.compile(r"\n{3,}")
_NAMED = frozenset(("mention", "hashtag"))  # links that are names, not addresses


def render_text(markup: object, name: str) -> str:
    """The text of a post's HTML.

    Paragraphs are set apart by a blank line. A link shows its whole address, or
    its own words and the address behind them; mentions and hashtags show as they
    are written, pictures (custom emoji) by their alternative text.

    Raises:
        BadRecordError: it is missing, no string, or too long.
    """
    if not isinstance(markup, str):
        problem = "is missing" if markup is None else "is not a string"
        raise BadRecordError(f"{name} {problem}")
    if len(markup) > _MAX_HTML_CHARACTERS:
        raise BadRecordError(
            f"{name} has {len(markup):,} characters, the limit is {_MAX_HTML_CHARACTERS:,}"
        )
    if "<" not in markup and "&" not in markup:
        return _SPACES.sub(" ", markup).strip()
    parser = _TextParser()
    parser.feed(_STRAY.sub("&lt;", markup))
    parser.close()
    return parser.finish()


class _TextParser(HTMLParser):
    """Gathers the text between the tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._link: tuple[int, str] | None = None  # where its words begin, its address
        self._n_pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self._parts.append(_BREAKS[tag])
        elif tag in _PARAGRAPHS:
            self._parts.append("\n\n")
            self._n_pre += tag == "pre"
        elif tag == "a":
            self._end_link()
            values = dict(attrs)
            is_named = not _NAMED.isdisjoint((values.get("class") or "").split())
            self._link = (len(self._parts), "" if is_named else (values.get("href") or ""))
        elif tag == "img":
            self._parts.append(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self._parts.append("\n\n")
            self._n_pre -= tag == "pre" and self._n_pre > 0
        elif tag == "a":
            self._end_link()

    def handle_data(self, data: str) -> None:
        self._parts.append(data if self._n_pre else _SPACES.sub(" ", data))

    def finish(self) -> str:
        """The text of all that was fed."""
        self._end_link()
        text = _AROUND_BREAK.sub("\n", "".join(self._parts))
        return _GAPS.sub("\n\n", text).strip()

    def _end_link(self) -> None:
        if self._link is None:
            return
        start, address = self._link
        self._link = None
        words = "".join(self._parts[start:]).strip()
        if not address.lower().startswith(("http://", "https://")) or words.startswith(("#", "@")):
            return
        if words.lower().startswith(("http://", "https://")) and not words.endswith("…"):
            return  # written out: Mastodon hides a part of it, but has it all
        del self._parts[start:]
        is_address = not words or _is_start_of(words, address)
        self._parts.append(address if is_address else f"{words} ({address})")


def _is_start_of(words: str, address: str) -> bool:
    """Whether a link's words are its address, cut or without its scheme."""
    start = _SCHEME.sub("", words.removesuffix("…").removesuffix("...").rstrip())
    return "." in start and _SCHEME.sub("", address).startswith(start)
