"""Why there is no picture at an address."""

from typing import Literal

# A status of `media`. `gone`: the server says no. `unreachable`: it may work another time.
FetchStatus = Literal[
    "refused", "gone", "unreachable", "not_an_image", "too_large", "broken", "no_decoder"
]


class FetchError(Exception):
    """One address gave no picture.

    `reason` is a short text without values, to be counted; `detail` may name hosts, never a
    whole address, which can hold keys. `retry_after_s` is what the server asked for, and
    `is_silent` says that nothing answered at all.
    """

    def __init__(
        self,
        status: FetchStatus,
        reason: str,
        detail: str = "",
        *,
        retry_after_s: float | None = None,
        is_silent: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        self.is_silent = is_silent

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed at another time."""
        return self.status == "unreachable"


class HostClosedError(Exception):
    """A host is left alone for the rest of the run."""


class HostFailedError(Exception):
    """A host failed in a way that may pass."""

    def __init__(self, host: str, failure: FetchError) -> None:
        super().__init__(str(failure))
        self.host = host
        self.failure = failure
