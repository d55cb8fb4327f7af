"""Layouts of public research sets, which are read both as dumps and as training data."""

from pathlib import Path

# Stands for the target in the texts of Twitter-2015 and Twitter-2017.
ASPECT_MARK = "$T$"
# The file of MVSA that names the posts of `data/`.
MVSA_LABELS_FILE = "labelResultAll.txt"


def find_images(folder: Path) -> Path | None:
    """The picture folder of a set: `images` in it, or `<name>_images` in or beside it.

    TomBERT calls Twitter-2017 `twitter` and its pictures `twitter2017_images`.
    """
    names = [f"{folder.name}_images"]
    if folder.name == "twitter":
        names.append("twitter2017_images")
    places = [folder / "images", *(folder / name for name in names)]
    places += [folder.parent / name for name in names]
    return next((place for place in places if place.is_dir()), None)


def decode_mvsa(data: bytes) -> str:
    """A text of MVSA: most are UTF-8, the rest is of Windows; Latin-1 takes any byte."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
