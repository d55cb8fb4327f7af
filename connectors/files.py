"""The files below a path that a connector reads, in a fixed order."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from analytics.contract.errors import ConnectorError
from connectors.protocol import Detection

COMPRESSED = (".zst", ".gz", ".bz2", ".xz")
_FILES_TO_TRY = 5  # of the first ones, and as many of the last ones
_KINDS_TO_NAME = 3
_SURE = 0.9  # the format's own marks were seen

DetectFile = Callable[[Path], Detection | None]
Matches = Callable[[str], bool]


def has_suffix(name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a file name ends so, maybe with a compression's ending behind."""
    name = name.lower()
    for ending in COMPRESSED:
        if name.endswith(ending):
            name = name.removesuffix(ending)
            break
    return name.endswith(suffixes)


def is_json_file(name: str) -> bool:
    """Whether a file is JSON by its name, of one value or one a line."""
    return has_suffix(name, (".json", ".jsonl", ".ndjson"))


def check_exists(path: Path) -> None:
    """Refuse a path that is not there.

    Raises:
        ConnectorError: naming the absolute path.
    """
    try:
        is_there = path.exists()
    except (OSError, ValueError) as exc:
        raise ConnectorError(f"{path.absolute()}: cannot be looked at ({exc})") from exc
    if not is_there:
        raise ConnectorError(f"{path.absolute()}: no such file or folder; check the path")


def leads_out(file: Path, folder: Path) -> bool:
    """Whether a file, links resolved, lies outside of a folder: a dump may come from a stranger."""
    return not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))


def check_inside(file: Path, folder: Path) -> None:
    """Refuse a file of a folder that is a link out of it.

    Raises:
        ConnectorError: naming the file, and what to do.
    """
    if leads_out(file, folder):
        raise ConnectorError(
            f"{file}: a link that leads out of {folder}; it is not read. If you trust the dump, put"
            " the file itself there, or name it as a source of its own"
        )


def drop_outside(files: Iterable[Path], folder: Path) -> tuple[list[Path], list[str]]:
    """The companions of a file that lie in its dump, and why the others are not read."""
    found = [file for file in files if file.is_file()]
    kept = [file for file in found if not leads_out(file, folder)]
    return kept, [
        f"{file.name} is a link that leads out of the dump; it is not read. If you trust the dump,"
        " put the file itself there"
        for file in found
        if file not in kept
    ]


def find_files(path: Path, matches: Matches) -> list[Path]:
    """All regular files below a folder whose names match, sorted.

    Hidden files and folders are skipped; links that lead out of the folder and
    linked folders are not followed.
    """
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(n for n in folders if not n.startswith((".", "__MACOSX")))
        for name in names:
            if name.startswith(".") or not matches(name):
                continue
            file = Path(folder) / name
            if file.is_symlink() and leads_out(file, path):
                continue
            if file.is_file():
                found.append(file)
    return sorted(found)


def list_matching_files(path: Path, matches: Matches, wanted: str) -> list[Path]:
    """The file itself, or the matching files below a folder.

    Raises:
        ConnectorError: the path is missing, or the folder holds no such file.
    """
    check_exists(path)
    if not path.is_dir():
        return [path]
    found = find_files(path, matches)
    if not found:
        raise ConnectorError(f"{path.absolute()}: no files to read below it; expected {wanted}")
    return found


def detect_in_folder(path: Path, matches: Matches, detect_file: DetectFile) -> Detection | None:
    """What the first and the last files of a folder are, in words for all.

    Of those that are sure, else of the surest ones, each different finding is named.
    """
    files = find_files(path, matches)
    tried = dict.fromkeys([*files[:_FILES_TO_TRY], *files[-_FILES_TO_TRY:]])
    detections = [found for file in tried if (found := detect_file(file)) is not None]
    if not detections:
        return None
    confidence = max(detection.confidence for detection in detections)
    least = min(confidence, _SURE)
    kinds = list(dict.fromkeys(d.found for d in detections if d.confidence >= least))
    more = [f"{len(kinds) - _KINDS_TO_NAME} more kinds"] if len(kinds) > _KINDS_TO_NAME else []
    named = "; ".join([*kinds[:_KINDS_TO_NAME], *more])
    noun = "file" if len(files) == 1 else "files"
    return Detection(confidence=confidence, found=f"folder with {len(files)} {noun}: {named}")


def name_members(text: str, folder: Path, archive: Path) -> str:
    """A message in which files below a folder are called as those of the archive it is of.

    Where it was unpacked to is of no use to a reader.
    """
    for root in (os.path.realpath(folder), str(folder.absolute()), str(folder)):
        text = text.replace(root, str(archive))
    return text
