"""Sentences of the report, in pieces: names are kept apart from the words around them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a sentence; names are isolated from the words around them."""

    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence and the id of the figure that bears it out."""

    parts: tuple[Part, ...]
    figure: str

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(part.text for part in self.parts)
