"""How many items of each stratum a sample gets."""

from collections.abc import Sequence

MIN_PER_STRATUM = 2  # where there is room: one item says nothing of the spread


def allocate(sizes: Sequence[int], spreads: Sequence[float], n: int) -> list[int]:
    """Share `n` items out to strata in proportion to size x spread (Neyman's allocation).

    Equal spreads give the proportional allocation. Each stratum gets at least one item, two
    where `n` allows, so that each item has a probability above 0; none gets more than it has.
    What rounding leaves goes to the largest remainders.

    Source: J. Neyman, "On the Two Different Aspects of the Representative Method", Journal of
    the Royal Statistical Society 97 (1934).

    Raises:
        ValueError: fewer items than strata, or a size below 1 or spread not above 0.
    """
    if any(size < 1 for size in sizes) or any(not spread > 0 for spread in spreads):
        raise ValueError("a stratum has at least one item and a spread above 0")
    n = min(n, sum(sizes))
    if n < len(sizes):
        raise ValueError(f"{n} items are too few for {len(sizes)} strata")
    floor = MIN_PER_STRATUM if sum(min(MIN_PER_STRATUM, size) for size in sizes) <= n else 1
    shares = [size * spread for size, spread in zip(sizes, spreads, strict=True)]
    lower = [float(min(floor, size)) for size in sizes]
    # min(size, max(lower, c * share)) grows with c: find the c at which the sum is n.
    low, high = 0.0, max(size / share for size, share in zip(sizes, shares, strict=True))
    for _ in range(100):
        middle = (low + high) / 2
        wanted = [
            min(float(size), max(least, middle * share))
            for size, least, share in zip(sizes, lower, shares, strict=True)
        ]
        if sum(wanted) > n:
            high = middle
        else:
            low = middle
    exact = [
        min(float(size), max(least, low * share))
        for size, least, share in zip(sizes, lower, shares, strict=True)
    ]
    given = [int(value + 1e-9) for value in exact]
    order = sorted(range(len(sizes)), key=lambda i: (given[i] - exact[i], i))
    while sum(given) < n:  # once round is enough, but for ties at the bounds
        for i in order:
            if given[i] < sizes[i] and sum(given) < n:
                given[i] += 1
    return given
