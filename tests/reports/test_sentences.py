import dataclasses
from datetime import date, timedelta

import pytest

from reports.records import AspectTotal, Counts, ModelRow, Period, Series
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


def headline(days: list[Counts], aspects: dict[str, Counts] | None = None) -> list[str]:
    periods = tuple(
        Period(start=FIRST + timedelta(days=number), counts=counts)
        for number, counts in enumerate(days)
    )
    everything = sum(days, Counts())
    totals = [total("", everything)] + [total(*pair) for pair in (aspects or {}).items()]
    sentences = write_headline(
        days=periods,
        platforms=[Series(name="x", periods=periods)] if periods else [],
        aspects=totals,
        model=None,
    )
    return [sentence.text for sentence in sentences]


def test_change_of_the_last_day_is_said() -> None:
    days = [count(negative=30, positive=10), count(negative=10, positive=30), count(positive=50)]
    assert headline(days) == [
        "Net sentiment is +1.00 on 3 Mar 2026 (n = 50), 1.00 above the mean of the 2 earlier days"
        " (0.00, n = 80).",
        "50 posts on 3 Mar 2026, the last day, against 40.0 a day over the 2 days before"
        " (130 posts from 1 platform).",
    ]


def test_small_numbers_are_marked() -> None:
    sentences = headline([count(positive=100), count(negative=3)])
    assert sentences[0].endswith(
        "2.00 below the mean of the one earlier day (+1.00, n = 100); so few posts swing widely."
    )
    assert "3 posts on 2 Mar 2026, the last day, against 100 the day before" in sentences[1]


def test_no_change_is_said_to_be_none() -> None:
    assert "level with the mean" in headline([count(positive=40), count(positive=40)])[0]


def test_unlabelled_last_day_is_passed_over() -> None:
    sentences = headline([count(positive=40), count(negative=40), count(unlabelled=9)])
    assert sentences[0].startswith("Net sentiment is \u22121.00 on 2 Mar 2026 (n = 40)")
    assert sentences[1].startswith("9 posts on 3 Mar 2026, the last day")


def test_one_day_has_no_comparison() -> None:
    assert headline([count(positive=1)]) == [
        "Net sentiment is +1.00 on 1 Mar 2026 (n = 1), the only day with labels;"
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


def test_undated_posts_give_the_overall_figure() -> None:
    sentences = write_headline(
        days=[], platforms=[], aspects=[total("", count(positive=40))], model=None
    )
    assert [one.text for one in sentences] == [
        "Net sentiment is +1.00 over all posts (n = 40).",
        "40 posts, none with a date: there are no trends.",
    ]


def test_best_and_worst_aspects_are_named() -> None:
    aspects = {
        "tie small": count(positive=5),
        "tie large": count(positive=9),
        "middling": count(neutral=9),
        "worst": count(negative=6, neutral=2),
        "too few": count(negative=4),
        "unlabelled": count(unlabelled=90),
    }
    assert headline([count(positive=40)], aspects)[2] == (
        "Of 4 aspects with 5 labelled posts or more, posts are most positive toward"
        " tie large (+1.00, n = 9)"
        " and most negative toward worst (\u22120.75, n = 8)."
    )


@pytest.mark.parametrize(
    "aspects",
    [{"one": count(positive=9)}, {"a": count(positive=9), "b": count(positive=7)}],
    ids=["one aspect", "all the same"],
)
def test_aspects_that_do_not_differ_are_not_ranked(aspects: dict[str, Counts]) -> None:
    assert len(headline([count(positive=40)], aspects)) == 2


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
            "(40%): what follows shows what this model says, not what people feel.",
        ),
    ],
)
def test_agreement_with_people_is_said_and_comes_first_where_it_is_low(
    gold: dict[str, object], place: int, words: str
) -> None:
    counts = count(positive=40)
    sentences = write_headline(
        days=[Period(start=FIRST, counts=counts)],
        platforms=[],
        aspects=[total("", counts)],
        model=model(**gold),
    )
    assert words in sentences[place].text
    assert sentences[place].figure == "model"
