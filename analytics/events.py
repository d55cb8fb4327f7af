"""Events of the series, the seam between models, and drift of inputs: tables after the marts."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np

from analytics.contract.reference import CONFIDENCE_EDGES, HISTOGRAMS, TEXT_LENGTH_EDGES
from analytics.estimates.changes import Floats, find_steps, refine_day, sum_weeks
from analytics.estimates.drift import Drift, measure_drift
from analytics.estimates.seam import Overlap, estimate_jump
from analytics.estimates.spikes import Spike, find_net_spikes, find_volume_spikes
from analytics.estimates.trailing import MIN_DAYS
from analytics.store.events import (
    DailySeries,
    find_last_day,
    find_seam,
    read_daily,
    read_inputs,
    read_overlap,
    write_table,
)
from analytics.store.reference import load_reference

# Spikes and steps of volume and of net sentiment share the false alarms of a series.
N_DETECTORS = 4
HISTORY_DAYS = 731
# A spike that lasts longer is left to the detector of steps.
_SHORT_DAYS = 3
# Steps of volume need so many posts a week, on average.
_MIN_WEEKLY_POSTS = 5.0
_DRIFT_DAYS, _DRIFT_REFERENCE_DAYS = 28, 56


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """See [alerts] of the configuration."""

    false_alarms_per_year: float = 1.0
    max_series: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A row of `sentiment_events`.

    `size` is value - expected of net sentiment, and value / expected - 1 of counts.
    """

    aspect: str
    platform: str
    measure: str
    kind: str
    period_start: date
    period_end: date
    detected_on: date
    direction: str
    value: float
    expected: float
    expected_low: float | None
    expected_high: float | None
    size: float
    size_low: float | None
    size_high: float | None
    p_value: float
    false_alarms_per_year: float
    count_posts: int | None

    @property
    def alert_id(self) -> str:
        """The same for the same event in each run."""
        parts = (self.kind, self.measure, self.direction, self.aspect, self.platform)
        text = "\x1f".join([*parts, self.period_start.isoformat()])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What `build_events` found.

    `count_series` are those that are long enough to be judged, and `last_day` is the last whole
    one; None without dated posts.
    """

    events: list[Event]
    count_series: int
    last_day: date | None


def build_events(connection: duckdb.DuckDBPyConnection, settings: EventSettings) -> Found:
    """Fill `sentiment_events`, `model_seam` and `input_drift` from what the marts hold.

    The newest day of the data may not be whole and is left out.
    """
    newest = find_last_day(connection)
    last = newest - timedelta(days=1) if newest else None
    write_table(connection, "model_seam", list(_list_seams(connection)))
    write_table(connection, "input_drift", list(_list_drifts(connection, last)) if last else [])
    series: list[DailySeries] = []
    if last:
        first = last - timedelta(days=HISTORY_DAYS - 1)
        series = read_daily(connection, first, last, max_series=settings.max_series)
    whole = {one.platform: one for one in series if not one.aspect}
    events = [
        event
        for one in series
        if last
        for event in find_events(one, whole.get(one.platform), last, settings)
    ]
    write_table(connection, "sentiment_events", [_as_row(event) for event in events])
    count = sum((last - one.days[0]).days >= MIN_DAYS for one in series if last)
    return Found(events=events, count_series=count, last_day=last)


def find_events(
    series: DailySeries, whole: DailySeries | None, last: date, settings: EventSettings
) -> list[Event]:
    """Spikes and steps of one series up to the day `last`.

    On days on which its platform (`whole`) has no post at all, nothing is known of an aspect.
    """
    first = series.days[0] if whole is None else min(series.days[0], whole.days[0])
    counts, contents, net, sides = _spread_over_days(series, first, last)
    if series.aspect and whole is not None:
        covered = _spread_over_days(whole, first, last)[0]
        counts = np.where(covered > 0, counts, np.nan)
    weekday = first.weekday()
    rate = settings.false_alarms_per_year / N_DETECTORS
    volume_spikes = find_volume_spikes(counts, first_weekday=weekday, false_alarms_per_year=rate)
    net_spikes = find_net_spikes(
        net, sides, contents, first_weekday=weekday, false_alarms_per_year=rate
    )

    def day(number: int) -> date:
        return first + timedelta(days=number)

    events = [
        _make_spike(series, measure, spike, day, rate, counts)
        for measure, spikes in (("count_posts", volume_spikes), ("net_sentiment", net_spikes))
        for spike in spikes
    ]
    known = np.where(np.isnan(counts), 0.0, 1.0)
    weekly, _, start = sum_weeks(_leave_out(counts, volume_spikes), known, weekday)
    if np.nansum(weekly) and np.nanmean(weekly) * 7 >= _MIN_WEEKLY_POSTS:
        events += _list_steps(
            series, "count_posts", np.log(weekly * 7 + 0.5), np.ones(len(weekly)),
            np.log(counts + 0.5), known, start, day, rate, counts,
        )  # fmt: skip
    # A week's net sentiment has the noise of its contents, and what is left with any number.
    means, posts, start = sum_weeks(_leave_out(net, net_spikes), contents, weekday, min_days=1)
    sizes = posts * 7
    weights = sizes / (sizes + max(float(np.median(sizes)) if len(sizes) else 0.0, 1.0))
    usable = np.where(sizes >= _MIN_WEEKLY_POSTS, means, np.nan)
    events += _list_steps(
        series, "net_sentiment", usable, np.maximum(weights, 1e-9),
        net, contents, start, day, rate, counts,
    )  # fmt: skip
    return sorted(events, key=lambda e: (e.period_start, e.measure, e.kind))


def _list_steps(
    series: DailySeries,
    measure: str,
    levels: Floats,
    weights: Floats,
    daily: Floats,
    daily_weights: Floats,
    start: int,
    day: Any,
    rate: float,
    counts: Floats,
) -> Iterator[Event]:
    is_count = measure == "count_posts"
    for step in find_steps(levels, weights, false_alarms_per_year=rate):
        at = refine_day(daily, daily_weights, start + 7 * step.week)
        end = start + 7 * step.found + 6
        size, low, high = step.size, step.low, step.high
        value, expected = step.after, step.before
        if is_count:
            size, low, high = (float(np.expm1(x)) for x in (size, low, min(high, 50.0)))
            value, expected = (float(np.exp(x) - 0.5) / 7 for x in (value, expected))
        yield Event(
            aspect=series.aspect,
            platform=series.platform,
            measure=measure,
            kind="step",
            period_start=day(at),
            period_end=day(end),
            detected_on=day(end),
            direction="up" if step.size > 0 else "down",
            value=value,
            expected=expected,
            expected_low=None,
            expected_high=None,
            size=size,
            size_low=low,
            size_high=high,
            p_value=step.p_value,
            false_alarms_per_year=rate,
            count_posts=int(np.nansum(counts[at : end + 1])),
        )


def _make_spike(
    series: DailySeries, measure: str, spike: Spike, day: Any, rate: float, counts: Floats
) -> Event:
    def change(value: float) -> float:
        if measure == "count_posts":
            return value / max(spike.expected, 1e-9) - 1
        return value - spike.expected

    return Event(
        aspect=series.aspect,
        platform=series.platform,
        measure=measure,
        kind="spike",
        period_start=day(spike.first),
        period_end=day(spike.last),
        detected_on=day(spike.first),
        direction="up" if spike.is_up else "down",
        value=spike.value,
        expected=spike.expected,
        expected_low=spike.low,
        expected_high=spike.high,
        size=change(spike.value),
        size_low=None,
        size_high=None,
        p_value=spike.p_value,
        false_alarms_per_year=rate,
        count_posts=int(np.nansum(counts[spike.first : spike.last + 1])),
    )


def _spread_over_days(
    series: DailySeries, first: date, last: date
) -> tuple[Floats, Floats, Floats, Floats]:
    """Posts, contents, net and opinionated share of each day; 0 and NaN where there is none."""
    n = (last - first).days + 1
    counts, contents = np.zeros(n), np.zeros(n)
    net, sides = np.full(n, np.nan), np.full(n, np.nan)
    at = [(day - first).days for day in series.days]
    counts[at] = series.counts
    contents[at] = series.contents
    net[at] = [np.nan if x is None else x for x in series.net]
    sides[at] = [np.nan if x is None else x for x in series.opinionated]
    return counts, contents, net, sides


def _leave_out(values: Floats, spikes: Sequence[Spike]) -> Floats:
    """Without the days of short spikes: a level is not what one day does."""
    left = values.copy()
    for spike in spikes:
        if spike.last - spike.first < _SHORT_DAYS:
            left[spike.first : spike.last + 1] = np.nan
    return left


def _as_row(event: Event) -> list[Any]:
    return [getattr(event, name) for name in Event.__slots__]


def _list_seams(connection: duckdb.DuckDBPyConnection) -> Iterator[list[Any]]:
    """Rows of `model_seam`: the model and contract before the current ones, and these."""
    seam = find_seam(connection)
    if seam is None:
        return
    models, n_earlier = seam
    overlaps = read_overlap(connection, models)
    for aspect, platform, n, posts, old, new, dd, wd, ww, *matrix in overlaps:
        overlap = Overlap(count_contents=n, count_posts=posts, d=new - old, dd=dd, wd=wd, ww=ww)
        counts = [count or 0 for count in matrix]
        agreed = counts[0] + counts[4] + counts[8]
        yield [
            aspect, platform, *models, posts, n, old / posts, new / posts,
            *estimate_jump(overlap), agreed / posts, *counts, n_earlier,
        ]  # fmt: skip


def _list_drifts(connection: duckdb.DuckDBPyConnection, last: date) -> Iterator[list[Any]]:
    """Rows of `input_drift`: four weeks against the model's reference, else the eight before."""
    first = last - timedelta(days=_DRIFT_DAYS - 1)
    edges = {"text_edges": TEXT_LENGTH_EDGES, "confidence_edges": CONFIDENCE_EDGES}
    current = read_inputs(connection, first, last, **edges)
    before = read_inputs(
        connection,
        first - timedelta(days=_DRIFT_REFERENCE_DAYS),
        first - timedelta(days=1),
        **edges,
    )
    training = load_reference(connection)
    for feature in ("text_length", "language", "platform", "has_picture", "confidence"):
        now, then = current.get(feature, {}), before.get(feature, {})
        n_bins = HISTOGRAMS.get(feature)
        for reference in ("training", "trailing"):
            if reference == "training" and feature not in training:
                continue
            if n_bins is None:
                names = sorted({*now, *then})
                pair = [[float(c.get(name, 0)) for name in names] for c in (now, then)]
            else:
                keys = [str(i) for i in range(n_bins)]
                pair = [[float(c.get(key, 0)) for key in keys] for c in (now, then)]
                if reference == "training":
                    pair[1] = training[feature]
            drift = measure_drift(pair[0], pair[1], is_ordered=n_bins is not None)
            yield [
                feature, reference, first, last, int(sum(pair[0])), int(sum(pair[1])),
                drift.psi, drift.psi_chance, drift.js, drift.ks, drift.level,
                describe_drift(feature, reference, drift, pair),
            ]  # fmt: skip


_NAMES = {
    "text_length": "The length of texts",
    "language": "The mix of languages",
    "platform": "The mix of platforms",
    "has_picture": "The share of posts with a picture",
    "confidence": "The model's confidence",
}
_LEVELS = {
    "none": "is as in",
    "some": "has moved somewhat from",
    "large": "differs much from",
    "too_few": "cannot be compared (fewer than 50 posts on one side) with",
}


def describe_drift(
    feature: str, reference: str, drift: Drift, pair: Sequence[Sequence[float]]
) -> str:
    """One plain sentence, for readers who know no index."""
    what = "the training data" if reference == "training" else "the eight weeks before"
    if reference == "training" and feature == "confidence":
        what = "held-out data of its training"
    text = f"{_NAMES[feature]} {_LEVELS[drift.level]} {what}"
    if drift.level in ("some", "large"):
        if feature == "has_picture":
            now, then = (side[1] / sum(side) for side in pair)
            text += f": {now:.0%} against {then:.0%}"
        text += "; labels may be less reliable than measured" if reference == "training" else ""
    return f"{text}." if drift.level == "too_few" else f"{text} (PSI {drift.psi:.2f})."
