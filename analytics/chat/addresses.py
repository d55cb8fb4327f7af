"""Addresses and keys of servers, and how they are kept out of messages."""

import base64
import re

import httpx

from analytics.contract.errors import ConfigError

# A shorter one is found by chance in any text.
_MIN_SECRET = 4


def parse_address(url: str, setting: str) -> httpx.URL:
    """The address of a server, ending in `/`; `setting` is where it comes from.

    Raises:
        ConfigError: it is none; its secrets are not shown.
    """
    shown = hide_secrets(url)
    try:
        parsed = httpx.URL(url.rstrip("/") + "/")
    except httpx.InvalidURL as exc:
        raise ConfigError(f"{setting} {shown!r}: {exc}. Give it as http://host:port/v1") from exc
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigError(f"{setting} {shown!r} is no web address. Give it as http://host:port/v1")
    if "?" in url or "#" in url:
        raise ConfigError(
            f"{setting} {shown!r}: what stands after '?' or '#' cannot be sent along. Give it as "
            "http://host:port/v1, and a key in the environment variable OPENAI_API_KEY"
        )
    return parsed


def hide_secrets(url: str) -> str:
    """An address, maybe a broken one, without names, passwords, query and fragment."""
    return re.split(r"[?#]", re.sub(r"(^|//)[^/?#]*@", r"\1***@", url))[0]


def list_secrets(api_key: str, url: httpx.URL) -> list[str]:
    """What must enter no message, in all forms in which it is sent."""
    found = [api_key, url.password, url.userinfo.decode("ascii").partition(":")[2]]
    if url.userinfo:
        pair = f"{url.username}:{url.password}".encode()
        found.append(base64.b64encode(pair).decode("ascii"))
    return [secret for secret in found if len(secret) >= _MIN_SECRET]


def make_headers(api_key: str) -> dict[str, str]:
    """The headers that carry a key.

    Raises:
        ConfigError: it can be none.
    """
    api_key = api_key.strip()
    if not (api_key.isascii() and (api_key.isprintable() or not api_key)):
        raise ConfigError(
            "OPENAI_API_KEY holds characters that no key has. Set it anew, without quotes or breaks"
        )
    return {"authorization": f"Bearer {api_key}"} if api_key else {}
