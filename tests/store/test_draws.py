"""Draws and weights: that estimates from them are right is shown by drawing many times."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from analytics.contract.errors import AnalyticsError
from analytics.infer import InferSettings, infer
from analytics.store.draws import (
    REST,
    Draw,
    DrawDesign,
    find_open_draw,
    make_draw,
    prune_draws,
)
from analytics.store.gold import UNCLEAR, GoldLabel, read_gold, store_gold
from analytics.store.gold_weights import weigh_gold
from analytics.store.transactions import transaction
from tests.scripted import ScriptedEngine, make_post, new_run, rows, scalar, store_posts

NOW = datetime(2026, 3, 21, tzinfo=UTC)
N_POSTS = 120
# More draws, or a smaller error by chance, than these and the tests would take minutes.
N_ROUNDS = 60


def fill(connection: duckdb.DuckDBPyConnection, folder: Path, n: int = N_POSTS) -> None:
    """Posts of three weeks and two platforms, judged; every fifth text comes five times."""
    store_posts(
        connection,
        [
            make_post(
                str(i),
                f"text {i if i % 5 else 0}",
                platform="test" if i % 3 else "other",
                created_at=datetime(2026, 3, 2 + i % 18, 12, tzinfo=UTC),
            )
            for i in range(n)
        ],
    )
    settings = InferSettings(model_id="m", result_digest="r", data_dir=folder)
    infer(connection, ScriptedEngine, new_run(connection), settings)


def answer_first(
    connection: duckdb.DuckDBPyConnection,
    draw: Draw,
    n: int,
    truth: Callable[[str], str],
    annotator: str = "a",
) -> None:
    """Answer the first `n` items of a draw as the truth says."""
    found = rows(
        connection,
        "select post_id, aspect, stratum from gold_draw_items where draw_id = ? and position <= ?",
        draw.draw_id,
        n,
    )
    labels = [
        GoldLabel(
            post_id=post_id,
            aspect=aspect,
            label=truth(post_id),
            annotator=annotator,
            draw_id=draw.draw_id,
            stratum=stratum,
        )
        for post_id, aspect, stratum in found
    ]
    store_gold(connection, labels)


def clear(connection: duckdb.DuckDBPyConnection) -> None:
    for table in ("gold", "gold_unclear", "gold_draws", "gold_draw_items"):
        connection.execute(f"delete from {table}")


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def standard_error(values: list[float]) -> float:
    middle = mean(values)
    variance = sum((value - middle) ** 2 for value in values) / (len(values) - 1)
    return float((variance / len(values)) ** 0.5)


def test_strata_are_all_drawn_and_probabilities_known(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    design = DrawDesign(n=40, stratify=("platform", "label"), allocation="uncertain")
    draw = make_draw(connection, design, now=NOW)
    assert (draw.count_items, draw.count_pool) == (40, N_POSTS)
    pool = dict(
        rows(
            connection,
            "select 'platform=' || platform || ', label=' || label, count(*)"
            " from int_judged_items group by all",
        )
    )
    drawn = rows(
        connection,
        "select stratum, count(*), min(probability), max(probability)"
        " from gold_draw_items group by all",
    )
    assert {stratum for stratum, *_ in drawn} == set(pool)
    for stratum, n, low, high in drawn:
        assert low == high == n / pool[stratum]
    positions = rows(connection, "select position from gold_draw_items order by position")
    assert [position for (position,) in positions] == list(range(1, 41))


def test_more_is_drawn_where_the_model_is_unsure(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    connection.execute(
        "update predictions set p_negative = 0.995, p_neutral = 0.003, p_positive = 0.002,"
        " label = 'negative' where cast(split_part(post_id, ':', 2) as int) % 2 = 0"
    )
    design = DrawDesign(n=40, stratify=("confidence",), allocation="uncertain")
    make_draw(connection, design, now=NOW)
    found = dict(
        rows(connection, "select stratum, any_value(probability) from gold_draw_items group by all")
    )
    assert found["confidence=low"] > 2 * min(found.values())
    assert min(found.values()) > 0


def test_small_strata_are_put_together(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    draw = make_draw(
        connection, DrawDesign(n=8, stratify=("week", "platform", "confidence")), now=NOW
    )
    assert draw.count_items == 8
    strata = {name for (name,) in rows(connection, "select stratum from gold_draw_items")}
    assert len(strata) == 4
    assert REST in strata


def test_filters_leave_what_they_name(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    connection.execute("insert into aspects values ('test:1', 'tram', 'config')")
    day = date(2026, 3, 6)
    design = DrawDesign(n=99, platform="test", since=day, until=day, aspect="")
    draw = make_draw(connection, design, now=NOW)
    expected = scalar(
        connection,
        "select count(*) from posts where platform = 'test'"
        " and cast(created_at as date) = date '2026-03-06'",
    )
    assert draw.count_items == draw.count_pool == expected > 0
    assert make_draw(connection, DrawDesign(n=9, aspect="tram"), now=NOW).count_pool == 1
    with pytest.raises(AnalyticsError, match="--platform"):
        make_draw(connection, DrawDesign(platform="none"), now=NOW)


def test_strata_of_the_model_need_predictions(connection: duckdb.DuckDBPyConnection) -> None:
    store_posts(connection, [make_post("1")])
    for design in (DrawDesign(stratify=("label",)), DrawDesign(allocation="uncertain")):
        with pytest.raises(AnalyticsError, match="analytics infer"):
            make_draw(connection, design)
    assert rows(connection, "from gold_draws") == []


def test_weight_of_a_draw_is_the_inverse_of_the_probability_wherever_one_stops(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    draw = make_draw(connection, DrawDesign(n=30, stratify=("platform",)), now=NOW)
    shares = dict(
        rows(connection, "select stratum, any_value(probability) from gold_draw_items group by all")
    )
    for n in (1, 7, 30):
        answer_first(connection, draw, n, lambda post_id: "neutral")
        for label in read_gold(connection):
            assert label.stratum is not None
            assert label.probability == pytest.approx(shares[label.stratum] * n / 30)
            assert label.weight == pytest.approx(1 / label.probability)
    total = sum(label.weight for label in read_gold(connection))
    assert total == pytest.approx(N_POSTS)


def test_answers_that_cannot_be_told_are_part_of_the_sample(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    draw = make_draw(connection, DrawDesign(n=30), now=NOW)
    answer_first(connection, draw, 20, lambda post_id: UNCLEAR if post_id < "test:5" else "neutral")
    found = read_gold(connection)
    assert len(found) == 20
    assert {label.weight for label in found} == {N_POSTS / 20}
    assert 0 < scalar(connection, "select count(*) from gold_unclear") < 20


def test_label_outside_of_draws_keeps_its_weight(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    draw = make_draw(connection, DrawDesign(n=30), now=NOW)
    given = [GoldLabel(post_id="test:1", aspect="", label="neutral", annotator="b", weight=7.0)]
    store_gold(connection, given)
    answer_first(connection, draw, 30, lambda post_id: "neutral")
    assert [label for label in read_gold(connection) if label.annotator == "b"] == given


TRUTHS = {
    # Shares that differ by stratum, by what a stratum says nothing of, and by chance.
    "by platform": lambda post_id: "positive" if post_id.startswith("other") else "negative",
    "by copies": lambda post_id: "positive" if int(post_id.split(":")[1]) % 5 == 0 else "neutral",
}
DESIGNS = {
    "simple, stopped early": [(DrawDesign(n=40), 17)],
    "unequal strata": [(DrawDesign(n=24, stratify=("platform", "confidence"),
                                   allocation="uncertain"), 24)],
    "unequal strata, stopped early": [(DrawDesign(n=30, stratify=("label", "week"),
                                                  allocation="uncertain"), 11)],
    "two draws": [
        (DrawDesign(n=30, stratify=("platform",)), 30),
        (DrawDesign(n=30, stratify=("confidence",), allocation="uncertain"), 12),
    ],
    "two draws, one of a part": [
        (DrawDesign(n=40, stratify=("week",)), 25),
        (DrawDesign(n=30, platform="other"), 20),
    ],
    "three draws that overlap in parts": [
        (DrawDesign(n=20), 15),
        (DrawDesign(n=20, platform="test", stratify=("label",)), 20),
        (DrawDesign(n=20, since=date(2026, 3, 9)), 9),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", DESIGNS)
def test_weighted_estimates_are_unbiased_for_posts_contents_and_shares(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    """Horvitz-Thompson totals within 4 standard errors of the truth, and Hajek shares as near.

    A content that has c posts counts 1/c for each: the same weights serve posts and contents.
    """
    fill(connection, tmp_path)
    posts = rows(
        connection,
        "select post_id, 1 / count(*) over (partition by content_key) from int_judged_items",
    )
    one_of = dict(posts)
    n_contents = sum(one_of.values())
    sums: dict[str, list[float]] = {}
    for seed in range(N_ROUNDS):
        clear(connection)
        for design, n_answered in DESIGNS[name]:
            design_of_round = DrawDesign(
                **{
                    **{key: getattr(design, key) for key in DrawDesign.__slots__},
                    "seed": seed,
                }
            )
            draw = make_draw(connection, design_of_round, now=NOW)
            answer_first(connection, draw, n_answered, lambda post_id: "neutral")
        weights = {label.post_id: label.weight for label in read_gold(connection)}
        total = sum(weights.values())
        total_contents = sum(weight * one_of[post_id] for post_id, weight in weights.items())
        sums.setdefault("posts", []).append(total / N_POSTS)
        sums.setdefault("contents", []).append(total_contents / n_contents)
        for key, truth in TRUTHS.items():
            hits = {p: w for p, w in weights.items() if truth(p) == "positive"}
            sums.setdefault(f"HT {key}", []).append(sum(hits.values()) / N_POSTS)
            sums.setdefault(f"Hajek {key}", []).append(sum(hits.values()) / total)
            sums.setdefault(f"HT contents {key}", []).append(
                sum(w * one_of[p] for p, w in hits.items()) / n_contents
            )
    for key, values in sums.items():
        truth_key = key.removeprefix("HT ").removeprefix("Hajek ").removeprefix("contents ")
        if key in ("posts", "contents"):
            expected = 1.0
        elif "contents" in key:
            truth = TRUTHS[truth_key]
            expected = sum(one_of[p] for p in one_of if truth(p) == "positive") / n_contents
        else:
            expected = mean([TRUTHS[truth_key](p) == "positive" for p in one_of])
        # A ratio has a bias of order 1/n, which the standard error does not cover.
        slack = 0.015 if key.startswith("Hajek") else 1e-9
        assert abs(mean(values) - expected) <= 4 * standard_error(values) + slack, key


def test_each_item_is_reached_as_often_as_its_probability_says(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """The first items of a draw are no other sample than the rest: a stratum that is drawn
    thinly does not come first."""
    fill(connection, tmp_path)
    design = {"n": 30, "stratify": ("platform",), "allocation": "uncertain"}
    connection.execute(
        "update predictions set p_negative = 0.998, p_neutral = 0.001, p_positive = 0.001"
        " where post_id like 'other:%'"
    )
    first: list[float] = []
    for seed in range(N_ROUNDS):
        clear(connection)
        make_draw(connection, DrawDesign(seed=seed, **design), now=NOW)  # type: ignore[arg-type]
        n_other = scalar(
            connection,
            "select count(*) from gold_draw_items where position <= 10 and platform = 'other'",
        )
        first.append(n_other)
    n_of_all = scalar(connection, "select count(*) from gold_draw_items where platform = 'other'")
    assert n_of_all < 10  # far from the third of the posts that they are
    assert abs(mean(first) - n_of_all / 3) <= 4 * standard_error(first)


def test_draw_is_found_again_until_it_is_answered(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    design = DrawDesign(n=10, stratify=("platform", "week"), since=date(2026, 3, 3))
    draw = make_draw(connection, design, now=NOW)
    other = make_draw(connection, DrawDesign(n=5), now=NOW.replace(hour=1))
    assert find_open_draw(connection, "a") == other
    assert find_open_draw(connection, "a", design=design) == draw
    assert find_open_draw(connection, "a", draw_id=draw.draw_id) == draw
    assert find_open_draw(connection, "a", design=DrawDesign(n=11)) is None
    answer_first(connection, other, 5, lambda post_id: UNCLEAR)
    assert find_open_draw(connection, "a") == draw
    assert find_open_draw(connection, "b") == other
    answer_first(connection, draw, 10, lambda post_id: "neutral")
    assert find_open_draw(connection, "a") is None


def test_second_draw_of_a_seed_is_another_one_but_reproducible(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    query = "select list(post_id order by position) from gold_draw_items where draw_id = ?"
    draws = [make_draw(connection, DrawDesign(n=20), now=NOW) for _ in range(2)]
    first, second = (rows(connection, query, draw.draw_id)[0][0] for draw in draws)
    assert set(first) != set(second)
    clear(connection)
    again = make_draw(connection, DrawDesign(n=20), now=NOW)
    assert rows(connection, query, again.draw_id)[0][0] == first


def test_item_that_is_none_any_more_does_not_hold_up_a_draw(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    draw = make_draw(connection, DrawDesign(n=10), now=NOW)
    (gone,) = rows(connection, "select post_id from gold_draw_items where position = 3")[0]
    answer_first(connection, draw, 2, lambda post_id: "neutral")
    connection.execute("delete from posts where post_id = ?", [gone])
    prune_draws(connection)
    answer_first(connection, draw, 10, lambda post_id: "neutral")
    assert find_open_draw(connection, "a") is None
    # The tenth place was reached: the nine others weigh as before.
    assert {label.weight for label in read_gold(connection)} == {N_POSTS / 10}


def test_two_people_on_one_draw_give_each_item_one_weight(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    fill(connection, tmp_path)
    draw = make_draw(connection, DrawDesign(n=20), now=NOW)
    answer_first(connection, draw, 15, lambda post_id: "neutral", "a")
    answer_first(connection, draw, 6, lambda post_id: "positive", "b")
    assert {label.weight for label in read_gold(connection)} == {N_POSTS / 15}
    assert scalar(connection, "select sum(weight) from int_gold_items") == pytest.approx(N_POSTS)
    assert scalar(connection, "select count(*) from int_gold_items") == 15
    with transaction(connection):
        connection.execute("delete from gold where annotator = 'a'")
        weigh_gold(connection)
    assert {label.weight for label in read_gold(connection)} == {N_POSTS / 6}
