"""The headline: what changed, in sentences made from the data."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.display import (
    format_count,
    format_date,
    format_days,
    format_name,
    format_net,
    format_share,
    format_span,
)
from reports.estimates import (
    WARNINGS,
    Estimate,
    Estimates,
    estimate_window,
    make_estimates,
    select_net,
    subtract,
)
from reports.events import choose_recent, describe_event
from reports.filters import name_language
from reports.parts import Part, Sentence
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
_MAX_EVENTS = 3


def write_headline(data: ReportData) -> tuple[Sentence, ...]:
    """What the first screen says; only what the data bear out."""
    level = data.scope.aspect or ""
    if not data.days and not data.scope.is_all:
        return (describe_absence(data),)
    total = next((one for one in data.aspects if one.aspect == level), None)
    if total is None or not total.counts.count_posts:
        return (_say("sources", "There are no posts yet."),)
    change = next((one for one in data.changes if one.aspect == level), None)
    spans, totals = data.optional.get("spans", ()), data.optional.get("totals", ())
    estimates = make_estimates(spans, select_net(totals))
    sentences = []
    if total.counts.count_predicted:
        if change is not None and data.window is not None:
            sentences += _net_sentiment(change, data.window, estimates)
        sentences = sentences or [_overall(total.counts, data, estimates)]
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
    if data.window is not None:
        recent = choose_recent(data.optional.get("events", ()), data.window, _MAX_EVENTS)
        sentences += [Sentence(parts=describe_event(row), figure="events") for row in recent]
    if data.scope.aspect is None:
        moved = _moved(data.changes, data.window, estimates) if data.window is not None else []
        sentences += moved or _aspects(data.aspects, estimates)
    sentences += _drivers(data.optional.get("drivers", ()), level)
    if model is not None and total.counts.count_predicted:
        is_weak = (model.share_agreement or 0.0) < _LOW_AGREEMENT and model.count_gold > 0
        sentences.insert(
            0 if is_weak else len(sentences),
            _agreement(model, is_weak=is_weak, is_corrected=_is_corrected(estimates)),
        )
    if model is not None and model.count_contradictions and data.scope.is_all and not level:
        sentences.append(_contradictions(model))
    return tuple(sentences)


def describe_absence(data: ReportData) -> Sentence:
    """That no post is of the days of the scope, and where there are some."""
    scope, window = data.scope, data.window
    level = scope.aspect or ""
    parts = [Part(text="No post")]
    if level:
        parts += [Part(text=" toward "), Part(text=format_name(level), is_name=True)]
    words = f" is of {format_days(scope.since, scope.until)}"
    before = sum(one.before.count_posts for one in data.changes if one.aspect == level)
    if scope.compares and window is not None:
        words += f"; {_days_before(window)} had {_posts(before) if before else 'none either'}"
    known = data.known_days
    where = format_span(known.first, known.last) if known is not None else None
    words += f". Posts are of {where}." if where else ". No post has a date."
    return Sentence(parts=(*parts, Part(text=words)), figure="sources")


def _net_sentiment(change: Change, window: Window, estimates: Estimates) -> list[Sentence]:
    ends = _estimate_both(change, window, estimates)
    now, before = change.now.net_sentiment, change.before.net_sentiment
    if ends is not None:
        now, before = ends[0].value, ends[1].value
    elif change.before.net_sentiment is None:
        alone = estimate_window(estimates, window, change.aspect, change.now.count_predicted)
        now = alone.value if alone is not None else now
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
    return [_say("sentiment", f"{words}{_judge(change, ends)}.")]


def _estimate_both(
    change: Change, window: Window, estimates: Estimates
) -> tuple[Estimate, Estimate] | None:
    """The estimates of the span and of the one before it; None unless both are there."""
    spans = ((window, change.now), (window.before, change.before))
    now, before = (
        estimate_window(estimates, span, change.aspect, counts.count_predicted)
        for span, counts in spans
    )
    return (now, before) if now is not None and before is not None else None


def _judge(change: Change, ends: tuple[Estimate, Estimate] | None) -> str:
    """Whether chance alone could have made a change."""
    if min(change.now.count_predicted, change.before.count_predicted) < FEW_POSTS:
        return "; so few posts swing widely"
    if ends is None:
        return "; no interval is known, so chance alone may have made that"
    by = subtract(*ends)
    between = f"95% interval of the change {format_net(by.low)} to {format_net(by.high)}"
    if any(end.method in WARNINGS for end in ends):
        between += "; no human label has checked it"
    if by.low <= 0 <= by.high:
        return f"; chance alone may have made that ({between})"
    return f" ({between})"


def _overall(counts: Counts, data: ReportData, estimates: Estimates) -> Sentence:
    when = "over all posts"
    if len(data.days) == 1:
        when = f"on {format_date(data.days[0].start)}, the only day with posts,"
    elif data.days and not data.scope.is_all:
        when = f"in {format_span(data.days[0].start, data.days[-1].start)}"
    net, between = counts.net_sentiment, ""
    estimate = estimates.find("all", None, data.scope.aspect or "")
    if estimate is not None:
        net = estimate.value
        between = f", 95% interval {format_net(estimate.low)} to {format_net(estimate.high)}"
    caution = "; so few posts swing widely" if counts.count_predicted < FEW_POSTS else ""
    words = f"Net sentiment is {format_net(net)} {when}".removesuffix(",")
    return _say(
        "sentiment", f"{words} (n = {format_count(counts.count_predicted)}{between}){caution}."
    )


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


def _moved(changes: Sequence[Change], window: Window, estimates: Estimates) -> list[Sentence]:
    """The aspect whose net sentiment changed most, if chance does not explain it."""
    clear = []
    for change in changes:
        ends = _estimate_both(change, window, estimates) if change.aspect else None
        fewest = min(change.now.count_predicted, change.before.count_predicted)
        if ends is not None and fewest >= _MIN_ASPECT_POSTS:
            by = subtract(*ends)
            if by.low > 0 or by.high < 0:
                clear.append((by, change, ends))
    if not clear:
        return []
    by, change, (now, before) = min(clear, key=lambda one: (-abs(one[0].value), one[1].aspect))
    n_now, n_before = change.now.count_predicted, change.before.count_predicted
    return [
        Sentence(
            parts=(
                Part(text="The largest clear change is toward "),
                Part(text=format_name(change.aspect), is_name=True),
                Part(
                    text=f": net sentiment {'rose' if by.value > 0 else 'fell'} from"
                    f" {format_net(before.value)} (n = {format_count(n_before)}) to"
                    f" {format_net(now.value)} (n = {format_count(n_now)}), 95% interval of the"
                    f" change {format_net(by.low)} to {format_net(by.high)}."
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
    lang = str(top["lang"])
    language = "a language that is not known" if lang == "und" else name_language(lang)
    return [
        Sentence(
            parts=(
                Part(text="Of the change from "),
                Part(
                    text=f"{period} {format_date(top['previous_start'])} to {period}"
                    f" {format_date(top['period_start'])}"
                    f" ({format_net(top['scope_change'])}, as counted), the largest part"
                    f" ({format_net(top['contribution'])}, as much as {format_share(share)} of it)"
                    " is from "
                ),
                Part(text=format_name(str(top["platform"])), is_name=True),
                Part(text=f" in {language}, mostly as {why}."),
            ),
            figure="drivers",
        )
    ]


def _aspects(aspects: Sequence[AspectTotal], estimates: Estimates) -> list[Sentence]:
    rated = []
    for total in aspects:
        found, net = estimates.find("all", None, total.aspect), total.counts.net_sentiment
        if total.aspect and net is not None and total.counts.count_predicted >= _MIN_ASPECT_POSTS:
            rated.append((found.value if found is not None else net, total))
    if len(rated) < 2:
        return []
    # Ties go to the aspect with more posts, then to the first by name.
    top, best = min(rated, key=lambda one: (-one[0], -one[1].counts.count_predicted, one[1].aspect))
    low, worst = min(rated, key=lambda one: (one[0], -one[1].counts.count_predicted, one[1].aspect))
    if top == low:
        return []
    high_end, low_end = (estimates.find("all", None, one.aspect) for one in (best, worst))
    caution = ""
    if high_end is not None and low_end is not None and subtract(high_end, low_end).low <= 0:
        caution = "; chance alone may have made that difference"
    return [
        Sentence(
            parts=(
                Part(
                    text=f"Of {len(rated)} aspects with {_MIN_ASPECT_POSTS} labelled posts"
                    " or more, posts are most positive toward "
                ),
                Part(text=format_name(best.aspect), is_name=True),
                Part(text=f" ({_net_and_n(top, best)}) and most negative toward "),
                Part(text=format_name(worst.aspect), is_name=True),
                Part(text=f" ({_net_and_n(low, worst)}){caution}."),
            ),
            figure="aspects",
        )
    ]


def _is_corrected(estimates: Estimates) -> bool:
    """Whether human labels correct the estimates."""
    return bool(estimates.methods) and not any(name in WARNINGS for name in estimates.methods)


def _agreement(model: ModelRow, *, is_weak: bool, is_corrected: bool) -> Sentence:
    """How far gold labels agree with those that all other sentences rest on."""
    if not model.count_gold:
        return _say(
            "model",
            "No human label has checked these figures yet. To make some, run: analytics label.",
        )
    caution = (
        ": net sentiment and its intervals are corrected by them; counts, drivers and labels"
        " of posts show what this model says, not what people feel."
        if is_corrected
        else ": what follows shows what this model says, not what people feel."
    )
    return _say(
        "model",
        f"The model agrees with {format_count(model.count_agreements)} of"
        f" {format_count(model.count_gold)} gold labels"
        f" ({format_share(model.share_agreement)})" + (caution if is_weak else "."),
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


def _net_and_n(net: float, total: AspectTotal) -> str:
    return f"{format_net(net)}, n = {format_count(total.counts.count_predicted)}"


def _in(window: Window) -> str:
    """`on 15 Mar 2026`, or `over 9-15 Mar 2026`."""
    words = format_span(window.first, window.last)
    return f"on {words}" if window.n_days == 1 else f"over {words}"


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{format_count(count)} posts"


def _say(figure: str, text: str) -> Sentence:
    return Sentence(parts=(Part(text=text),), figure=figure)
