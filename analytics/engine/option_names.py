"""Names of engine options: a mistyped one is an error that names the nearest."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from analytics.contract.errors import ConfigError

# As many names are listed where none is near; more would bury the message.
_MAX_LISTED = 10


def check_option_names(engine: str, names: Iterable[str], known: Collection[str]) -> None:
    """See whether an engine knows all options.

    Raises:
        ConfigError: it does not.
    """
    for name in names:
        if name in known:
            continue
        near = get_close_matches(name, known, n=1)
        hint = f" Known: {', '.join(known)}" if len(known) <= _MAX_LISTED else ""
        if near:
            hint = f" Did you mean {near[0]!r}?"
        raise ConfigError(f"engine {engine}: unknown option {name!r}.{hint}")
