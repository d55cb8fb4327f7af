import random
from datetime import UTC, datetime

import pytest

from analytics.chat.backoff import Backoff, parse_retry_after

NOW = datetime(2026, 3, 20, 6, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Fri, 20 Mar 2026 06:00:30 GMT", 30.0),
        ("Fri, 20 Mar 2026 07:00:30 +0100", 30.0),
        ("Fri, 20 Mar 2026 06:00:30 -0000", 30.0),
        ("Fri, 20 Mar 2026 05:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("1.2.3", None),
        ("\u0663", None),
    ],
)
def test_retry_after_is_read(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_waits_grow_with_full_jitter_up_to_the_bound() -> None:
    backoff = Backoff(base_s=1, max_wait_s=10)
    rng = random.Random(0)
    for k, most in enumerate([1, 2, 4, 8, 10, 10]):
        waits = [backoff.choose_wait(k, None, rng) for _ in range(400)]
        assert 0.9 * most < max(waits) <= most
        assert min(waits) < 0.1 * most
    assert backoff.choose_wait(5000, None, rng) <= 10


def test_the_server_may_ask_for_more_up_to_the_bound() -> None:
    backoff = Backoff(base_s=1, max_wait_s=10)
    assert backoff.choose_wait(0, 7.0, random.Random(0)) == 7.0
    assert backoff.choose_wait(0, 3600.0, random.Random(0)) == 10
    assert backoff.choose_wait(0, 0.0, random.Random(0)) > 0
