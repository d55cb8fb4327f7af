"""Where dumps that are archives are unpacked to, and what their files are called."""

import os
import re
from pathlib import Path

# Below a data directory: a folder for each archive, called by the start of its digest.
ARCHIVES = "archives"
NAME_DIGITS = 32


def name_inside(text: str, data_dir: Path) -> str:
    """A message in which files of unpacked archives are called by their places in these.

    For what stands beside a `source_file`, which names the archive.
    """
    roots = {os.path.realpath(data_dir), str(data_dir.absolute()), str(data_dir)}
    for root in sorted(roots, key=len, reverse=True):
        folder = re.escape(str(Path(root) / ARCHIVES))
        text = re.sub(rf"{folder}/[0-9a-f]{{{NAME_DIGITS}}}/", "", text)
    return text
