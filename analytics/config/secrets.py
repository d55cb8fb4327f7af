"""Keys and passwords in [model] options: refused, for settings are stored with each run."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

# Names such as `eos_token` or `max_num_batched_tokens` are none of these.
_NAME = re.compile(
    r"api[-_ ]?key|authori[sz]ation|passw|secret|credential|bearer|cookie|^(?:key|auth|token)$"
    r"|(?:^|[-_])(?:api|access|auth|hf|id|refresh|session)[-_]?token$",
    re.IGNORECASE,
)
_HUGGING_FACE = re.compile(r"(?:^|[-_])hf[-_]?token$", re.IGNORECASE)
_VALUE = re.compile(r"\s*(?:(?:bearer|basic)\s+\S|sk-[\w-]{12}|hf_\w{12})", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"//[^/?#\s]*@")
_STORED = "and settings are stored with each run"
_KEY_FIX = "Put the key into the environment variable OPENAI_API_KEY"


def is_secret_name(name: str) -> bool:
    """Whether a setting of this name would hold a key or password."""
    return _NAME.search(name) is not None


def find_secrets(options: Mapping[str, Any]) -> list[str]:
    """What is wrong with options that hold a secret, with the fix, and without the secret."""
    return [fault for name, value in options.items() for fault in _look(name, value)]


def _look(name: str, value: Any) -> Iterator[str]:
    if is_secret_name(name):
        fix = _KEY_FIX.replace("OPENAI_API_KEY", "HF_TOKEN")
        fix = fix if _HUGGING_FACE.search(name) else _KEY_FIX
        yield f"{name!r} may not be given here: it would be a key, {_STORED}. {fix}"
    elif isinstance(value, Mapping):
        for inner_name, inner in value.items():
            yield from _look(str(inner_name), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _look(name, inner)
    elif isinstance(value, str):
        if _VALUE.match(value):
            yield f"{name!r} holds a key, {_STORED}. {_KEY_FIX}"
        elif _PASSWORD_IN_URL.search(value):
            yield (
                f"{name!r} holds a user name or password, {_STORED}. Set the whole address in the "
                "environment variable OPENAI_BASE_URL"
            )
        elif name == "url" and ("?" in value or "#" in value):
            yield (
                f"{name!r} goes on after '?' or '#', where keys may stand, {_STORED}. Give it as "
                f"http://host:port/v1. {_KEY_FIX}"
            )


def find_webhook_fault(url: str) -> str | None:
    """What is wrong with an address for alerts that would be stored with each run."""
    if not re.match(r"https?://[^/?#\s]", url):
        return "is no web address. Write it http://... or https://..."
    if _PASSWORD_IN_URL.search(url) or "?" in url or "#" in url:
        return (
            f"holds a user name, a password or what stands after '?' or '#', {_STORED}. Set the"
            " whole address in the environment variable ANALYTICS_WEBHOOK_URL"
        )
    return None
