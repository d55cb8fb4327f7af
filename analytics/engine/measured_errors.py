"""What a model folder says of its own errors, for intervals without gold labels."""

import json
import logging
from pathlib import Path

from analytics.contract.json_files import read_object
from analytics.contract.model_folder import CALIBRATION_FILE, ERRORS_FILE, digest_calibration

logger = logging.getLogger(__name__)


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
    if values.get("calibration_sha256") != digest_calibration(folder):
        logger.warning(
            "%s: measured with another %s than the folder has, so it is left out. Measure again:"
            " `analytics distill errors`",
            path,
            CALIBRATION_FILE,
        )
        return None
    return json.dumps(values)
