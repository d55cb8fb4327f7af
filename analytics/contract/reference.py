"""The reference of a model: what its training data and its confidence looked like.

`reference.json` in a model folder. `analytics distill reference` writes it, and the events
of a warehouse are compared with it. Histograms have fixed edges, so that any two compare.
"""

import logging
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analytics.contract.json_files import read_object
from analytics.contract.model_folder import CALIBRATION_FILE, digest_calibration

logger = logging.getLogger(__name__)

REFERENCE_FILE = "reference.json"
VERSION = 1
# Of a reference that does not say with which calibration it was made.
_UNKNOWN = "unknown"
# Lower edges of bins: letters of a text, probability of the most probable label.
TEXT_LENGTH_EDGES = (0, 20, 40, 60, 80, 100, 120, 140, 200, 300, 600)
CONFIDENCE_EDGES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
HISTOGRAMS: Mapping[str, int] = {
    "text_length": len(TEXT_LENGTH_EDGES),
    "has_picture": 2,
    "confidence": len(CONFIDENCE_EDGES),
}


def count_bins(values: Iterable[float], edges: tuple[float, ...]) -> list[int]:
    """How many values lie in each bin; the last one is open."""
    counts = [0] * len(edges)
    for value in values:
        counts[max(bisect_right(edges, value) - 1, 0)] += 1
    return counts


def make_reference(
    texts: Iterable[str], has_picture: Iterable[bool], confidences: Iterable[float], made_of: str
) -> dict[str, Any]:
    """What `reference.json` holds, of training texts and of confidences on held-out data."""
    pictures = [0, 0]
    for has in has_picture:
        pictures[bool(has)] += 1
    return {
        "version": VERSION,
        "made_of": made_of,
        "text_length": count_bins(map(len, texts), TEXT_LENGTH_EDGES),
        "has_picture": pictures,
        "confidence": count_bins(confidences, CONFIDENCE_EDGES),
    }


def read_reference(folder: Path) -> dict[str, list[float]]:
    """The histograms of a folder's reference; {} where there is none that is understood.

    That of confidence is left out, with a warning, if it was made with another calibration
    than the folder has: then the model is surer, or less sure, than it was.
    """
    values = read_object(folder / REFERENCE_FILE) or {}
    found = parse_reference(values)
    made_with = values.get("calibration_sha256", _UNKNOWN)
    if made_with not in (_UNKNOWN, digest_calibration(folder)) and "confidence" in found:
        logger.warning(
            "%s: its confidences were made with another %s than the folder has, so they are left"
            " out. Make it again: `analytics distill reference`",
            folder / REFERENCE_FILE,
            CALIBRATION_FILE,
        )
        del found["confidence"]
    return found


def parse_reference(values: Mapping[str, Any]) -> dict[str, list[float]]:
    """The histograms that are whole; those of another version are none."""
    if values.get("version") != VERSION:
        return {}
    found = {}
    for name, n_bins in HISTOGRAMS.items():
        counts = values.get(name)
        if (
            isinstance(counts, list)
            and len(counts) == n_bins
            and all(isinstance(n, int | float) and 0 <= n < math.inf for n in counts)
            and sum(counts) > 0
        ):
            found[name] = [float(n) for n in counts]
    return found
