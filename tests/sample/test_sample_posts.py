"""What the sample dumps hold, and that gold and configuration fit them."""

import csv
import re
import tomllib
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from tests.sample.reading import (
    SAMPLE,
    parse_tweet_time,
    read_comments,
    read_entries,
    read_gold,
    read_rows,
    read_submission_lines,
    read_tweets,
)

ENTRIES = read_entries()
GOLD = read_gold()
REPOST = re.compile(r"^RT @\w+: ")
CONFIG = tomllib.loads((SAMPLE / "analytics.toml").read_text(encoding="utf-8"))


def find_aspects(text: str) -> set[str]:
    """The configured aspects that a text names, by whole words in any case."""
    found = set()
    for aspect in CONFIG["aspects"]:
        for word in (aspect["name"], *aspect["aliases"]):
            pattern = rf"(?<![\w]){re.escape(word)}(?![\w])"
            if re.search(pattern, text, re.IGNORECASE):
                found.add(aspect["name"])
    return found


def test_post_ids_are_unique() -> None:
    counts = Counter(entry.post_id for entry in ENTRIES)
    assert [post_id for post_id, n in counts.items() if n > 1] == []


def test_platforms_have_their_share_of_posts() -> None:
    counts = Counter(entry.platform for entry in ENTRIES)
    assert counts == {"x": 87, "reddit": 73, "bluesky": 40, "mastodon": 30}


def test_posts_cover_fourteen_days_with_ten_posts_or_more_each() -> None:
    counts = Counter(entry.at.date() for entry in ENTRIES)
    first = date(2026, 3, 2)
    assert sorted(counts) == [first + timedelta(days=k) for k in range(14)]
    assert min(counts.values()) >= 10


def test_a_third_of_the_posts_have_pictures_most_of_them_local() -> None:
    with_pictures = [entry for entry in ENTRIES if entry.has_pictures]
    local = [entry for entry in with_pictures if entry.files]
    assert 0.28 <= len(with_pictures) / len(ENTRIES) <= 0.38
    assert len(local) / len(with_pictures) > 0.7


def test_about_a_fifth_of_the_posts_are_german() -> None:
    marked = [entry for entry in ENTRIES if entry.lang is not None]
    share = sum(entry.lang == "de" for entry in marked) / len(marked)
    assert {entry.lang for entry in marked} == {"en", "de"}
    assert 0.15 <= share <= 0.3


def test_texts_are_different_but_for_the_flood() -> None:
    counts = Counter(REPOST.sub("", entry.text) for entry in ENTRIES)
    repeated = {text: n for text, n in counts.items() if n > 1}
    assert list(repeated.values()) == [15]
    assert next(iter(repeated)).startswith("Kinora raised my price")


def test_flood_has_copies_and_reposts_on_one_day() -> None:
    flood = [entry for entry in ENTRIES if "Kinora raised my price" in entry.text]
    assert {entry.at.date() for entry in flood} == {date(2026, 3, 13)}
    assert sum(bool(REPOST.match(entry.text)) for entry in flood) == 5
    assert {entry.platform for entry in flood} == {"x", "reddit", "bluesky", "mastodon"}


def test_likes_vary() -> None:
    likes = sorted(entry.likes for entry in ENTRIES)
    assert likes[0] == 0
    assert len(set(likes)) > 40
    assert likes[-1] > 10 * likes[len(likes) // 2]


@pytest.mark.parametrize(
    "mark",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=",
        "javascript:",
        "Ignore all previous instructions",
        "</post>",
        "<|im_end|>",
        "\u0337",
        "\u202e",
        "\u0000",
        "\u001b[31m",
        "\ud83d ",
        "o" * 420,
        "{{7*7}}",
        "${jndi:",
        "'; DROP TABLE",
        "=HYPERLINK(",
    ],
    ids=lambda mark: ascii(mark)[:24],
)
def test_hostile_text_is_there(mark: str) -> None:
    assert any(mark in entry.text for entry in ENTRIES)


def test_a_lone_emoji_and_a_picture_without_text_are_there() -> None:
    assert any(entry.text == "\U0001f525" for entry in ENTRIES)
    assert [bool(entry.files) for entry in ENTRIES if not entry.text] == [True]


def test_broken_records_are_the_ones_that_the_readme_names() -> None:
    years = [parse_tweet_time(tweet).year for tweet in read_tweets()]
    assert Counter(years) == {2026: 87, 9999: 1}
    assert Counter(len(row) for row in read_rows()) == {8: 30, 5: 1}
    last = read_submission_lines()[-1]
    assert last.startswith('{"author"')
    assert not last.endswith("}")
    bodies = Counter(line["body"] for line in read_comments())
    assert (bodies["[deleted]"], bodies["[removed]"]) == (2, 1)


def test_gold_labels_every_post_and_no_other() -> None:
    post_level = {post_id for post_id, aspect in GOLD if aspect == ""}
    assert post_level == {entry.post_id for entry in ENTRIES}
    assert {post_id for post_id, _ in GOLD} == post_level
    assert set(GOLD.values()) == {"negative", "neutral", "positive"}


def test_gold_rows_are_unique() -> None:
    with (SAMPLE / "gold.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) - 1 == len(GOLD)


def test_gold_has_exactly_the_aspects_that_a_post_names() -> None:
    wrong = {}
    for entry in ENTRIES:
        named = find_aspects(entry.text)
        labelled = {aspect for post_id, aspect in GOLD if post_id == entry.post_id and aspect}
        if named != labelled:
            wrong[entry.post_id] = (entry.text, named, labelled)
    assert wrong == {}


def test_a_post_can_hold_two_opinions() -> None:
    by_post: dict[str, set[str]] = {}
    for (post_id, aspect), label in GOLD.items():
        if aspect:
            by_post.setdefault(post_id, set()).add(label)
    assert sum(labels >= {"negative", "positive"} for labels in by_post.values()) >= 3


def net(aspect: str, first: int, last: int) -> float:
    """Share of positive less share of negative gold labels, between two days of March."""
    at = {entry.post_id: entry.at for entry in ENTRIES}
    signs = [
        {"negative": -1, "neutral": 0, "positive": 1}[label]
        for (post_id, name), label in GOLD.items()
        if name == aspect and first <= at[post_id].day <= last
    ]
    assert len(signs) >= 5
    return sum(signs) / len(signs)


@pytest.mark.parametrize(
    ("aspect", "before", "after", "sign"),
    [
        ("Nordlys N3", (2, 8), (9, 10), -1),
        ("Lakeline", (5, 7), (11, 14), 1),
        ("Emberfall", (2, 11), (12, 12), 1),
        ("Kinora", (2, 12), (13, 13), -1),
    ],
)
def test_story_moves_the_net_sentiment(
    aspect: str, before: tuple[int, int], after: tuple[int, int], sign: int
) -> None:
    assert (net(aspect, *after) - net(aspect, *before)) * sign > 0.25
    assert net(aspect, *after) * sign > 0.5


def test_battery_trouble_starts_on_reddit() -> None:
    negative = [
        entry
        for entry in ENTRIES
        if entry.at.day == 9 and GOLD.get((entry.post_id, "Nordlys N3")) == "negative"
    ]
    first: dict[str, datetime] = {}
    for entry in sorted(negative, key=lambda one: one.at):
        first.setdefault(entry.platform, entry.at)
    assert min(first, key=lambda platform: first[platform]) == "reddit"
    assert first["reddit"] + timedelta(hours=6) < min(
        at for platform, at in first.items() if platform != "reddit"
    )
