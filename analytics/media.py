"""Prepares the pictures of posts once; later steps read the small files.

Prepared pictures are kept as `<data_dir>/pictures/<aa>/<sha256>.jpg`, named by
the sha256 of the original, so that a picture that many posts share is one file,
and is decoded once: where the file is there, the original is read and hashed alone.
"""

import functools
import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analytics.contract.cores import count_cores
from analytics.contract.errors import ImageError, StoreError
from analytics.contract.extras import install_hint
from analytics.contract.images import (
    ImageSettings,
    PreparedImage,
    locate_prepared,
    prepare_image,
    read_image_file,
    recognize_image,
)
from analytics.contract.picture_formats import SNIFFED_BYTES, sniff_format
from analytics.contract.picture_limits import PixelRoom
from analytics.store.lost_pictures import take_back_lost
from analytics.store.pictures import (
    PendingPicture,
    PictureResult,
    read_pending,
    store_results,
)
from analytics.store.unpacked import name_inside

logger = logging.getLogger(__name__)

_IMAGE_KINDS = ("image", "gif")


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCounts:
    """Pictures that came to be usable in this step, and those newly found unusable.

    `count_reused` are those of the first that had been prepared before.
    """

    count_prepared: int
    count_reused: int
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
    settings: ImageSettings | None = None,
) -> MediaCounts:
    """Prepare pending pictures, and those whose file was missing or not allowed before.

    Also those whose small file has gone from `data_dir`, or is damaged there.
    A picture is read if it lies in the folder of its dump or in one of `folders`,
    links resolved: a dump may come from a stranger. One that cannot be used gets
    its status and a row in `rejects`; the post is kept and judged without it.

    Raises:
        KeyboardInterrupt: `is_stopped` said so; the batches before are stored.
    """
    count_prepared = count_reused = count_rejects = 0
    if n_lost := take_back_lost(connection, data_dir):
        logger.warning(
            "%s: %d prepared pictures are gone or damaged; they are made anew", data_dir, n_lost
        )
    # Pillow computes without the interpreter's lock: threads use all cores.
    room = make_room(settings)
    with ThreadPoolExecutor(n_threads or count_cores()) as pool:
        for batch in read_pending(connection, settings):
            done = list(
                pool.map(lambda entry: prepare_one(entry, data_dir, folders, settings, room), batch)
            )
            results = [result for result, _ in done]
            count_prepared += sum(result.status == "ok" for result in results)
            count_reused += sum(is_reused for _, is_reused in done)
            count_rejects += store_results(connection, results, run_id)
            on_prepared(len(batch))
            if is_stopped():
                raise KeyboardInterrupt
    if count_reused:
        logger.info("%d of %d pictures were prepared before", count_reused, count_prepared)
    return MediaCounts(
        count_prepared=count_prepared, count_reused=count_reused, count_rejects=count_rejects
    )


def make_room(settings: ImageSettings | None = None) -> PixelRoom:
    """The room of a step: for one picture of the largest that is allowed, or many of others."""
    return PixelRoom((settings or ImageSettings()).max_pixels)


def prepare_one(
    entry: PendingPicture,
    data_dir: Path,
    folders: Sequence[Path] = (),
    settings: ImageSettings | None = None,
    room: PixelRoom | None = None,
) -> tuple[PictureResult, bool]:
    """Prepare one picture and keep the small file, or use the one that was kept.

    What came of it, a fault too, and whether it had been prepared before.
    """
    post_id, position = entry.post_id, entry.position
    if entry.kind not in _IMAGE_KINDS:
        return PictureResult(post_id=post_id, position=position, status="not_an_image"), False
    if entry.source_path is None:
        return PictureResult(post_id=post_id, position=position, status="not_fetched"), False
    try:
        data = read_image_file(_find_allowed(entry, folders), settings)
        picture, path, is_reused = keep_picture(data, data_dir, settings, room=room)
    except ImageError as exc:
        error = name_inside(str(exc), data_dir)
        fault = PictureResult(post_id=post_id, position=position, status=exc.reason, error=error)
        return fault, False
    result = PictureResult(
        post_id=post_id,
        position=position,
        status="ok",
        sha256=picture.sha256,
        path=path,
        width=picture.width,
        height=picture.height,
        bytes=picture.n_bytes,
    )
    return result, is_reused


def keep_picture(
    data: bytes,
    data_dir: Path,
    settings: ImageSettings | None = None,
    formats: tuple[str, ...] | None = None,
    room: PixelRoom | None = None,
) -> tuple[PreparedImage, str, bool]:
    """Prepare a picture and keep the small file, or use the one that was kept.

    The picture, the path below `data_dir`, and whether it had been prepared before.

    Raises:
        ImageError: `broken`, `too_large`, or `no_decoder` for HEIC without its extra.
        StoreError: the small file cannot be written.
    """
    if sniff_format(data[:SNIFFED_BYTES]) == "HEIF" and not can_read_heif():
        raise ImageError("no_decoder", f"a HEIC picture: {install_hint('heic')} to read it")
    sha256 = hashlib.sha256(data).hexdigest()
    relative = locate_prepared(sha256, settings)
    with room.lock_picture(sha256) if room else nullcontext():
        picture = _recognize(data, data_dir / relative, settings, formats)
        is_reused = picture is not None
        if picture is None:
            picture = prepare_image(data, settings, formats, room)
            _write(data_dir / relative, picture.jpeg)
    return picture, str(relative), is_reused


@functools.cache
def can_read_heif() -> bool:
    """Whether Pillow reads HEIC pictures: with the extra `heic`, which is registered here."""
    try:
        import pi_heif
    except ImportError:
        return False
    pi_heif.register_heif_opener()
    return True


def _recognize(
    data: bytes, kept: Path, settings: ImageSettings | None, formats: tuple[str, ...] | None
) -> PreparedImage | None:
    """The picture as it was prepared before, if it was and its file can be read."""
    try:
        jpeg = kept.read_bytes()
    except OSError:
        return None
    return recognize_image(data, jpeg, settings, formats)


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


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        # Not synced: that takes 1.5 ms, a seventh of preparing. What a power loss leaves empty
        # or cut, `take_back_lost` finds.
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as exc:
        raise StoreError(
            f"{path}: a prepared picture cannot be written: {exc.strerror or exc}. Free some"
            " space or set [warehouse] data_dir; the run goes on from here."
        ) from exc
