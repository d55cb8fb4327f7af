"""By how much a new model moves net sentiment, on posts that both models have judged."""

import math
from dataclasses import dataclass

from scipy import special

# Fewer contents give no interval.
MIN_CONTENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Sums over contents that two models judged; a content weighs its number of posts, w.

    d is the new score minus the old one (-1, 0, 1 each): `d` is the sum of w d, `dd` of
    (w d)^2, `wd` of w^2 d and `ww` of w^2.
    """

    count_contents: int
    count_posts: int
    d: float
    dd: float
    wd: float
    ww: float


def estimate_jump(overlap: Overlap) -> tuple[float, float | None, float | None]:
    """The mean change of the score and its 95 % interval.

    The comparison is paired. Posts of one content are one cluster (the ratio estimator's
    linearized variance, Cochran 1977, Sampling Techniques, 6.4, with n / (n - 1)), and the
    interval is Student's, and no narrower than if one content had changed by 1: models that
    agree on twenty contents may differ on the next. It is None below 10 contents.
    """
    jump = overlap.d / overlap.count_posts
    n = overlap.count_contents
    if n < MIN_CONTENTS:
        return jump, None, None
    squares = overlap.dd - 2 * jump * overlap.wd + jump**2 * overlap.ww
    error = math.sqrt(max(squares, overlap.ww / n) * n / (n - 1)) / overlap.count_posts
    reach = float(special.stdtrit(n - 1, 0.975)) * error
    return jump, max(jump - reach, -2.0), min(jump + reach, 2.0)
