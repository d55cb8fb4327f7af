"""Manifests: the JSON file that says what a folder of ours holds and in which format."""

from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError, TrainingError
from analytics.contract.json_files import read_object, write_object

MANIFEST_FILE = "manifest.json"


def write_manifest(folder: Path, values: dict[str, Any], *, format_version: int) -> None:
    """Write the manifest, at once; last of all files, so that it vouches for them."""
    write_object(folder / MANIFEST_FILE, {**values, "format_version": format_version})


def read_manifest_file(folder: Path, *, format_version: int, made_by: str) -> dict[str, Any]:
    """The manifest of a folder that the command `made_by` writes.

    Raises:
        TrainingError: there is none, or it is of another format.
    """
    path = folder / MANIFEST_FILE
    try:
        values = read_object(path)
    except EngineError as exc:
        raise TrainingError(str(exc)) from exc
    if values is None:
        raise TrainingError(f"{path}: there is none. Give a folder that `{made_by}` finished")
    if values.get("format_version") != format_version:
        raise TrainingError(
            f"{path}: format {values.get('format_version')}, this version reads "
            f"{format_version}. Make it anew with `{made_by}`"
        )
    return values
