import json
import logging
from pathlib import Path

import numpy as np
import pytest

from analytics.contract.errors import EngineError
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import CALIBRATION_FILE, digest_calibration
from analytics.contract.reference import (
    CONFIDENCE_EDGES,
    HISTOGRAMS,
    REFERENCE_FILE,
    make_reference,
    read_reference,
)
from analytics.engine.measured_errors import read_errors
from analytics.engine.models import _SHIPPED
from analytics.estimates.model_errors import parse_errors


def test_folder_without_errors_says_nothing(tmp_path: Path) -> None:
    assert read_errors(tmp_path) is None


def test_errors_of_another_calibration_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_object(tmp_path / "calibration.json", {"temperature": 1.0})
    write_object(
        tmp_path / "errors.json", {"n": 3, "calibration_sha256": digest_calibration(tmp_path)}
    )
    assert json.loads(read_errors(tmp_path) or "")["n"] == 3
    write_object(tmp_path / "calibration.json", {"temperature": 2.0})
    with caplog.at_level(logging.WARNING):
        assert read_errors(tmp_path) is None
    assert "Measure again: `analytics distill errors`" in caplog.text


def test_broken_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "errors.json").write_text("1.3")
    with pytest.raises(EngineError, match=r"errors\.json: holds no JSON object"):
        read_errors(tmp_path)


@pytest.mark.parametrize("folder", sorted(p.parent for p in _SHIPPED.glob("*/errors.json")))
def test_errors_of_shipped_models_are_of_their_calibration(folder: Path) -> None:
    """Where this fails, run `analytics distill errors` as the model's card says."""
    text = read_errors(folder)
    assert text is not None
    found = parse_errors(json.loads(text))
    assert 0.5 < found.accuracy < 1
    assert found.hard.rates.sum(1) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("folder", sorted(p.parent for p in _SHIPPED.glob("*/calibration.json")))
def test_shipped_models_have_errors_and_a_reference_of_their_calibration(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where this fails, make both anew as docs/smol-139m/train.sh does."""
    assert read_errors(folder) is not None
    values = read_object(folder / REFERENCE_FILE) or {}
    assert values["calibration_sha256"] == digest_calibration(folder)
    assert set(read_reference(folder)) == set(HISTOGRAMS)
    assert caplog.text == ""
    # The confidences are those of the set that the calibration was fitted on.
    first = (read_object(folder / CALIBRATION_FILE) or {})["adjustment"]["sets"][0]
    assert sum(values["confidence"]) == first["n"]
    lows = np.array(CONFIDENCE_EDGES)
    highs = np.append(lows[1:], 1.0)
    shares = np.array(values["confidence"]) / first["n"]
    # Confidence is at most so far from accuracy as the calibration error says.
    figures = first["with_bias"]
    assert shares @ lows - figures["ece"] <= figures["accuracy"] <= shares @ highs + figures["ece"]


def test_confidences_of_another_calibration_are_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = make_reference(["a text"], [True], [0.5], "t")
    write_object(tmp_path / REFERENCE_FILE, {**made, "calibration_sha256": None})
    assert "confidence" in read_reference(tmp_path)
    write_object(tmp_path / "calibration.json", {"temperature": 2.0})
    with caplog.at_level(logging.WARNING):
        assert set(read_reference(tmp_path)) == {"text_length", "has_picture"}
    assert "Make it again: `analytics distill reference`" in caplog.text
