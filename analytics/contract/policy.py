"""Which contents get a rationale besides their label."""

from dataclasses import dataclass
from enum import StrEnum


class RationaleReason(StrEnum):
    """Why a content gets a rationale; where several hold, the first of this order counts.

    The audit sample comes first, so that it is one: its share of all contents is
    known, whatever else is asked for.
    """

    ALL = "all"
    SAMPLE = "sample"
    TOP = "top"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RationalePolicy:
    """Which contents get a rationale; none by default.

    `top_posts` is how many contents of most engagement, of the post level and (50 at
    most) of each aspect; `sample_share` in 0-1 of the contents, chosen by their keys;
    `uncertain_below` in 0-1 bounds the margin, see `margin_of`.
    """

    is_all: bool = False
    sample_share: float = 0.0
    top_posts: int = 0
    uncertain_below: float = 0.0

    def is_uncertain(self, probabilities: tuple[float, float, float]) -> bool:
        """Whether a label is uncertain enough for a rationale."""
        return margin_of(probabilities) < self.uncertain_below

    def expect_count(self, n_contents: int) -> int:
        """About how many of some contents will get one, before their labels are known.

        Margins are taken to lie evenly in 0-1, which is near enough to choose how to compute.
        """
        share = 1.0 if self.is_all else min(1.0, self.sample_share + self.uncertain_below)
        return min(n_contents, round(share * n_contents) + self.top_posts)


ALL_RATIONALES = RationalePolicy(is_all=True)


def margin_of(probabilities: tuple[float, float, float]) -> float:
    """The probability of the label minus that of the next, in 0-1 (Scheffer et al. 2001)."""
    first, second, _ = sorted(probabilities, reverse=True)
    return first - second
