"""Reads a report as a browser's parser would, with the standard library."""

from dataclasses import dataclass
from html.parser import HTMLParser

_VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass
class Element:
    """An element with its attributes and the text directly inside it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    parents: tuple[str, ...] = ()


class Page(HTMLParser):
    """The elements of a page, in order, and what is wrong with their nesting."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.unbalanced: list[str] = []
        self.text = ""  # what people read, one space between words
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        self.text = " ".join(self.text.split())
        self.unbalanced += [element.tag for element in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.unbalanced.append(f"{tag} repeats an attribute")
        parents = tuple(element.tag for element in self._open)
        element = Element(tag, {name: value or "" for name, value in attrs}, parents=parents)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text += data
            self.text += "" if self._open[-1].tag in ("script", "style") else data

    def find(self, tag: str, css_class: str = "") -> list[Element]:
        """The elements of a tag, and of a class where one is named."""
        return [
            element
            for element in self.elements
            if element.tag == tag
            and (not css_class or css_class in element.attributes.get("class", "").split())
        ]
