"""Small JSON files in model folders and the cache: read with a clear error, replaced whole."""

import json
import os
from pathlib import Path
from typing import Any

from analytics.contract.errors import EngineError


def read_object(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file, or None without the file.

    Raises:
        EngineError: the file cannot be read, or holds something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise EngineError(f"{path}: cannot be read as JSON ({exc}). Restore the file") from exc
    if not isinstance(value, dict):
        raise EngineError(f"{path}: holds no JSON object. Restore the file")
    return value


def write_object(path: Path, values: dict[str, Any], *, indent: int = 2) -> None:
    """Replace a file at once: readers see the old or the new object, never half of one.

    Raises:
        OSError: it cannot be written.
    """
    temp = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        temp.write_text(
            json.dumps(values, indent=indent, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        os.replace(temp, path)
    finally:
        temp.unlink(missing_ok=True)
