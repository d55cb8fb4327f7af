"""A client whose waits take no time."""

from typing import Any

from analytics.chat.backoff import Backoff
from analytics.chat.client import ChatClient
from tests.chat.scripted_server import MODEL


class Waits:
    """A sleep that only notes how long it should have been."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def make_client(url: str, **values: Any) -> ChatClient:
    """A client whose waits take no time."""
    values.setdefault("sleep", Waits())
    values.setdefault("timeout_s", 10.0)
    values.setdefault("backoff", Backoff(max_retries=3))
    return ChatClient(url=url, model=values.pop("model", MODEL), **values)
