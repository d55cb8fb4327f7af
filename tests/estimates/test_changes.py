import numpy as np
import pytest

from analytics.estimates.changes import find_steps, refine_day, sum_weeks
from tests.estimates.makers import make_waves


@pytest.mark.parametrize(("rho", "high"), [(0.0, 0.4), (0.6, 0.5), (0.8, 0.9)])
def test_steps_have_the_false_alarms_that_were_set(rho: float, high: float) -> None:
    """150 series-years of weeks of an AR(1) of days; 0.25 false alarms a year asked for."""
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(75):
        weeks = make_waves(rng, 7 * 114, rho).reshape(-1, 7).mean(1)
        found += len(find_steps(weeks, np.ones(114), false_alarms_per_year=0.25))
    assert found / 150 <= high


def test_a_step_is_found_with_its_size_and_stays_where_it_is() -> None:
    rng = np.random.default_rng(4)
    weeks = np.concatenate([rng.normal(0, 1, 30), rng.normal(4, 1, 30)])
    (step,) = find_steps(weeks, np.ones(60), false_alarms_per_year=0.25)
    (early,) = find_steps(weeks[:40], np.ones(40), false_alarms_per_year=0.25)

    assert abs(step.week - 30) <= 1
    assert step.found - step.week <= 4
    assert step.low < 4 < step.high
    assert (early.week, early.found) == (step.week, step.found)


def test_intervals_of_steps_hold_the_true_size() -> None:
    """A step of three standard deviations: 95 % intervals, of 200 that were found."""
    rng = np.random.default_rng(5)
    held = found = 0
    for _ in range(200):
        noise = make_waves(rng, 7 * 60, 0.5).reshape(-1, 7).mean(1)
        noise[30:] += 3 * noise[:30].std()
        size = 3 * noise[:30].std()
        for step in find_steps(noise, np.ones(60), false_alarms_per_year=0.25):
            if abs(step.week - 30) <= 2:
                found += 1
                held += step.low <= size <= step.high
    assert found > 150
    assert held / found > 0.88


def test_weeks_begin_on_monday_and_need_four_days() -> None:
    values = np.arange(23.0)
    values[10:16] = np.nan
    means, weights, start = sum_weeks(values, np.ones(23), first_weekday=4)

    assert start == 3
    assert len(means) == 2
    assert means[0] == np.mean(np.arange(3, 10))
    assert np.isnan(means[1])
    assert weights[0] == 1


def test_the_day_of_a_step_is_found_within_its_week() -> None:
    daily = np.concatenate([np.zeros(47), np.ones(40)])
    daily += np.random.default_rng(6).normal(0, 0.1, 87)
    assert refine_day(daily, np.ones(87), 49) == 47
