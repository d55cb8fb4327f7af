"""What a model folder says of its probabilities: their temperature, and what they get wrong."""

import hashlib
import json
import logging
import math
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError
from analytics.contract.json_files import read_object
from analytics.contract.model_folder import ERRORS_FILE

logger = logging.getLogger(__name__)

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


def read_errors(folder: Path) -> str | None:
    """The JSON text of a folder's `errors.json`, or None.

    None, with a warning, if the calibration is another one than the errors were
    measured with: then other labels or probabilities come out.

    Raises:
        EngineError: the file is no JSON object.
    """
    path = folder / ERRORS_FILE
    values = read_object(path)
    if values is None:
        return None
    measured, now = values.get("calibration_sha256"), digest_calibration(folder)
    if measured != now:
        logger.warning(
            "%s: measured with another %s than the folder has, so it is left out. Measure again:"
            " `analytics distill errors`",
            path,
            CALIBRATION_FILE,
        )
        return None
    return json.dumps(values)


def digest_calibration(folder: Path) -> str | None:
    """The sha256 of a folder's `calibration.json`; None without one."""
    try:
        return hashlib.sha256((folder / CALIBRATION_FILE).read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
