import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from analytics.contract.reference import (
    CONFIDENCE_EDGES,
    TEXT_LENGTH_EDGES,
    make_reference,
    parse_reference,
    read_reference,
)
from analytics.engine.models import ModelFolder
from analytics.events import EventSettings, build_events
from analytics.infer import InferSettings, infer
from analytics.remembering import remember_model
from analytics.store.sql_files import build_marts
from tests.scripted import ScriptedEngine, make_post, new_run, rows, store_posts

FIRST = datetime(2025, 11, 3, 12, tzinfo=UTC)
SHORT, LONG = "tram {}", "a long complaint about the tram that came late once more, number {}"


def _make_model(folder: Path, reference: dict[str, object] | None) -> ModelFolder:
    if reference is not None:
        (folder / "reference.json").write_text(json.dumps(reference), encoding="utf-8")
    return ModelFolder(
        path=folder,
        name="m",
        model_id="m",
        description="",
        is_distilled=True,
        accepts_images=True,
    )


def _run(connection: duckdb.DuckDBPyConnection, model: ModelFolder, texts: list[str]) -> None:
    """Two posts a day for 90 days; the text of day d is texts[d // 30]."""
    posts = [
        make_post(
            f"{d}-{i}",
            texts[d // 30].format(f"{d:02}{i}"),
            created_at=FIRST + timedelta(days=d),
            lang="en" if d < 62 else "de-AT",
        )
        for d in range(90)
        for i in range(2)
    ]
    store_posts(connection, posts)
    remember_model(connection, model)
    settings = InferSettings(model_id="m", result_digest="r", data_dir=Path("data"))
    infer(connection, ScriptedEngine, new_run(connection), settings)
    build_marts(connection)
    build_events(connection, EventSettings())


def test_drift_is_named_against_training_and_the_weeks_before(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Texts are long in the last four weeks, and in training; the weeks before had short ones."""
    reference = make_reference([LONG] * 500, [True] * 400 + [False] * 100, [0.5] * 300, "t")
    _run(connection, _make_model(tmp_path, reference), [SHORT, SHORT, LONG])
    found = {
        (feature, against): (level, reading)
        for feature, against, level, reading in rows(
            connection, "select feature, reference, level, reading from input_drift"
        )
    }
    assert found["text_length", "training"][0] == "none"
    assert found["text_length", "trailing"][0] == "large"
    assert found["language", "trailing"][0] == "large"
    assert found["platform", "trailing"][0] == "none"
    assert ("platform", "training") not in found
    level, reading = found["has_picture", "training"]
    assert level == "large"
    assert reading.startswith(
        "The share of posts with a picture differs much from the training data: 0% against 80%;"
    )


def test_without_a_reference_only_the_weeks_before_count(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _run(connection, _make_model(tmp_path, None), [SHORT, SHORT, SHORT])
    assert rows(connection, "select distinct reference from input_drift") == [("trailing",)]
    assert rows(
        connection,
        "select feature, count_current, count_reference, psi from input_drift"
        " where feature = 'text_length'",
    ) == [("text_length", 56, 112, pytest.approx(0, abs=0.01))]


def test_reference_that_is_not_understood_is_none(tmp_path: Path) -> None:
    made = make_reference(["a" * 25, "b"], [True, False], [0.97, 0.2], "t")
    assert made["text_length"][:2] == [1, 1]
    assert len(made["text_length"]) == len(TEXT_LENGTH_EDGES)
    assert made["confidence"] == [1, *[0] * (len(CONFIDENCE_EDGES) - 2), 1]
    assert set(parse_reference(made)) == {"text_length", "has_picture", "confidence"}
    assert parse_reference({**made, "version": 2}) == {}
    assert "has_picture" not in parse_reference({**made, "has_picture": [1, -1]})
    assert "confidence" not in parse_reference({**made, "confidence": [1.0]})
    assert read_reference(tmp_path) == {}
