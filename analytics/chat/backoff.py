"""How long to wait before a request is sent again."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Exponential back-off with full jitter, in seconds.

    The wait before retry k (from 0) is uniform between 0 and
    `min(max_wait_s, base_s * 2**k)`; a server's Retry-After raises it, up to
    `max_wait_s`.
    """

    base_s: float = 1.0
    max_wait_s: float = 60.0
    max_retries: int = 6

    def choose_wait(self, k: int, retry_after_s: float | None, rng: random.Random) -> float:
        """Seconds to wait before retry `k`."""
        # The exponent is bounded, for 2.0**2000 overflows.
        wait = rng.uniform(0, min(self.max_wait_s, self.base_s * 2.0 ** min(k, 32)))
        return min(self.max_wait_s, max(wait, retry_after_s or 0.0))


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3), None if it says nothing."""
    value = (value or "").strip()
    if not value:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": a UTC time
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
