import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.store.allocation import allocate


@pytest.mark.parametrize(
    ("sizes", "spreads", "n", "expected"),
    [
        ([100, 100], [1.0, 1.0], 10, [5, 5]),
        ([300, 100], [1.0, 1.0], 40, [30, 10]),
        ([100, 100], [0.1, 0.4], 50, [10, 40]),  # Neyman: size x spread
        ([1000, 10], [1.0, 1.0], 50, [48, 2]),  # the floor
        ([1000, 10, 1], [1.0, 1.0, 1.0], 3, [1, 1, 1]),  # no room for two each
        ([3, 100], [1.0, 0.01], 50, [3, 47]),  # no more than there is
        ([2, 2], [1.0, 1.0], 9, [2, 2]),  # a census
    ],
)
def test_allocation_by_hand(
    sizes: list[int], spreads: list[float], n: int, expected: list[int]
) -> None:
    assert allocate(sizes, spreads, n) == expected


@given(
    strata=st.lists(st.tuples(st.integers(1, 5000), st.floats(0.01, 1.0)), min_size=1, max_size=30),
    extra=st.integers(0, 3000),
)
def test_allocation_is_whole_and_within_bounds(strata: list[tuple[int, float]], extra: int) -> None:
    sizes, spreads = [size for size, _ in strata], [spread for _, spread in strata]
    n = len(sizes) + extra
    given_items = allocate(sizes, spreads, n)
    assert sum(given_items) == min(n, sum(sizes))
    assert all(1 <= items <= size for items, size in zip(given_items, sizes, strict=True))


def test_allocation_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="1 items are too few for 2 strata"):
        allocate([5, 5], [1.0, 1.0], 1)
    with pytest.raises(ValueError, match="at least one item"):
        allocate([0, 5], [1.0, 1.0], 3)
