"""Whatever a post makes a model say, a reply is read, and the label is one of three."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from analytics.contract.engine import TextReply
from analytics.contract.labels import LABELS
from analytics.contract.parser import parse_reply, parse_response
from analytics.contract.prompts import PARTS, RATIONALE_PREFILL
from analytics.contract.records import Item, ParsedResponse, ResponseStatus
from analytics.infer import InferSettings, infer
from analytics.store.sql_files import build_marts, run_checks
from tests.hostile.posts import list_posts
from tests.scripted import ScriptedEngine, make_post, new_run, rows, scalar, store_posts

POSTS = list(list_posts())


def _check(parsed: ParsedResponse) -> None:
    assert parsed.status in ResponseStatus
    assert parsed.rationale.label in (None, *LABELS)
    assert (parsed.rationale.label is not None) == (parsed.status is ResponseStatus.OK)
    for part in PARTS:
        text = getattr(parsed.rationale, part)
        assert text == " ".join(text.split())


@pytest.mark.parametrize("post", POSTS, ids=lambda post: f"{post.kind}-{post.name}")
@pytest.mark.parametrize("prefill", ["", RATIONALE_PREFILL], ids=["bare", "prefill"])
def test_reply_that_repeats_a_post_is_read(post: object, prefill: str) -> None:
    """The worst that a post can do: the model says what the post says."""
    for text in (post.text, post.aspect, post.in_picture):  # type: ignore[attr-defined]
        for is_cut in (False, True):
            _check(parse_response(prefill + text, is_cut=is_cut))
        reply = TextReply(
            text=prefill + text, finish_reason="length", n_prompt_tokens=1, n_output_tokens=1
        )
        assert parse_reply(reply, has_image=False).rationale.image_analysis == ""


class _ObedientEngine(ScriptedEngine):
    """Writes the post as its rationale, whatever it asks for."""

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        return [
            TextReply(
                text=f"{RATIONALE_PREFILL} {item.text}",
                finish_reason="stop",
                n_prompt_tokens=1,
                n_output_tokens=1,
            )
            for item in items
        ]


def test_run_over_hostile_posts_stores_a_label_for_each(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    posts = [
        make_post(str(n), post.text, line=n + 1, aspects=(post.aspect,) if post.aspect else ())
        for n, post in enumerate(POSTS)
    ]
    assert store_posts(connection, posts).count_stored == len(POSTS)
    settings = InferSettings(model_id="m", result_digest="r", data_dir=tmp_path)
    run = new_run(connection)
    plan = infer(connection, _ObedientEngine, run, settings)
    assert run.counts.count_rejects == 0
    assert run.counts.count_engine_labels == plan.count_contents > 70
    empty = scalar(connection, "select count(*) from posts where clean_text = ''")
    judged = scalar(connection, "select count(*) from predictions where aspect = ''")
    assert judged == len(POSTS) - empty
    found = rows(connection, "select distinct label::varchar from predictions")
    assert {label for (label,) in found} <= set(LABELS)
    assert scalar(
        connection, "select bool_and(abs(p_negative + p_neutral + p_positive - 1) < 1e-6)"
        " from predictions"
    )  # fmt: skip
    # A forged rationale is the model's own word at most: it never becomes the label.
    forged = rows(
        connection,
        "select label, p_negative, p_neutral, p_positive from predictions"
        " where rationale_label is not null",
    )
    assert forged
    for label, *probabilities in forged:
        assert label == LABELS[probabilities.index(max(probabilities))]
    build_marts(connection)
    assert [check.name for check in run_checks(connection) if check.count_rows] == []
