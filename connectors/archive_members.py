"""The members of zip and tar archives, and what is said of an archive that is damaged.

Of a zip each member can be read by itself, so a damaged one costs no other; of a damaged tar
nothing behind the damage can be found.
"""

import errno
import itertools
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from analytics.contract.errors import ConnectorError

_BLOCK_BYTES = 1024 * 1024
_ENCRYPTED = 0x1
_READ_METHODS = (
    *(zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
    *(zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA),
)
# What other programs pack with, too (PKWARE's APPNOTE, 4.4.5).
_METHOD_NAMES = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
_OTHER_PROGRAM = "with another program, e.g. 7-Zip, and give the folder"
_FETCH_IT = "Fetch it again"
# Whose messages say all by themselves.
_OWN_WORDS = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError)


class MemberError(Exception):
    """A member whose content cannot be had; the others may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file, folder or other thing in an archive; `read_blocks` gives a file's content.

    It may raise `MemberError`, and `ConnectorError` where the archive itself cannot be read.
    """

    number: int
    name: str
    n_bytes: int
    is_folder: bool
    is_file: bool
    read_blocks: Callable[[], Iterator[bytes]]


def is_archive(path: Path) -> bool:
    """Whether a file is a zip or tar archive, by its content.

    A compressed file is one if what it holds is a tar. A spreadsheet or document that is a
    zip inside is none.
    """
    try:
        if not path.is_file():
            return False
        return not _is_document(path) if _starts_as_zip(path) else _is_tar(path)
    except OSError:  # whoever reads it says why
        return False


@contextmanager
def open_archive(path: Path) -> Iterator[Iterator[Member]]:
    """The members of an archive, in order.

    Raises:
        ConnectorError: it is damaged, encrypted, of a kind that is not read, or cannot be read.
    """
    try:
        if _starts_as_zip(path):
            with _open_zip(path) as zipped:
                yield _list_zip(path, zipped)
        else:
            with _open_tar(path) as tarred:
                yield _list_tar(path, tarred)
    except _DamageError as exc:
        raise ConnectorError(f"{path}: the archive {exc}") from exc


class _DamageError(Exception):
    """What is wrong with an archive, and what to do."""


@contextmanager
def _naming_damage(explain: Callable[[Exception], str]) -> Iterator[None]:
    """What zipfile, tarfile and their decompressors raise of damaged files, in our words.

    That is many kinds, beyond those that they document. Those of the disk stay, but for the
    seek to nowhere (EINVAL) that a damaged offset leads to, and bz2's, which has no number.
    """
    try:
        yield
    except (_DamageError, MemberError):
        raise
    except OSError as exc:
        if exc.errno not in (None, errno.EINVAL):
            raise
        raise _DamageError(explain(exc)) from exc
    except Exception as exc:
        raise _DamageError(explain(exc)) from exc


def _explain_zip(exc: Exception) -> str:
    said = str(exc)
    if said == "File is not a zip file":
        return (
            "is cut off: the list of its members, which stands at the end of a zip, is not there."
            f" {_FETCH_IT}"
        )
    if "span multiple disks" in said:
        return f"is one part of several. Unpack them together {_OTHER_PROGRAM}"
    if isinstance(exc, NotImplementedError):
        return (
            f"is damaged, or newer than what is read here ({said}). {_FETCH_IT}, or unpack it"
            f" {_OTHER_PROGRAM}"
        )
    return f"is damaged ({_describe(exc)}). {_FETCH_IT}"


def _explain_tar(exc: Exception) -> str:
    return f"is damaged or cut off ({_describe(exc)}). {_FETCH_IT}"


def _describe(exc: Exception) -> str:
    """What a library says, on one short line: names in damaged files may be anything."""
    said = " ".join(str(exc).split()).removesuffix(".")
    if isinstance(exc, EOFError) and not said:
        return "it ends too early"
    if said.startswith("File name in directory"):
        return "its name at its place is another than in the list of members"
    if isinstance(exc, OSError):  # bz2's, or a seek to nowhere
        return exc.strerror or said
    is_clear = bool(said) and isinstance(exc, _OWN_WORDS)
    return said[:150] if is_clear else f"{type(exc).__name__}: {said[:150]}"


def _open_zip(path: Path) -> zipfile.ZipFile:
    with _naming_damage(_explain_zip):
        return zipfile.ZipFile(path)


def _list_zip(path: Path, zipped: zipfile.ZipFile) -> Iterator[Member]:
    infos = zipped.infolist()
    # Members that share their bytes are how a small zip holds a huge one (Fifield 2019).
    if sum(info.compress_size for info in infos) > path.stat().st_size:
        raise ConnectorError(f"{path}: the archive is refused: its members lie on one another")
    if locked := [info.filename for info in infos if info.flag_bits & _ENCRYPTED]:
        raise ConnectorError(
            f"{path}: the archive is encrypted ({len(locked):,} of its {len(infos):,} members,"
            f" e.g. {locked[0][:200]!r}). Unpack it with its password, and give the folder"
        )
    for number, info in enumerate(infos, start=1):
        kind = stat.S_IFMT(info.external_attr >> 16)

        def read_blocks(info: zipfile.ZipInfo = info) -> Iterator[bytes]:
            if info.compress_type not in _READ_METHODS:
                name = _METHOD_NAMES.get(info.compress_type, f"number {info.compress_type}")
                raise MemberError(
                    f"it is packed by a method that is not read here ({name}). Unpack the archive"
                    f" {_OTHER_PROGRAM}"
                )
            return _read_blocks(path, lambda: zipped.open(info), _explain_zip_member)

        yield Member(
            number=number,
            name=info.filename.removeprefix("./").rstrip("/") or ".",
            n_bytes=info.file_size,
            is_folder=info.filename.endswith("/"),
            is_file=kind in (0, stat.S_IFREG),
            read_blocks=read_blocks,
        )


def _explain_zip_member(exc: Exception) -> str:
    if isinstance(exc, NotImplementedError | RuntimeError):  # patched data, a password
        return (
            f"it cannot be unpacked here ({' '.join(str(exc).split())[:150]}). Unpack the archive"
            f" {_OTHER_PROGRAM}"
        )
    return _explain_member(exc)


def _explain_member(exc: Exception) -> str:
    return f"it is damaged ({_describe(exc)}). Fetch the archive again to have it, too"


def _read_blocks(
    path: Path, open_member: Callable[[], IO[bytes]], explain: Callable[[Exception], str]
) -> Iterator[bytes]:
    try:
        with _naming_damage(explain):
            source = open_member()
        with source:
            while True:
                with _naming_damage(explain):
                    block = source.read(_BLOCK_BYTES)
                if not block:
                    return
                yield block
    except _DamageError as exc:
        raise MemberError(str(exc)) from exc
    except OSError as exc:
        raise ConnectorError(f"{path}: cannot be read: {exc.strerror or exc}") from exc


def _list_tar(path: Path, tarred: tarfile.TarFile) -> Iterator[Member]:
    for number in itertools.count(1):
        info = _next_member(tarred)
        if info is None:
            return
        # The root of `tar -C folder .`
        if info.isdir() and os.path.normpath(info.name) == ".":
            continue

        def open_member(info: tarfile.TarInfo = info) -> IO[bytes]:
            found = tarred.extractfile(info)
            if found is None:
                raise tarfile.TarError("it has no content")
            return found

        def read_blocks(open_member: Callable[[], IO[bytes]] = open_member) -> Iterator[bytes]:
            return _read_blocks(path, open_member, _explain_member)

        yield Member(
            number=number,
            name=info.name.removeprefix("./"),
            n_bytes=info.size,
            is_folder=info.isdir(),
            is_file=info.isreg(),
            read_blocks=read_blocks,
        )


def _open_tar(path: Path) -> tarfile.TarFile:
    with _naming_damage(_explain_tar):
        return tarfile.open(path, "r|*")


def _next_member(tarred: tarfile.TarFile) -> tarfile.TarInfo | None:
    with _naming_damage(_explain_tar):
        return tarred.next()


def _starts_as_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def _is_document(path: Path) -> bool:
    """Whether a zip is an Office or OpenDocument file."""
    try:
        with _open_zip(path) as zipped:
            names = {info.filename for info in zipped.infolist()[:100]}
    except (_DamageError, OSError):
        return False
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names


def _is_tar(path: Path) -> bool:
    try:
        with _open_tar(path) as tarred:
            return _next_member(tarred) is not None
    except (_DamageError, OSError):
        return False
