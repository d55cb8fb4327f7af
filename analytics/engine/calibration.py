"""The temperature that a model folder's label probabilities are divided by."""

import math
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError
from analytics.contract.json_files import read_object

CALIBRATION_FILE = "calibration.json"


def read_temperature(folder: Path) -> float:
    """The temperature in a folder's `calibration.json`; 1.0, no change, without the file.

    Raises:
        EngineError: the file names no positive number.
    """
    path = folder / CALIBRATION_FILE
    values = read_object(path)
    if values is None:
        return 1.0
    found: Any = values.get("temperature")
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    temperature = float(found) if is_number else math.nan
    if not 0 < temperature < math.inf:
        raise EngineError(
            f"{path}: temperature is {found!r}, it must be a number above 0. Write "
            '{"temperature": 1.0} for no change, delete the file, or fit it again '
            "(`analytics distill promote --calibrate-on`)"
        )
    return temperature
