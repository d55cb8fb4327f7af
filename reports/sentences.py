"""The headline: what changed, in sentences made from the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from reports.display import (
    format_count,
    format_date,
    format_name,
    format_net,
    format_share,
    format_span,
)
from reports.filters import name_language
from reports.records import AspectTotal, Change, Counts, ModelRow, ReportData
from reports.scope import Window

# Below these numbers of predicted posts a figure is marked, or left unsaid.
FEW_POSTS = 30
# Below this share of agreement with people, what the report says opens with it.
_LOW_AGREEMENT = 2 / 3
_MIN_ASPECT_POSTS = 5
_LEVEL = 0.005
# A change of less than this is not taken apart in words.
_MIN_DRIVEN = 0.02
# The quantile of the normal distribution for 95 %.
_Z = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a sentence; names are isolated from the words around them."""

    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence and the id of the figure that bears it out."""

    parts: tuple[Part, ...]
    figure: str

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(part.text for part in self.parts)


def write_headline(data: ReportData) -> tuple[Sentence, ...]:
    """What the first screen says; only what the data bear out."""
    level = data.scope.aspect or ""
    total = next((one for one in data.aspects if one.aspect == level), None)
    if total is None or not total.counts.count_posts:
        return (_say("sources", "There are no posts yet."),)
    change = next((one for one in data.changes if one.aspect == level), None)
    sentences = []
    if total.counts.count_predicted:
        if change is not None and data.window is not None:
            sentences += _net_sentiment(change, data.window)
        sentences = sentences or [_overall(total.counts, data)]
    sentences.append(_volume(data, total.counts, change))
    model = data.model
    if not total.counts.count_predicted and not level:
        if model is None or model.is_post_level:
            sentences.append(
                _say("model", "No post has a label yet: nothing is known of sentiment.")
            )
            return tuple(sentences)
        sentences.append(
            _say("aspects", "Posts are judged toward their aspects only, not as a whole.")
        )
    if data.scope.aspect is None:
        moved = _moved(data.changes, data.window) if data.window is not None else []
        sentences += moved or _aspects(data.aspects)
    sentences += _drivers(data.optional.get("drivers", ()), level)
    if model is not None and total.counts.count_predicted:
        is_weak = (model.share_agreement or 0.0) < _LOW_AGREEMENT and model.count_gold > 0
        sentences.insert(0 if is_weak else len(sentences), _agreement(model, is_weak=is_weak))
    if model is not None and model.count_contradictions and data.scope.is_all and not level:
        sentences.append(_contradictions(model))
    return tuple(sentences)


def interval_of_change(now: Counts, before: Counts) -> tuple[float, float] | None:
    """The 95 % interval of a change of net sentiment; None where a side is not predicted.

    Normal approximation for two independent multinomial samples: the variance of a net
    sentiment d = p+ - p- of n posts is (p+ + p- - d^2) / n (Agresti, Categorical Data
    Analysis, 2013, ch. 1).
    """
    change, variance = 0.0, 0.0
    for sign, counts in ((1, now), (-1, before)):
        net, shares = counts.net_sentiment, counts.shares
        if net is None or shares is None:
            return None
        change += sign * net
        variance += (shares[0] + shares[2] - net * net) / counts.count_predicted
    reach = _Z * sqrt(max(0.0, variance))
    return max(-2.0, change - reach), min(2.0, change + reach)


def _net_sentiment(change: Change, window: Window) -> list[Sentence]:
    now, before = change.now.net_sentiment, change.before.net_sentiment
    if now is None:
        return []
    span = _in(window)
    n_now = format_count(change.now.count_predicted)
    if before is None:
        start = f"Net sentiment is {format_net(now)} {span} (n = {n_now})"
        earlier = f"no post of {_days_before(window)} has a label to compare it with"
        return [_say("sentiment", f"{start}; {earlier}.")]
    by = now - before
    n_before = format_count(change.before.count_predicted)
    against = f"{format_net(before)} {_over(window)} (n = {n_before})"
    if abs(by) < _LEVEL:
        words = f"Net sentiment is level at {format_net(now)} {span} (n = {n_now}): {against}"
    else:
        words = (
            f"Net sentiment {'rose' if by > 0 else 'fell'} by {abs(by):.2f} to {format_net(now)}"
            f" {span} (n = {n_now}), from {against}"
        )
    return [_say("sentiment", f"{words}{_judge(change)}.")]


def _judge(change: Change) -> str:
    """Whether chance alone could have made a change."""
    fewest = min(change.now.count_predicted, change.before.count_predicted)
    interval = interval_of_change(change.now, change.before)
    if fewest < FEW_POSTS or interval is None:
        return "; so few posts swing widely"
    low, high = interval
    between = f"95% interval of the change {format_net(low)} to {format_net(high)}"
    if low <= 0 <= high:
        return f"; chance alone may have made that ({between})"
    return f" ({between})"


def _overall(counts: Counts, data: ReportData) -> Sentence:
    when = "over all posts"
    if len(data.days) == 1:
        when = f"on {format_date(data.days[0].start)}, the only day with posts,"
    elif data.days and not data.scope.is_all:
        when = f"in {format_span(data.days[0].start, data.days[-1].start)}"
    caution = "; so few posts swing widely" if counts.count_predicted < FEW_POSTS else ""
    words = f"Net sentiment is {format_net(counts.net_sentiment)} {when}".removesuffix(",")
    return _say("sentiment", f"{words} (n = {format_count(counts.count_predicted)}){caution}.")


def _volume(data: ReportData, counts: Counts, change: Change | None) -> Sentence:
    n = len(data.platforms)
    platforms = "1 platform" if n == 1 else f"{n} platforms"
    if not data.days:
        count = _posts(counts.count_posts)
        none = "without a date: there are" if counts.count_posts == 1 else "none with a date: there"
        none = none if counts.count_posts == 1 else f"{none} are"
        return _say("sources", f"{count}, {none} no trends.")
    dated = sum(day.counts.count_posts for day in data.days)
    if data.window is None or change is None:
        day = format_date(data.days[-1].start)
        return _say("volume", f"{_posts(dated)} from {platforms}, all on {day}.")
    now, before = change.now.count_posts, change.before.count_posts
    span = _in(data.window)
    if not before:
        against = f"none {_over(data.window)}"
    else:
        against = f"{format_count(before)} {_over(data.window)}"
        if now != before:
            more = "more" if now > before else "fewer"
            against += f", {format_share(abs(now - before) / before)} {more}"
    total = f" {_posts(dated)} from {platforms} in all." if data.scope.is_all else ""
    return _say("volume", f"{_posts(now)} {span}, against {against}.{total}")


def _moved(changes: Sequence[Change], window: Window) -> list[Sentence]:
    """The aspect whose net sentiment changed most, if chance does not explain it."""
    clear = []
    for change in changes:
        interval = interval_of_change(change.now, change.before)
        fewest = min(change.now.count_predicted, change.before.count_predicted)
        if change.aspect and interval is not None and fewest >= _MIN_ASPECT_POSTS:
            low, high = interval
            if low > 0 or high < 0:
                by = (change.now.net_sentiment or 0.0) - (change.before.net_sentiment or 0.0)
                clear.append((abs(by), by, change))
    if not clear:
        return []
    _, by, change = min(clear, key=lambda one: (-one[0], one[2].aspect))
    n_now, n_before = change.now.count_predicted, change.before.count_predicted
    return [
        Sentence(
            parts=(
                Part(text="The largest clear change is toward "),
                Part(text=format_name(change.aspect), is_name=True),
                Part(
                    text=f": net sentiment {'rose' if by > 0 else 'fell'} from"
                    f" {format_net(change.before.net_sentiment)} (n = {format_count(n_before)}) to"
                    f" {format_net(change.now.net_sentiment)} (n = {format_count(n_now)})."
                ),
            ),
            figure="aspects",
        )
    ]


def _drivers(rows: Sequence[Mapping[str, Any]], level: str) -> list[Sentence]:
    """Where most of the change from period to period comes from; none where little moved."""
    parts = [row for row in rows if row["scope"] == level and row["scope_change"] is not None]
    same = [row for row in parts if row["contribution"] * row["scope_change"] > 0]
    if len(parts) < 2 or not same or abs(parts[0]["scope_change"]) < _MIN_DRIVEN:
        return []
    top = max(same, key=lambda row: abs(row["contribution"]))
    share = min(1.0, abs(top["contribution"] / top["scope_change"]))
    turned = abs(top["rate_part"]) >= abs(top["mix_part"])
    why = "its posts turned" if turned else "its share of the posts changed"
    period = f"the {top['period']} of"
    return [
        Sentence(
            parts=(
                Part(text="Of the change from "),
                Part(
                    text=f"{period} {format_date(top['previous_start'])} to {period}"
                    f" {format_date(top['period_start'])}"
                    f" ({format_net(top['scope_change'])}), the largest part"
                    f" ({format_net(top['contribution'])}, as much as {format_share(share)} of it)"
                    " is from "
                ),
                Part(text=format_name(str(top["platform"])), is_name=True),
                Part(text=f" in {name_language(str(top['lang']))}, mostly as {why}."),
            ),
            figure="drivers",
        )
    ]


def _aspects(aspects: Sequence[AspectTotal]) -> list[Sentence]:
    rated = [
        (total.counts.net_sentiment, total)
        for total in aspects
        if total.aspect
        and total.counts.net_sentiment is not None
        and total.counts.count_predicted >= _MIN_ASPECT_POSTS
    ]
    if len(rated) < 2:
        return []
    # Ties go to the aspect with more posts, then to the first by name.
    best = min(rated, key=lambda one: (-one[0], -one[1].counts.count_predicted, one[1].aspect))[1]
    worst = min(rated, key=lambda one: (one[0], -one[1].counts.count_predicted, one[1].aspect))[1]
    if best.counts.net_sentiment == worst.counts.net_sentiment:
        return []
    return [
        Sentence(
            parts=(
                Part(
                    text=f"Of {len(rated)} aspects with {_MIN_ASPECT_POSTS} labelled posts"
                    " or more, posts are most positive toward "
                ),
                Part(text=format_name(best.aspect), is_name=True),
                Part(text=f" ({_net_and_n(best)}) and most negative toward "),
                Part(text=format_name(worst.aspect), is_name=True),
                Part(text=f" ({_net_and_n(worst)})."),
            ),
            figure="aspects",
        )
    ]


def _agreement(model: ModelRow, *, is_weak: bool) -> Sentence:
    """How far gold labels agree with those that all other sentences rest on."""
    if not model.count_gold:
        return _say(
            "model",
            "No human label has checked these figures yet. To make some, run: analytics label.",
        )
    return _say(
        "model",
        f"The model agrees with {format_count(model.count_agreements)} of"
        f" {format_count(model.count_gold)} gold labels"
        f" ({format_share(model.share_agreement)})"
        + (": what follows shows what this model says, not what people feel." if is_weak else "."),
    )


def _contradictions(model: ModelRow) -> Sentence:
    return _say(
        "conflicts",
        f"In {format_count(model.count_contradictions)} of"
        f" {format_count(model.count_rationale_labels)} rationales with a label"
        f" ({format_share(model.share_contradictions)}) the model's own words end in"
        " another label than the one counted here.",
    )


def _days_before(window: Window) -> str:
    return "the day before" if window.n_days == 1 else f"the {window.n_days} days before"


def _over(window: Window) -> str:
    return f"{'' if window.n_days == 1 else 'over '}{_days_before(window)}"


def _net_and_n(total: AspectTotal) -> str:
    counts = total.counts
    return f"{format_net(counts.net_sentiment)}, n = {format_count(counts.count_predicted)}"


def _in(window: Window) -> str:
    """`on 15 Mar 2026`, or `over 9-15 Mar 2026`."""
    words = format_span(window.first, window.last)
    return f"on {words}" if window.n_days == 1 else f"over {words}"


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{format_count(count)} posts"


def _say(figure: str, text: str) -> Sentence:
    return Sentence(parts=(Part(text=text),), figure=figure)
