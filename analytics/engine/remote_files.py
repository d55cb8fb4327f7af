"""Files that may be in an object store: pictures and model folders, by path or URI."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from analytics.contract.errors import EngineError

_SCHEME_MARK = "://"


def is_uri(location: str) -> bool:
    """Whether a location has a scheme, as `s3://bucket/key` has."""
    return _SCHEME_MARK in location


def map_path(path: Path, prefixes: Mapping[str, str]) -> str | None:
    """Where others find a file of ours, by the longest prefix that it is under; else None."""
    for prefix in sorted(prefixes, key=len, reverse=True):
        folder = Path(prefix)
        if path.is_relative_to(folder):
            rest = PurePosixPath(*path.relative_to(folder).parts)
            return f"{prefixes[prefix].rstrip('/')}/{rest}"
    return None


def read_location(location: str) -> bytes:
    """The bytes of a file.

    Raises:
        EngineError: it cannot be read.
    """
    try:
        if not is_uri(location):
            return Path(location).read_bytes()
        system, path = _find_system(location)
        with system.open_input_stream(path) as stream:
            data: bytes = stream.read()
    except Exception as exc:  # each object store raises its own kinds
        raise EngineError(f"picture {location}: cannot be read ({exc})") from exc
    return data


def fetch_folder(uri: str, target: Path) -> None:
    """Copy the files directly in a folder of an object store.

    Raises:
        EngineError: it cannot be read, or holds no file.
    """
    import pyarrow.fs

    try:
        system, path = _find_system(uri)
        found = system.get_file_info(pyarrow.fs.FileSelector(path))
        names = [info for info in found if info.is_file]
        for info in names:
            with (
                system.open_input_stream(info.path) as source,
                (target / info.base_name).open("wb") as file,
            ):
                while piece := source.read(2**24):
                    file.write(piece)
    except Exception as exc:  # the same
        raise EngineError(
            f"model_source {uri}: cannot be fetched ({exc}). Check the address, and that this "
            "machine may read it"
        ) from exc
    if not names:
        raise EngineError(f"model_source {uri}: no file there. Give the folder of config.json")


def _find_system(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the path in it: pyarrow's own, else one of fsspec."""
    import pyarrow
    import pyarrow.fs

    try:
        system, path = pyarrow.fs.FileSystem.from_uri(uri)
    except pyarrow.ArrowInvalid:  # a scheme that pyarrow does not know
        import fsspec

        known, path = fsspec.core.url_to_fs(uri)
        system = pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(known))
    return system, path
