"""Which contents get a rationale: a sample, the top, the uncertain, and what a run counts."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from analytics.config.loading import load_config, policy_of
from analytics.contract.errors import ConfigError
from analytics.contract.policy import ALL_RATIONALES, RationalePolicy, margin_of
from analytics.infer import InferSettings, infer
from analytics.store.runs import RunCounts
from tests.scripted import (
    ScriptedEngine,
    make_post,
    new_run,
    rows,
    scalar,
    store_posts,
)

SETTINGS = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"), chunk_items=16)
WITH_REASON = "select content_key from predictions where rationale_status is not null order by all"


def _judge(
    connection: duckdb.DuckDBPyConnection, policy: RationalePolicy
) -> tuple[RunCounts, ScriptedEngine]:
    engine, run = ScriptedEngine(), new_run(connection)
    infer(connection, lambda: engine, run, replace(SETTINGS, rationales=policy))
    return run.counts, engine


def _fill(connection: duckdb.DuckDBPyConnection, n: int) -> None:
    store_posts(connection, [make_post(str(i), f"tram {i}", likes=i) for i in range(n)])


def test_the_sample_is_of_its_share_and_stays_the_same(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 400)
    counts, _ = _judge(connection, RationalePolicy(sample_share=0.1))
    drawn = rows(connection, WITH_REASON)
    assert 20 <= len(drawn) <= 60  # a binomial of 40 +- 6
    assert counts.count_rationales_sample == counts.count_engine_rationales == len(drawn)
    assert scalar(connection, "select count(*) from predictions") == 400
    _, again = _judge(connection, RationalePolicy(sample_share=0.1))
    assert again.labelled == []
    # Below a larger share it is a part of that sample.
    _judge(connection, RationalePolicy(sample_share=0.2))
    assert set(drawn) < set(rows(connection, WITH_REASON))
    _judge(connection, RationalePolicy(sample_share=1.0))
    assert len(rows(connection, WITH_REASON)) == 400


def test_the_top_are_the_ones_of_most_engagement(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 10)
    store_posts(connection, [make_post("copy", "tram 0", likes=100)])
    counts, _ = _judge(connection, RationalePolicy(top_posts=3))
    assert rows(
        connection,
        "select post_id from predictions where rationale_status is not null order by all",
    ) == [("test:0",), ("test:8",), ("test:9",), ("test:copy",)]
    assert (counts.count_rationales_top, counts.count_engine_rationales) == (3, 3)
    # What comes to the top later gets its rationale then, and nothing else is asked again.
    store_posts(connection, [make_post("late", "tram 5", likes=1000)])
    counts, engine = _judge(connection, RationalePolicy(top_posts=3))
    assert (len(engine.labelled), counts.count_rationales_top) == (0, 1)
    assert scalar(connection, "select count(*) from memo") == 10


def test_the_uncertain_are_those_below_the_margin(connection: duckdb.DuckDBPyConnection) -> None:
    _fill(connection, 40)
    below = 0.3
    counts, engine = _judge(connection, RationalePolicy(uncertain_below=below))
    margins = {
        key: margin_of((a, b, c))
        for key, a, b, c in rows(
            connection, "select content_key, p_negative, p_neutral, p_positive from predictions"
        )
    }
    wanted = sorted(key for key, margin in margins.items() if margin < below)
    assert 0 < len(wanted) < 40
    assert (
        sorted(engine.rationalized) == wanted == [key for (key,) in rows(connection, WITH_REASON)]
    )
    assert counts.count_rationales_uncertain == len(wanted)
    assert (counts.count_engine_labels, counts.count_rationales_top) == (40, 0)
    # A stored margin tells who needs nothing more.
    _, again = _judge(connection, RationalePolicy(uncertain_below=below))
    assert again.labelled == []
    wider = sum(margin < 0.5 for margin in margins.values())
    _, again = _judge(connection, RationalePolicy(uncertain_below=0.5))
    assert len(again.rationalized) == wider - len(wanted)


def test_policies_add_up_and_each_rationale_counts_once(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _fill(connection, 60)
    policy = RationalePolicy(sample_share=0.2, top_posts=10, uncertain_below=0.3)
    counts, engine = _judge(connection, policy)
    by_policy = (
        counts.count_rationales_sample,
        counts.count_rationales_top,
        counts.count_rationales_uncertain,
    )
    assert min(by_policy) > 0
    assert sum(by_policy) == counts.count_engine_rationales == len(set(engine.rationalized))
    counts, _ = _judge(connection, ALL_RATIONALES)
    assert counts.count_engine_rationales == 60 - sum(by_policy)
    assert counts.count_rationales_sample == 0
    assert rows(
        connection,
        "select sum(count_engine_rationales), max(count_rationales_top) from runs",
    ) == [(60, by_policy[1])]


def test_configuration_names_the_policies(tmp_path: Path) -> None:
    path = tmp_path / "analytics.toml"
    path.write_text('[infer]\nrationales = ["uncertain", "sample"]\nuncertain_below = 0.25\n')
    assert policy_of(load_config(path, environment={})) == RationalePolicy(
        sample_share=0.02, uncertain_below=0.25
    )
    for text, policy in (
        ("all", ALL_RATIONALES),
        ("none", RationalePolicy()),
        ('["top"]', RationalePolicy(top_posts=50)),
    ):
        environment = {"ANALYTICS_INFER_RATIONALES": text}
        assert policy_of(load_config(path, environment=environment)) == policy
    path.write_text('[infer]\nrationales = ["uncertein"]\n')
    with pytest.raises(ConfigError, match=r"holds 'uncertein'\. Did you mean 'uncertain'\?"):
        load_config(path, environment={})
    path.write_text('[infer]\nrationales = "some"\n')
    with pytest.raises(ConfigError, match=r"must be one of 'all', 'none'"):
        load_config(path, environment={})
