"""Unpacks zip and tar archives of strangers: what dumps need of them, and nothing else.

An archive with a name that leads out of its folder, a link, a device, or more in it than it can
honestly hold is refused as a whole: nothing of it can be trusted. A member that merely cannot be
used (an archive in the archive, one that is damaged) is a reject, and the others are unpacked.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from analytics.contract.errors import ConnectorError
from analytics.contract.records import Reject
from connectors.archive_members import Member, MemberError, open_archive

# Data and pictures. Films and sounds, often most of an archive, stay in it.
DATA_SUFFIXES = (
    *(".js", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".html", ".parquet", ".car"),
    *(".zst", ".gz", ".bz2", ".xz"),
)
PICTURE_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"),
    *(".heic", ".heif", ".avif"),
)
_NESTED = (".zip", ".tar", ".tgz", ".7z", ".rar", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
_NESTED_MAGICS = (b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"Rar!")

_MAX_MEMBERS = 2_000_000
# JSON packs to a twentieth, at most a hundredth; a bomb to a thousandth.
_MAX_RATIO = 200
_SMALL_BYTES = 64 * 1024 * 1024
_KEPT_FREE_BYTES = 1024**3
_MAX_NAME_BYTES = 255
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What was taken out of an archive, and what was not."""

    folder: Path
    count_files: int
    count_left: int
    """Members of no use here, such as films."""
    rejects: list[Reject] = field(default_factory=list)

    def explain_nothing(self) -> str:
        """Why there is no file."""
        if self.rejects:
            return (
                f"no file of the archive can be read; {len(self.rejects):,} are rejects:"
                f" {self.rejects[0].reason}"
            )
        return f"the archive holds no file that a dump is made of ({self.count_left} others)"


def unpack(
    archive: Path,
    folder: Path,
    *,
    is_stopped: Callable[[], bool] = lambda: False,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> Unpacked:
    """Unpack an archive into a new folder, which is there only when all of it is.

    Raises:
        ConnectorError: the archive is damaged, encrypted or hostile, or the disk is too small.
        KeyboardInterrupt: `is_stopped` said so; nothing is left.
    """
    partial = folder.with_name(folder.name + _PARTIAL)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with open_archive(archive) as members:
            unpacking = _Unpacking(archive, partial, is_stopped, free_bytes)
            for member in members:
                unpacking.take(member)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except OSError as exc:
        raise ConnectorError(
            f"{archive}: cannot be unpacked into {folder}: {exc.strerror or exc}. Make room, or"
            " unpack it elsewhere and give the folder"
        ) from exc
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Unpacked(
        folder=folder,
        count_files=unpacking.count_files,
        count_left=unpacking.count_left,
        rejects=unpacking.rejects,
    )


class _Unpacking:
    """One archive on its way to the disk."""

    def __init__(
        self,
        archive: Path,
        folder: Path,
        is_stopped: Callable[[], bool],
        free_bytes: Callable[[Path], int],
    ) -> None:
        self._archive = archive
        self._folder = folder
        self._is_stopped = is_stopped
        self._limit = max(_SMALL_BYTES, _MAX_RATIO * archive.stat().st_size)
        self._room = free_bytes(folder) - _KEPT_FREE_BYTES
        self._n_bytes = 0
        self._seen: set[str] = set()
        self.count_files = 0
        self.count_left = 0
        self.rejects: list[Reject] = []

    def take(self, member: Member) -> None:
        """Write a member, leave it, or reject it.

        Raises:
            ConnectorError: the archive is hostile, or the disk is full.
        """
        if self._is_stopped():
            raise KeyboardInterrupt
        if member.number > _MAX_MEMBERS:
            raise self._refuse(f"it has more than {_MAX_MEMBERS:,} members")
        parts = self._check_name(member)
        if member.is_folder:
            return
        if not member.is_file:
            raise self._refuse(f"member {member.name!r} is a link or a device, not a file")
        name = parts[-1].lower()
        if name.endswith(_NESTED):
            self._reject(member, "an archive in the archive is not unpacked; give it by itself")
        elif "." in name and not name.endswith((*DATA_SUFFIXES, *PICTURE_SUFFIXES)):
            self.count_left += 1
        elif any(len(part.encode()) > _MAX_NAME_BYTES for part in parts):
            self._reject(member, "its name is longer than 255 bytes")
        else:
            self._write(member, self._folder.joinpath(*parts))

    def _check_name(self, member: Member) -> tuple[str, ...]:
        name = member.name
        parts = PurePosixPath(name).parts
        if (
            not parts
            or name.startswith("/")
            or ".." in parts
            or "\\" in name
            or ":" in parts[0]
            or any(ord(char) < 32 for char in name)
        ):
            raise self._refuse(
                f"member {name[:200]!r} leads out of its folder, or has no fair name"
            )
        if name in self._seen:
            raise self._refuse(f"member {name[:200]!r} is in it twice")
        self._seen.add(name)
        return parts

    def _write(self, member: Member, path: Path) -> None:
        self._count(member, member.n_bytes)
        path.parent.mkdir(parents=True, exist_ok=True)
        n_bytes = 0
        try:
            with path.open("xb") as target:
                for block in member.read_blocks():
                    if not n_bytes and block.startswith(_NESTED_MAGICS):
                        path.unlink()
                        self._n_bytes -= member.n_bytes
                        self._reject(member, "it is an archive by its content; give it by itself")
                        return
                    n_bytes += len(block)
                    if n_bytes > member.n_bytes:
                        raise self._refuse(f"member {member.name!r} holds more than it says")
                    target.write(block)
                    if self._is_stopped():
                        raise KeyboardInterrupt
        except MemberError as exc:
            path.unlink(missing_ok=True)
            self._reject(member, str(exc))
        else:
            self.count_files += 1

    def _count(self, member: Member, n_bytes: int) -> None:
        self._n_bytes += n_bytes
        if self._n_bytes > self._limit:
            raise self._refuse(
                f"up to member {member.name!r} it unpacks to more than {_MAX_RATIO} times its size,"
                " as no honest dump does. Unpack it yourself if you trust it, and give the folder"
            )
        if self._n_bytes > self._room:
            raise ConnectorError(
                f"{self._archive}: unpacking needs more than the {max(0, self._room):,} bytes that"
                f" are free for it below {self._folder.parent} (1 GiB is kept free). Make room, or"
                " unpack it elsewhere and give the folder"
            )

    def _reject(self, member: Member, reason: str) -> None:
        self.rejects.append(
            Reject(
                line=member.number,
                stage="read",
                reason=f"member {member.name[:200]!r} is not read: {reason}",
                raw=member.name,
            )
        )

    def _refuse(self, reason: str) -> ConnectorError:
        return ConnectorError(f"{self._archive}: the archive is refused: {reason}")
