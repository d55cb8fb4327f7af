"""Incomplete rationales are counted, by what the model was shown and taught."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from analytics.contract.engine import TextReply
from analytics.contract.labels import Label
from analytics.contract.prompts import render_target
from analytics.contract.records import Item, Media, Rationale
from analytics.infer import InferSettings, infer
from analytics.media import prepare_media
from tests.scripted import ScriptedEngine, make_post, new_run, rows, scalar, store_posts

SETTINGS = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"), chunk_items=2)
WHOLE = Rationale(
    text_analysis="a",
    image_analysis="b",
    conflict_resolution="c",
    final_conclusion="d",
    label=Label.NEUTRAL,
)


class _CutEngine(ScriptedEngine):
    """Is cut at the token limit where the post says so, before its prediction or after it."""

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        whole = render_target(WHOLE)
        before, _, _ = whole.rpartition("\n")
        return [
            TextReply(
                text=before if item.text.startswith("no prediction") else whole,
                finish_reason="length" if item.text.endswith("cut") else "stop",
                n_prompt_tokens=1,
                n_output_tokens=1,
            )
            for item in items
        ]


class _LackingEngine(ScriptedEngine):
    """Leaves out the parts that the post names."""

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        return [
            TextReply(
                text=render_target(replace(WHOLE, **dict.fromkeys(item.text.split(), ""))),
                finish_reason="stop",
                n_prompt_tokens=1,
                n_output_tokens=1,
            )
            for item in items
        ]


@pytest.mark.parametrize(
    ("empty_parts", "sees_images", "count"),
    [
        ([], True, 4),
        (["conflict_resolution"], True, 3),
        (["image_analysis"], True, 3),
        ([], False, 3),
        (["image_analysis", "conflict_resolution"], True, 2),
    ],
)
def test_rationales_that_lack_a_part_are_counted(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    empty_parts: list[str],
    sees_images: bool,
    count: int,
) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    picture = (Media(kind="image", source_path=tmp_path / "a.png"),)
    posts = [
        make_post("whole", "", media=picture),
        make_post("seen", "image_analysis", media=picture),
        make_post("unseen", "image_analysis"),
        make_post("conflict", "conflict_resolution"),
        make_post("words", "text_analysis"),
        make_post("end", "final_conclusion text_analysis", media=picture),
    ]
    store_posts(connection, posts)
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    engine = _LackingEngine()
    engine.facts = replace(engine.facts, accepts_images=sees_images)
    run = new_run(connection)
    settings = replace(SETTINGS, data_dir=tmp_path / "data", empty_parts=frozenset(empty_parts))
    infer(connection, lambda: engine, run, settings)
    assert run.counts.count_engine_rationales == 6
    assert run.counts.count_rationales_incomplete == count
    assert scalar(connection, "select count_rationales_incomplete from runs") == count


def test_rationales_without_prediction_are_counted_and_those_that_were_cut(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """All four parts are there, so they counted as whole."""
    texts = ["whole", "whole, then cut", "no prediction", "no prediction, cut"]
    store_posts(connection, [make_post(text, text) for text in texts])
    run = new_run(connection)
    infer(connection, _CutEngine, run, replace(SETTINGS, data_dir=tmp_path))
    found = "count_engine_rationales, count_rationales_incomplete, count_rationales_cut"
    assert rows(connection, f"select {found} from runs") == [(4, 2, 1)]
