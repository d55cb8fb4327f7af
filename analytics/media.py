"""Prepares the pictures of posts once; later steps read the small files.

Prepared pictures are kept as `<data_dir>/pictures/<aa>/<sha256>.jpg`, named by
the sha256 of the original, so that a picture that many posts share is one file.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analytics.contract.errors import ImageError, StoreError
from analytics.contract.images import prepare_image, read_image_file
from analytics.store.pictures import (
    PendingPicture,
    PictureResult,
    read_pending,
    store_results,
)

_IMAGE_KINDS = ("image", "gif")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCounts:
    """Pictures prepared, and pictures newly found unusable, in this step."""

    count_prepared: int
    count_rejects: int


def prepare_media(
    connection: duckdb.DuckDBPyConnection,
    *,
    data_dir: Path,
    run_id: str,
    folders: Sequence[Path] = (),
    on_prepared: Callable[[int], None] = lambda n: None,
    is_stopped: Callable[[], bool] = lambda: False,
    n_threads: int | None = None,
) -> MediaCounts:
    """Prepare pending pictures, and those whose file was missing or not allowed before.

    A picture is read if it lies in the folder of its dump or in one of `folders`,
    links resolved: a dump may come from a stranger. One that cannot be used gets
    its status and a row in `rejects`; the post is kept and judged without it.

    Raises:
        KeyboardInterrupt: `is_stopped` said so; the batches before are stored.
    """
    count_prepared = count_rejects = 0
    with ThreadPoolExecutor(n_threads or os.cpu_count() or 1) as pool:
        for batch in read_pending(connection):
            results = list(pool.map(lambda entry: prepare_one(entry, data_dir, folders), batch))
            count_prepared += sum(result.status == "ok" for result in results)
            count_rejects += store_results(connection, results, run_id)
            on_prepared(len(batch))
            if is_stopped():
                raise KeyboardInterrupt
    return MediaCounts(count_prepared=count_prepared, count_rejects=count_rejects)


def prepare_one(
    entry: PendingPicture, data_dir: Path, folders: Sequence[Path] = ()
) -> PictureResult:
    """Prepare one picture and keep the small file; its fault if there is one."""
    post_id, position = entry.post_id, entry.position
    if entry.kind not in _IMAGE_KINDS:
        return PictureResult(post_id=post_id, position=position, status="not_an_image")
    if entry.source_path is None:
        return PictureResult(post_id=post_id, position=position, status="not_fetched")
    try:
        picture = prepare_image(read_image_file(_find_allowed(entry, folders)))
    except ImageError as exc:
        return PictureResult(post_id=post_id, position=position, status=exc.reason, error=str(exc))
    relative = Path("pictures") / picture.sha256[:2] / f"{picture.sha256}.jpg"
    _write_once(data_dir / relative, picture.jpeg)
    return PictureResult(
        post_id=post_id,
        position=position,
        status="ok",
        sha256=picture.sha256,
        path=str(relative),
        width=picture.width,
        height=picture.height,
        bytes=picture.n_bytes,
    )


def _find_allowed(entry: PendingPicture, folders: Sequence[Path]) -> Path:
    """The real path of a picture, if it lies where pictures may be read."""
    own = [] if entry.source_folder is None else [Path(entry.source_folder)]
    path = Path(os.path.realpath(entry.source_path or ""))
    if any(path.is_relative_to(os.path.realpath(folder)) for folder in [*own, *folders]):
        return path
    raise ImageError(
        "outside_folder",
        f"{entry.source_path}: leads out of the folder of its dump; if you trust the dump, name"
        " the picture's folder in [warehouse] picture_folders",
    )


def _write_once(path: Path, data: bytes) -> None:
    if path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as exc:
        raise StoreError(
            f"{path}: a prepared picture cannot be written: {exc.strerror or exc}. Free some"
            " space or set [warehouse] data_dir; the run goes on from here."
        ) from exc
