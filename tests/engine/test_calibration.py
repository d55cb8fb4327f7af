"""The temperature beside a model: read, checked, part of the id, applied by the engine."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.contract.engine import Engine
from analytics.contract.errors import EngineError
from analytics.contract.json_files import write_object
from analytics.contract.labels import NO_CALIBRATION, LabelCalibration, compute_probabilities
from analytics.contract.records import Item
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from analytics.engine.replies import make_label_reply
from tests.engine.conftest import DECODING
from tests.engine.test_models import make_folder


def test_folder_without_calibration_has_temperature_one(tmp_path: Path) -> None:
    assert (
        resolve_model(str(make_folder(tmp_path / "m")), cache_dir=tmp_path).calibration
        == NO_CALIBRATION
    )


def test_calibration_is_read_and_changes_the_id(tmp_path: Path) -> None:
    plain = resolve_model(str(make_folder(tmp_path / "m")), cache_dir=tmp_path)
    (plain.path / "calibration.json").write_text('{"temperature": 2, "n": 100}')
    warm = resolve_model(str(plain.path), cache_dir=tmp_path)
    assert warm.calibration == LabelCalibration(temperature=2.0)
    assert warm.model_id != plain.model_id


@pytest.mark.parametrize(
    "value", [0, -1.5, "1.3", None, True, math.nan, math.inf], ids=lambda value: repr(value)
)
def test_bad_temperature_names_file_and_fix(tmp_path: Path, value: object) -> None:
    path = make_folder(tmp_path / "m", calibration={"temperature": value})
    with pytest.raises(EngineError) as caught:
        resolve_model(str(path), cache_dir=tmp_path)
    assert f"{path / 'calibration.json'}: temperature is" in str(caught.value)
    assert "delete the file" in str(caught.value)


def test_calibration_that_is_no_json_names_the_file(tmp_path: Path) -> None:
    path = make_folder(tmp_path / "m")
    (path / "calibration.json").write_text("1.3")
    with pytest.raises(EngineError, match=r"calibration\.json: holds no JSON object"):
        resolve_model(str(path), cache_dir=tmp_path)


def test_label_reply_of_no_finite_numbers_is_an_engine_error() -> None:
    with pytest.raises(EngineError, match="float32"):
        make_label_reply([0.0, math.nan, 0.0], NO_CALIBRATION)


def test_bias_is_read_by_label_and_changes_the_id(tmp_path: Path) -> None:
    plain = resolve_model(str(make_folder(tmp_path / "m")), cache_dir=tmp_path)
    bias = {"positive": 0.5, "neutral": -0.25, "negative": 1}
    write_object(plain.path / "calibration.json", {"temperature": 1.0, "label_bias": bias})
    found = resolve_model(str(plain.path), cache_dir=tmp_path)
    assert found.calibration == LabelCalibration(1.0, (1.0, -0.25, 0.5))
    assert found.model_id != plain.model_id


@pytest.mark.parametrize(
    "value",
    [
        [0, 0, 0],
        {"negative": 1.0},
        {"negative": 0, "neutral": 0, "positive": math.nan},
        {"negative": 0, "neutral": 0, "positive": True},
        {"negative": 0, "neutral": 0, "positive": 0, "mixed": 0},
    ],
    ids=repr,
)
def test_bad_bias_names_file_and_fix(tmp_path: Path, value: object) -> None:
    path = make_folder(tmp_path / "m", calibration={"temperature": 1.0, "label_bias": value})
    with pytest.raises(EngineError) as caught:
        resolve_model(str(path), cache_dir=tmp_path)
    assert f"{path / 'calibration.json'}: label_bias is" in str(caught.value)
    assert "distill calibrate" in str(caught.value)


@pytest.mark.model
def test_engine_applies_the_calibration(tiny_vision_folder: ModelFolder, items: list[Item]) -> None:
    calibration = LabelCalibration(2.5, (0.5, 0.0, -1.0))
    found = []
    for applied in (NO_CALIBRATION, calibration):
        folder = replace(tiny_vision_folder, calibration=applied)
        loaded: Engine = load_engine("transformers", folder, decoding=DECODING, dtype="float32")
        found.append(loaded.label(items[:6]))
        loaded.close()
    for plain, calibrated in zip(*found, strict=True):
        logits = [math.log(p) for p in plain.probabilities]
        expected = compute_probabilities(logits, calibration)
        assert calibrated.probabilities == pytest.approx(expected, abs=1e-6)
        assert max(abs(a - b) for a, b in zip(plain.probabilities, expected, strict=True)) > 0.01
