"""The headline: sentences made from the data."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.display import format_count, format_date, format_name, format_net, format_share
from reports.records import AspectTotal, Counts, ModelRow, Period, Series

# Below these numbers of predicted posts a figure is marked, or left unsaid.
FEW_POSTS = 30
# Below this share of agreement with people, what the report says opens with it.
_LOW_AGREEMENT = 2 / 3
_MIN_ASPECT_POSTS = 5
_LEVEL = 0.005


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


def write_headline(
    *,
    days: Sequence[Period],
    platforms: Sequence[Series],
    aspects: Sequence[AspectTotal],
    model: ModelRow | None,
) -> tuple[Sentence, ...]:
    """What the first screen says; only what the data bear out."""
    posts = next((total for total in aspects if total.aspect == ""), None)
    if posts is None or not posts.counts.count_posts:
        return (_say("sources", "There are no posts yet."),)
    if days:
        volume = _volume(days, len(platforms))
    else:
        count = format_count(posts.counts.count_posts)
        volume = _say("sources", f"{count} posts, none with a date: there are no trends.")
    if posts.counts.count_predicted:
        sentences = [*(_net_sentiment(days) or [_overall(posts.counts)]), volume]
    elif model is not None and not model.is_post_level:
        sentences = [
            volume,
            _say("aspects", "Posts are judged toward their aspects only, not as a whole."),
        ]
    else:
        return (volume, _say("model", "No post has a label yet: nothing is known of sentiment."))
    sentences.extend(_aspects(aspects))
    if model is not None and posts.counts.count_predicted:
        is_weak = (model.share_agreement or 0.0) < _LOW_AGREEMENT and model.count_gold > 0
        sentences.insert(0 if is_weak else len(sentences), _agreement(model, is_weak=is_weak))
    if model is not None and model.count_contradictions:
        sentences.append(
            _say(
                "conflicts",
                f"In {format_count(model.count_contradictions)} of"
                f" {format_count(model.count_rationale_labels)} rationales with a label"
                f" ({format_share(model.share_contradictions)}) the model's own words end in"
                " another label than the one counted here.",
            )
        )
    return tuple(sentences)


def _net_sentiment(days: Sequence[Period]) -> list[Sentence]:
    judged = [day for day in days if day.counts.count_predicted]
    if not judged:
        return []
    last, before = judged[-1], judged[:-1]
    net = last.counts.net_sentiment or 0.0
    start = (
        f"Net sentiment is {format_net(net)} on {format_date(last.start)}"
        f" (n = {format_count(last.counts.count_predicted)})"
    )
    if not before:
        return [_say("sentiment", f"{start}, the only day with labels{_caution(last.counts)}.")]
    earlier = sum((day.counts for day in before), Counts())
    mean = earlier.net_sentiment or 0.0
    change = net - mean
    if abs(change) < _LEVEL:
        against = "level with"
    else:
        against = f"{abs(change):.2f} {'above' if change > 0 else 'below'}"
    span = "the one earlier day" if len(before) == 1 else f"the {len(before)} earlier days"
    return [
        _say(
            "sentiment",
            f"{start}, {against} the mean of {span}"
            f" ({format_net(mean)}, n = {format_count(earlier.count_predicted)})"
            f"{_caution(last.counts, earlier)}.",
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


def _overall(counts: Counts) -> Sentence:
    return _say(
        "sentiment",
        f"Net sentiment is {format_net(counts.net_sentiment)} over all posts"
        f" (n = {format_count(counts.count_predicted)}){_caution(counts)}.",
    )


def _caution(*counts: Counts) -> str:
    is_small = any(one.count_predicted < FEW_POSTS for one in counts)
    return "; so few posts swing widely" if is_small else ""


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


def _net_and_n(total: AspectTotal) -> str:
    counts = total.counts
    return f"{format_net(counts.net_sentiment)}, n = {format_count(counts.count_predicted)}"


def _volume(days: Sequence[Period], n_platforms: int) -> Sentence:
    last = days[-1]
    on = "1 platform" if n_platforms == 1 else f"{n_platforms} platforms"
    n_last = last.counts.count_posts
    n_before = sum(day.counts.count_posts for day in days[:-1])
    n_days = (last.start - days[0].start).days
    if not n_days:
        return _say("volume", f"{_posts(n_last)} from {on}, all on {format_date(last.start)}.")
    start = f"{_posts(n_last)} on {format_date(last.start)}, the last day, against"
    if n_days == 1:
        before = f"{format_count(n_before)} the day before"
    else:
        before = f"{n_before / n_days:,.1f} a day over the {n_days} days before"
    return _say("volume", f"{start} {before} ({_posts(n_last + n_before)} from {on}).")


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{format_count(count)} posts"


def _say(figure: str, text: str) -> Sentence:
    return Sentence(parts=(Part(text=text),), figure=figure)
