"""Archives as sources: unpacked once into the data directory, then read as the folder they hold."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from analytics.config.settings import SourceConfig
from analytics.contract.digests import digest_of
from analytics.contract.errors import ConnectorError
from analytics.store.merge import SourceFile
from analytics.store.rejects import replace_read_rejects
from analytics.store.unpacked import ARCHIVES, NAME_DIGITS
from connectors.archives import unpack
from connectors.files import name_members

# Raise when the same archive would be unpacked to something else.
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSource:
    """An archive, and the folder that it was or will be unpacked to."""

    file: SourceFile
    folder: Path

    def show(self, path: Path) -> str:
        """How a file of the folder is called: as if the archive were the folder."""
        if not path.is_relative_to(self.folder):
            return str(path)
        return str(Path(self.file.name) / path.relative_to(self.folder))

    def say(self, text: str) -> str:
        """A message in which files of the folder are called so."""
        return name_members(text, self.folder, Path(self.file.name))


def describe_archive(
    source: SourceConfig, data_dir: Path | None, find_digest: Callable[[Sequence[Path]], str]
) -> ArchiveSource:
    """An archive as the warehouse remembers it.

    Raises:
        ConnectorError: there is no place to unpack it to; and what `find_digest` raises.
    """
    if data_dir is None:
        raise ConnectorError(f"{source.path}: no data directory to unpack the archive into")
    digest = find_digest([source.path])
    reading = {
        "archive": _VERSION,
        "format": source.format,
        "mapping": dict(source.mapping),
        "platform": source.platform,
        **({"include_private": True} if source.include_private else {}),
    }
    return ArchiveSource(
        file=SourceFile(
            name=str(source.path),
            folder=str(source.path.parent.absolute()),
            content_digest=digest,
            reading_digest=digest_of(reading),
            connector="archive",
            n_bytes=source.path.stat().st_size,
        ),
        folder=data_dir / ARCHIVES / digest[:NAME_DIGITS],
    )


def unpack_source(
    connection: duckdb.DuckDBPyConnection,
    archive: ArchiveSource,
    *,
    run_id: str,
    now: datetime,
    is_stopped: Callable[[], bool],
) -> int:
    """Unpack, unless an earlier run has done so; how many members are rejects now.

    Rejects and their count are those of this run: none where nothing was unpacked.

    Raises:
        ConnectorError: the archive is damaged or refused, or the disk is too small.
        KeyboardInterrupt: `is_stopped` said so.
    """
    if archive.folder.is_dir():
        return 0
    archive.folder.parent.mkdir(parents=True, exist_ok=True)
    found = unpack(Path(archive.file.name), archive.folder, is_stopped=is_stopped)
    replace_read_rejects(connection, archive.file.name, found.rejects, run_id=run_id, now=now)
    if not found.count_files:
        shutil.rmtree(archive.folder)
        raise ConnectorError(f"{archive.file.name}: {found.explain_nothing()}")
    return len(found.rejects)
