"""Prepared pictures, kept by the sha256 of their originals."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from analytics.contract.images import (
    ImageSettings,
    is_whole_picture,
    prepare_image,
    read_image_file,
)
from distillation.data.locks import make_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A prepared picture file and the sha256 of its original."""

    sha256: str
    path: Path


def open_cached_pictures(cache: Path) -> "PictureFolder":
    """The folder of prepared pictures that all commands share."""
    return PictureFolder(cache / "distill-pictures")


class PictureFolder:
    """A folder of prepared pictures; each is prepared once, as serving does it."""

    def __init__(self, folder: Path) -> None:
        # Another preparation must not meet the pictures of an older one.
        settings = ImageSettings()
        self._folder = folder / f"v{settings.version}-{settings.max_side}-q{settings.quality}"
        self._settings = settings

    def prepare(self, path: Path) -> KeptPicture:
        """The prepared form of a picture file.

        Raises:
            ImageError: it is missing, broken or too large.
            TrainingError: its prepared form cannot be kept.
        """
        data = read_image_file(path, self._settings)
        sha256 = hashlib.sha256(data).hexdigest()
        kept = self._folder / sha256[:2] / f"{sha256}.jpg"
        if not is_whole_picture(kept):  # a disk that was full, or a power loss
            prepared = prepare_image(data, self._settings)
            make_folder(kept.parent)
            temp = kept.with_suffix(f".tmp-{os.getpid()}")
            temp.write_bytes(prepared.jpeg)
            os.replace(temp, kept)
        return KeptPicture(sha256=sha256, path=kept)
