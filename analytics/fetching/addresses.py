"""Which addresses may be asked for: http(s) at public hosts, and those that are allowed.

A dump may come from a stranger, and a server may redirect to anywhere. What is checked
here is the form of an address, and each IP address that a name leads to; `transport`
connects to the address that was checked.
"""

import ipaddress
import re
from collections.abc import Iterable

import httpx

from analytics.config.hosts import canonical_host
from analytics.fetching.failures import FetchError

_PORTS = {"http": 80, "https": 443}
_MAX_URL = 4096
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")  # IPv6 without its brackets

# Of IANA's registries of special-purpose addresses, those that are not globally reachable,
# multicast and what is reserved.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
# Only this block holds public addresses, less those below.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(block) for block in ("2001::/23", "2001:db8::/32", "3fff::/20")
)
# An IPv4 address stands inside: mapped, translated (NAT64), 6to4. Bits behind it.
_EMBEDDING = (
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),
    (ipaddress.IPv6Network("2002::/16"), 80),
)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; a broken one is not."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        is_isatap = (int(found) >> 32) & 0xFDFFFFFF == 0x5EFE  # RFC 5214: an IPv4 address behind
        if found.scope_id or is_isatap:
            return False
        for block, n_behind in _EMBEDDING:
            if found in block:
                inner = ipaddress.IPv4Address((int(found) >> n_behind) & 0xFFFFFFFF)
                return is_public(str(inner))
        return found in _PUBLIC_V6 and not any(found in block for block in _CLOSED_V6)
    return not any(found in block for block in _CLOSED_V4)


def check_url(url: str, allowed: frozenset[tuple[str, int]] = frozenset()) -> httpx.URL:
    """The parsed address of a picture, if it may be asked for; its host is not resolved here.

    Raises:
        FetchError: `refused`.
    """
    if len(url) > _MAX_URL:
        raise FetchError("refused", "address of more than 4,096 characters")
    try:
        parsed = httpx.URL(url.strip())
        host = name_host(parsed)
    except (httpx.InvalidURL, ValueError) as exc:
        raise FetchError("refused", "no address of the web", str(exc)) from exc
    if parsed.scheme not in _PORTS or not _HOST.fullmatch(host):
        raise FetchError("refused", "no address of the web")
    if parsed.userinfo:
        raise FetchError("refused", "address with a user name or password")
    port = port_of(parsed)
    if port not in _PORTS.values() and (host, port) not in allowed:
        raise FetchError("refused", "unusual port", f"{port} at {host}")
    return parsed.copy_with(fragment=None)


def name_host(url: httpx.URL) -> str:
    """The host as it is resolved: ASCII, lower case, IPv6 without brackets."""
    return canonical_host(url.raw_host.decode("ascii"))


def port_of(url: httpx.URL) -> int:
    """The port, by the scheme where it is not named."""
    return url.port or _PORTS[url.scheme]


def check_addresses(
    host: str, port: int, addresses: Iterable[str], allowed: frozenset[tuple[str, int]]
) -> None:
    """Refuse a host if any address that it has is not public, unless it is allowed.

    Raises:
        FetchError: `refused`.
    """
    if (canonical_host(host), port) in allowed:
        return
    for address in addresses:
        if not is_public(address):
            raise FetchError(
                "refused",
                "private address",
                f"{host} is {address}; to allow it, name it in [media] allowed_hosts",
            )
