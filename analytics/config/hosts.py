"""The setting `allowed_hosts`: hosts and ports that may have private addresses."""

import re
from collections.abc import Iterable

_ALLOWED = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:/@?#\[\]]+))(?::(\d{1,5}))?", re.IGNORECASE)


def parse_allowed(hosts: Iterable[str]) -> frozenset[tuple[str, int]]:
    """The hosts and ports of `allowed_hosts`; without a port both 80 and 443.

    Raises:
        ValueError: one is neither 'host' nor 'host:port'.
    """
    found = set()
    for entry in hosts:
        match = _ALLOWED.fullmatch(entry.strip())
        if match is None or not 0 < int(match[3] or 80) < 65536:
            raise ValueError(
                f"holds {entry!r}: write 'host' or 'host:port', without http://,"
                " e.g. 'media.example.org:8080' or '[fd00::5]:80'"
            )
        host = canonical_host(match[1] or match[2])
        found |= {(host, port) for port in ([int(match[3])] if match[3] else [80, 443])}
    return frozenset(found)


def canonical_host(host: str) -> str:
    """A host in lower case, without the brackets of IPv6 and the dot at the end."""
    return host.strip("[]").rstrip(".").lower()
