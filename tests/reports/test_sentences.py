import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from reports.records import AspectTotal, Change, Counts, ModelRow, Period, ReportData, Series
from reports.scope import Scope, choose_window
from reports.sentences import write_headline

FIRST = date(2026, 3, 1)


def count(negative: int = 0, neutral: int = 0, positive: int = 0, unlabelled: int = 0) -> Counts:
    labelled = negative + neutral + positive
    return Counts(
        count_posts=labelled + unlabelled,
        count_predicted=labelled,
        count_negative=negative,
        count_neutral=neutral,
        count_positive=positive,
    )


def total(aspect: str, counts: Counts) -> AspectTotal:
    return AspectTotal(
        aspect=aspect,
        counts=counts,
        count_contents=counts.count_posts,
        count_empty=0,
        count_platforms=1,
        count_undated=0,
        first_date=None,
        last_date=None,
    )


def estimate(day: date, aspect: str, counts: Counts, method: str = "ppi") -> list[dict[str, Any]]:
    """A row of `sentiment_estimates`: what was counted, with the interval of a multinomial."""
    net, shares = counts.net_sentiment, counts.shares
    if net is None or shares is None:
        return []
    reach = 1.959964 * max(0.0, (shares[0] + shares[2] - net * net) / counts.count_predicted) ** 0.5
    return [
        {
            "period": "day", "period_start": day, "aspect": aspect, "platform": "*", "lang": "*",
            "estimate": net, "low": net - reach, "high": net + reach, "method": method,
            "count_posts": counts.count_predicted, "count_gold": 50,
        }
    ]  # fmt: skip


def make_data(
    days: list[Counts],
    aspects: dict[str, tuple[Counts, Counts]] | None = None,
    *,
    undated: Counts | None = None,
    model: ModelRow | None = None,
    scope: Scope | None = None,
    method: str | None = "ppi",
    events: Sequence[dict[str, Any]] = (),
) -> ReportData:
    """Posts of days, and aspects as (before, now); the rest of the report is empty."""
    scope = scope or Scope()
    periods = tuple(
        Period(start=FIRST + timedelta(days=number), counts=counts)
        for number, counts in enumerate(days)
    )
    window = choose_window(periods[0].start, periods[-1].start, scope) if periods else None
    everything = sum(days, undated or Counts())
    totals = [total("", everything)]
    changes = []
    spans = [row for p in periods for row in estimate(p.start, "", p.counts, method or "")]
    if window is not None:
        now = sum((p.counts for p in periods if window.holds(p.start)), Counts())
        before = sum((p.counts for p in periods if window.before.holds(p.start)), Counts())
        changes.append(Change(aspect="", now=now, before=before))
    for name, (before, now) in (aspects or {}).items():
        totals.append(total(name, before + now))
        changes.append(Change(aspect=name, now=now, before=before))
        if window is not None:
            spans += estimate(window.last, name, now, method or "")
            spans += estimate(window.before.last, name, before, method or "")
    empty = {field.name: () for field in dataclasses.fields(ReportData)}
    known = {
        "scope": scope,
        "window": window,
        "time_zone": "UTC",
        "grain": "day",
        "days": periods,
        "changes": tuple(changes) if window else (),
        "platforms": (Series(name="x", periods=periods),) if periods else (),
        "aspects": tuple(totals),
        "model": model,
        "optional": {"spans": spans if method else (), "events": events},
        "sql": {},
    }
    return ReportData(**(empty | known))  # type: ignore[arg-type]


def headline(
    days: list[Counts], aspects: dict[str, tuple[Counts, Counts]] | None = None
) -> list[str]:
    return [sentence.text for sentence in write_headline(make_data(days, aspects))]


def test_change_of_the_last_seven_days_is_said() -> None:
    days = [count(negative=10, positive=30)] * 7 + [count(negative=30, positive=10)] * 7
    assert headline(days) == [
        "Net sentiment fell by 1.00 to \u22120.50 over 8\u201314 Mar 2026 (n = 280), from +0.50"
        " over the 7 days before (n = 280) (95% interval of the change \u22121.14 to \u22120.86).",
        "280 posts over 8\u201314 Mar 2026, against 280 over the 7 days before."
        " 560 posts from 1 platform in all.",
    ]


def test_few_days_are_compared_by_day() -> None:
    days = [count(negative=10, positive=30), count(negative=30, positive=20)]
    assert headline(days) == [
        "Net sentiment fell by 0.70 to \u22120.20 on 2 Mar 2026 (n = 50), from +0.50 the day before"
        " (n = 40) (95% interval of the change \u22121.08 to \u22120.32).",
        "50 posts on 2 Mar 2026, against 40 the day before, 25% more."
        " 90 posts from 1 platform in all.",
    ]


def test_change_that_chance_explains_is_said_to_be_so() -> None:
    days = [count(negative=20, positive=22), count(negative=22, positive=20)]
    assert "; chance alone may have made that (95% interval of the change" in headline(days)[0]


def test_change_without_estimates_has_no_interval() -> None:
    days = [count(negative=10, positive=30), count(negative=30, positive=20)]
    [first, *_] = write_headline(make_data(days, method=None))
    assert first.text.endswith("; no interval is known, so chance alone may have made that.")


def test_change_that_no_person_checked_says_so() -> None:
    days = [count(negative=10, positive=30), count(negative=30, positive=20)]
    [first, *_] = write_headline(make_data(days, method="count"))
    assert first.text.endswith(" to \u22120.32; no human label has checked it).")


def test_events_of_the_span_are_on_the_first_screen() -> None:
    def spike(day: int, p: float) -> dict[str, Any]:
        return {
            "aspect": "tram", "platform": "x", "measure": "count_posts", "kind": "spike",
            "period_start": date(2026, 3, day), "period_end": date(2026, 3, day),
            "detected_on": date(2026, 3, day), "direction": "up", "value": 90.0, "expected": 6.5,
            "expected_low": 1.0, "expected_high": 15.0, "p_value": p,
        }  # fmt: skip

    days = [count(positive=40)] * 14
    data = make_data(days, events=[spike(9, 1e-3), spike(10, 1e-6), spike(2, 1e-9)])
    found = [sentence for sentence in write_headline(data) if sentence.figure == "events"]

    assert [sentence.text for sentence in found] == [
        f"tram on x: 90 posts on {day} Mar 2026, where 6.5 (1 to 15) were expected; such a day"
        f" comes by chance once in {odds} days."
        for day, odds in ((10, "1,000,000"), (9, "1,000"))
    ]
    assert all(sentence.parts[0].is_name for sentence in found)


def test_small_numbers_are_marked() -> None:
    sentences = headline([count(positive=100), count(negative=3)])
    assert sentences[0].endswith("from +1.00 the day before (n = 100); so few posts swing widely.")
    assert sentences[1].startswith("3 posts on 2 Mar 2026, against 100 the day before, 97% fewer.")


def test_no_change_is_said_to_be_none() -> None:
    assert headline([count(positive=40), count(positive=40)])[0].startswith(
        "Net sentiment is level at +1.00 on 2 Mar 2026 (n = 40): +1.00 the day before (n = 40)"
    )


def test_span_without_labels_before_it_says_so() -> None:
    assert headline([count(unlabelled=9), count(positive=40)])[0] == (
        "Net sentiment is +1.00 on 2 Mar 2026 (n = 40); no post of the day before has a label to"
        " compare it with."
    )


def test_gap_before_the_span_is_none() -> None:
    sentences = headline([count(positive=40), count(), count(positive=3)])
    assert sentences[1].startswith("3 posts on 3 Mar 2026, against none the day before.")


def test_one_day_has_no_comparison() -> None:
    assert headline([count(positive=1)]) == [
        "Net sentiment is +1.00 on 1 Mar 2026, the only day with posts (n = 1);"
        " so few posts swing widely.",
        "1 post from 1 platform, all on 1 Mar 2026.",
    ]


def test_nothing_labelled_says_nothing_of_sentiment() -> None:
    assert headline([count(unlabelled=2)]) == [
        "2 posts from 1 platform, all on 1 Mar 2026.",
        "No post has a label yet: nothing is known of sentiment.",
    ]


def test_no_posts_say_so() -> None:
    assert headline([]) == ["There are no posts yet."]


@pytest.mark.parametrize(
    ("n", "words"), [(1, "1 post, without a date:"), (40, "40 posts, none with a date:")]
)
def test_undated_posts_give_the_overall_figure(n: int, words: str) -> None:
    sentences = write_headline(make_data([], undated=count(positive=n)))
    assert sentences[0].text.startswith("Net sentiment is +1.00 over all posts (n =")
    assert sentences[1].text == f"{words} there are no trends."


def test_aspect_that_moved_most_is_named() -> None:
    aspects = {
        "steady": (count(positive=40), count(positive=40)),
        "fell": (count(positive=40), count(negative=30, positive=10)),
        "rose a little": (count(neutral=40), count(neutral=30, positive=10)),
        "too few": (count(positive=4), count(negative=4)),
    }
    assert headline([count(positive=40), count(positive=40)], aspects)[2] == (
        "The largest clear change is toward fell: net sentiment fell from +1.00 (n = 40) to"
        " \u22120.50 (n = 40), 95% interval of the change \u22121.77 to \u22121.23."
    )


def test_best_and_worst_aspects_are_named_where_none_moved() -> None:
    aspects = {
        "tie small": (count(), count(positive=5)),
        "tie large": (count(), count(positive=9)),
        "middling": (count(), count(neutral=9)),
        "worst": (count(), count(negative=6, neutral=2)),
        "too few": (count(), count(negative=4)),
        "unlabelled": (count(), count(unlabelled=90)),
    }
    assert headline([count(positive=40), count(positive=40)], aspects)[2] == (
        "Of 4 aspects with 5 labelled posts or more, posts are most positive toward"
        " tie large (+1.00, n = 9)"
        " and most negative toward worst (\u22120.75, n = 8)."
    )


@pytest.mark.parametrize(
    "aspects",
    [
        {"one": (count(), count(positive=9))},
        {"a": (count(), count(positive=9)), "b": (count(), count(positive=7))},
    ],
    ids=["one aspect", "all the same"],
)
def test_aspects_that_do_not_differ_are_not_ranked(
    aspects: dict[str, tuple[Counts, Counts]],
) -> None:
    assert len(headline([count(positive=40), count(positive=40)], aspects)) == 2


def model(**gold: object) -> ModelRow:
    numbers = dict.fromkeys((field.name for field in dataclasses.fields(ModelRow)), 0)
    facts = {"model_id": "m", "name": "m", "description": "d", "is_post_level": True}
    return ModelRow(**{**numbers, **facts, **gold})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gold", "place", "words"),
    [
        ({"count_gold": 0, "share_agreement": None}, -1, "No human label has checked these"),
        (
            {"count_gold": 50, "count_agreements": 40, "share_agreement": 0.8},
            -1,
            "The model agrees with 40 of 50 gold labels (80%).",
        ),
        (
            {"count_gold": 50, "count_agreements": 20, "share_agreement": 0.4},
            0,
            "(40%): net sentiment and its intervals are corrected by them; counts, drivers and"
            " labels of posts show what this model says, not what people feel.",
        ),
    ],
)
def test_agreement_with_people_is_said_and_comes_first_where_it_is_low(
    gold: dict[str, object], place: int, words: str
) -> None:
    sentences = write_headline(make_data([count(positive=40)], model=model(**gold)))
    assert words in sentences[place].text
    assert sentences[place].figure == "model"


def test_low_agreement_says_more_where_no_human_label_corrects() -> None:
    weak = model(count_gold=5, count_agreements=2, share_agreement=0.4)
    [first, *_] = write_headline(make_data([count(positive=40)], model=weak, method="count"))
    assert first.text.endswith(": what follows shows what this model says, not what people feel.")
