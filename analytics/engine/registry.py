"""The model registry: promoted model folders by name, kept whole, with one current version.

`<cache>/registry/<name>/<version>/` is a model folder with `promotion.json`, why it
was let in; `<cache>/registry/<name>/current.json` names the version in use.
"""

import re
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from analytics.contract.errors import ConfigError, EngineError
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import CALIBRATION_FILE
from analytics.engine.assembly import assemble_once, locked
from analytics.engine.model_digests import list_file_digests, make_model_id

CURRENT_FILE = "current.json"
PROMOTION_FILE = "promotion.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryEntry:
    """The current version of a registered model."""

    name: str
    version: str
    path: Path
    promoted_at: str


def check_registry_name(name: str, *, built_in: Collection[str]) -> None:
    """Make sure that a name may be given to a model.

    Raises:
        ConfigError: it may not.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"name {name!r}: must begin with a small letter or digit and hold only small letters, "
            "digits, '.', '_' and '-' (64 at most)"
        )
    if name in built_in:
        raise ConfigError(f"name {name!r} is that of a built-in model. Give another --name")


def find_current(cache_dir: Path, name: str) -> RegistryEntry | None:
    """The current version of a name, or None if the registry has no such name.

    Raises:
        EngineError: the pointer or what it points to is broken.
    """
    if not _NAME.fullmatch(name):
        return None
    path = cache_dir / "registry" / name / CURRENT_FILE
    values = read_object(path)
    if values is None:
        return None
    version = values.get("version")
    folder = path.parent / str(version)
    if not isinstance(version, str) or Path(version).name != version or not folder.is_dir():
        raise EngineError(
            f"{path}: names version {version!r}, and there is no such folder beside it. Restore "
            "the folder, name another one there, or delete the file and promote again"
        )
    promoted_at = str(values.get("promoted_at", ""))
    return RegistryEntry(name=name, version=version, path=folder, promoted_at=promoted_at)


def list_entries(cache_dir: Path) -> list[RegistryEntry]:
    """The current versions of all names, sorted; broken ones are left out."""
    found = []
    for pointer in sorted((cache_dir / "registry").glob(f"*/{CURRENT_FILE}")):
        try:
            entry = find_current(cache_dir, pointer.parent.name)
        except EngineError:
            continue
        if entry is not None:
            found.append(entry)
    return found


def publish(
    source: Path,
    *,
    cache_dir: Path,
    name: str,
    file_digests: Mapping[str, str],
    calibration: Mapping[str, Any],
    promotion: Mapping[str, Any],
    replaces: str | None,
) -> RegistryEntry:
    """Copy a model folder into the registry and make it the current version.

    The copy gets `calibration.json` and `promotion.json`, the latter with the
    model's id, the version and the digests of all files added. `file_digests`
    are those of the files that were judged, and `replaces` is the version that
    was current then; if either has changed, nothing is published.

    Raises:
        EngineError: it has, or the copy cannot be made.
    """
    home = cache_dir / "registry" / name
    now = datetime.now(UTC)
    judged = {file: d for file, d in file_digests.items() if file != CALIBRATION_FILE}

    def build(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=_list_hidden)
        (folder / PROMOTION_FILE).unlink(missing_ok=True)  # of an earlier life of the source
        write_object(folder / CALIBRATION_FILE, dict(calibration))
        digests = list_file_digests(folder)
        copied = {file: d for file, d in digests.items() if file != CALIBRATION_FILE}
        changed = sorted(file for file, _ in judged.items() ^ copied.items())
        if changed:
            raise EngineError(
                f"{source}: {', '.join(dict.fromkeys(changed))} changed while the model was "
                "judged. Promote it again"
            )
        about = {"model_id": make_model_id(name, digests), "version": version, "files": digests}
        write_object(
            folder / PROMOTION_FILE,
            {"name": name, **about, "promoted_at": now.isoformat(), **promotion},
        )

    digest = make_model_id(name, judged).partition("@")[2]
    version = f"{now:%Y%m%dT%H%M%SZ}-{digest}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(home / ".lock"):
            current = find_current(cache_dir, name)
            if (current.version if current else None) != replaces:
                raise EngineError(
                    f"{home / CURRENT_FILE}: another model was promoted as {name!r} meanwhile. "
                    "Promote again, to be compared with that one"
                )
            n_bytes = sum(file.stat().st_size for file in source.rglob("*") if file.is_file())
            assemble_once(home / version, build, needed_bytes=n_bytes + 2**20)
            write_object(home / CURRENT_FILE, {"version": version, "promoted_at": now.isoformat()})
    except OSError as exc:
        raise EngineError(
            f"{home}: cannot be written ({exc.strerror or exc}). Make the cache folder writable, "
            "or set ANALYTICS_CACHE_DIR"
        ) from exc
    return RegistryEntry(
        name=name, version=version, path=home / version, promoted_at=now.isoformat()
    )


def _list_hidden(folder: str, names: list[str]) -> list[str]:
    """Names that are not copied: hidden ones, such as a folder of version control."""
    return [file for file in names if file.startswith(".")]
