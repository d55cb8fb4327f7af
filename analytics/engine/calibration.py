"""How a model folder's label probabilities are computed from its logits."""

import math
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError
from analytics.contract.json_files import read_object
from analytics.contract.labels import LABELS, NO_CALIBRATION, LabelCalibration
from analytics.contract.model_folder import CALIBRATION_FILE


def read_calibration(folder: Path) -> LabelCalibration:
    """`temperature` and `label_bias` of a folder's `calibration.json`; no change without it.

    `label_bias` is an object with one number (nats) a label, or not there.

    Raises:
        EngineError: the file names no positive number, or a bias that is none.
    """
    path = folder / CALIBRATION_FILE
    values = read_object(path)
    if values is None:
        return NO_CALIBRATION
    temperature: Any = values.get("temperature")
    if not (is_number(temperature) and temperature > 0):
        raise EngineError(
            f"{path}: temperature is {temperature!r}, it must be a number above 0. Write "
            '{"temperature": 1.0} for no change, delete the file, or fit it again '
            "(`analytics distill promote --calibrate-on`)"
        )
    bias: Any = values.get("label_bias")
    if bias is None:
        return LabelCalibration(temperature=float(temperature))
    names = [str(label) for label in LABELS]
    if (
        not isinstance(bias, dict)
        or set(bias) != set(names)
        or not all(is_number(value) for value in bias.values())
    ):
        raise EngineError(
            f"{path}: label_bias is {bias!r}, it must give a number for each of "
            f"{', '.join(names)}. Take it out for no change, or fit it again "
            "(`analytics distill calibrate`)"
        )
    negative, neutral, positive = (float(bias[name]) for name in names)
    return LabelCalibration(float(temperature), (negative, neutral, positive))


def is_number(value: Any) -> bool:
    """A finite number that is no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
