"""People who are named by their handle in a text, hidden from the model."""

import re
from collections.abc import Callable, Iterable

MASK = "@user"
# @name as on X and Telegram, @name.bsky.social, @name@mastodon.social, and u/name as on Reddit,
# in addresses of web pages, too. What stands after a letter is an e-mail address.
_NAME = r"\w(?:[\w.\-]*\w)?"
_MENTION = re.compile(rf"(?<!\w)(?:[@\uff20]{_NAME}(?:@{_NAME})?|/?u/\w[\w\-]{{2,19}})")


Mask = Callable[[str, str], str]


def make_mask(kept: Iterable[str] = ()) -> Mask:
    """What puts MASK in the place of the handles of a text that is judged for an aspect.

    `kept` are handles that stay, with or without their mark and whatever their case, like
    that of the aspect: what is tracked the model must see.
    """
    stay = {_bare(handle) for handle in kept}

    def mask(text: str, aspect: str) -> str:
        own = _bare(aspect)

        def hide(found: re.Match[str]) -> str:
            bare = _bare(found[0])
            return found[0] if bare in stay or bare == own else MASK

        return _MENTION.sub(hide, text)

    return mask


def no_mask(text: str, aspect: str) -> str:
    """The text as it is."""
    return text


def _bare(handle: str) -> str:
    return handle.removeprefix("/").removeprefix("u/").lstrip("@\uff20").casefold()
