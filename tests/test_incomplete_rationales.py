"""Rationales that lack a part are counted, by what the model was shown and taught."""

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
from tests.scripted import ScriptedEngine, make_post, new_run, scalar, store_posts

SETTINGS = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"), chunk_items=2)
WHOLE = Rationale(
    text_analysis="a",
    image_analysis="b",
    conflict_resolution="c",
    final_conclusion="d",
    label=Label.NEUTRAL,
)


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
