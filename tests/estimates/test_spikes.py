import numpy as np
import pytest

from analytics.estimates.spikes import find_net_spikes, find_volume_spikes
from analytics.estimates.trailing import MIN_DAYS, WINDOW
from tests.estimates.makers import make_counts, make_net

YEARS = 40
DAYS = 365 + MIN_DAYS


@pytest.mark.parametrize(
    ("mean", "swing", "rho", "week", "low", "high"),
    [
        (2, 0.0, 0.0, 0.0, 0.0, 1.0),
        (30, 0.3, 0.5, 0.4, 0.2, 1.4),
        (500, 0.3, 0.5, 0.4, 0.4, 1.6),
        (500, 0.7, 0.6, 0.4, 0.5, 2.0),
    ],
)
def test_volume_has_the_false_alarms_that_were_set(
    mean: float, swing: float, rho: float, week: float, low: float, high: float
) -> None:
    """40 series-years in which nothing happens, one false alarm a year asked for."""
    rng = np.random.default_rng(7)
    found = sum(
        len(
            find_volume_spikes(
                make_counts(rng, DAYS, mean=mean, swing=swing, rho=rho, week=week, growth=0.5),
                first_weekday=3,
                false_alarms_per_year=1.0,
            )
        )
        for _ in range(YEARS)
    )
    assert low <= found / YEARS <= high


@pytest.mark.parametrize(
    ("posts", "net", "swing", "low", "high"),
    [(8, 0.05, 0.05, 0.0, 1.0), (100, 0.05, 0.05, 0.2, 1.4), (1000, -0.3, 0.05, 0.3, 1.6)],
)
def test_net_has_the_false_alarms_that_were_set(
    posts: float, net: float, swing: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(11)
    found = sum(
        len(
            find_net_spikes(
                *make_net(rng, DAYS, posts=posts, net=net, swing=swing, rho=0.4),
                first_weekday=0,
                false_alarms_per_year=1.0,
            )
        )
        for _ in range(YEARS)
    )
    assert low <= found / YEARS <= high


def test_a_burst_of_posts_is_one_spike_with_its_days() -> None:
    counts = make_counts(np.random.default_rng(1), 120, mean=40, swing=0.2, week=0.3)
    counts[100:102] = [400, 500]
    (spike,) = find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=0.25)

    assert (spike.first, spike.last) == (100, 101)
    assert spike.is_up
    assert spike.low < spike.expected < spike.high < spike.value
    assert spike.p_value < 1e-4


def test_silence_is_a_spike_downward_and_an_unknown_day_is_none() -> None:
    counts = make_counts(np.random.default_rng(2), 120, mean=200, swing=0.1)
    unknown = counts.copy()
    counts[100] = 0
    unknown[100] = np.nan
    (spike,) = find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=0.25)

    assert (spike.first, spike.is_up, spike.value) == (100, False, 0.0)
    assert find_volume_spikes(unknown, first_weekday=0, false_alarms_per_year=0.25) == []


def test_a_busy_weekday_is_no_spike() -> None:
    """Mondays have six times the posts of others; as many on a Thursday stand out."""
    rng = np.random.default_rng(3)
    rates = np.where(np.arange(140) % 7 == 0, 120.0, 20.0)
    counts = rng.poisson(rates).astype(float)
    assert find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=0.25) == []
    counts[123] = 120
    (spike,) = find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=0.25)
    assert spike.first == 123


def test_a_past_burst_does_not_hide_the_next() -> None:
    counts = make_counts(np.random.default_rng(4), 130, mean=50, swing=0.2)
    counts[[90, 95, 120]] = 400
    found = find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=0.25)
    assert [spike.first for spike in found] == [90, 95, 120]


def test_few_posts_move_net_sentiment_as_they_like() -> None:
    """Three negative posts are no news; three hundred are."""
    rng = np.random.default_rng(5)
    net, sides, posts = make_net(rng, 120, posts=300, net=0.1, opinionated=0.5)
    net[100], sides[100] = -0.4, 0.5
    few = posts.copy()
    few[100] = 3
    (spike,) = find_net_spikes(net, sides, posts, first_weekday=0, false_alarms_per_year=0.25)

    assert (spike.first, spike.is_up) == (100, False)
    assert find_net_spikes(net, sides, few, first_weekday=0, false_alarms_per_year=0.25) == []


def test_first_weeks_have_no_reference_and_no_alarm() -> None:
    counts = np.full(WINDOW, 10.0)
    counts[MIN_DAYS - 1] = 1e6
    assert find_volume_spikes(counts, first_weekday=0, false_alarms_per_year=1.0) == []
