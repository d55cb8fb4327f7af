"""Reads sources into the warehouse: file by file, each in one transaction."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.config.settings import AspectConfig, SourceConfig
from analytics.contract.errors import ConnectorError
from analytics.hashing import digest_files
from analytics.reading import (
    choose_for_source,
    describe_file,
    look_at_file,
    show_path,
    stage_file,
    without_path,
)
from analytics.store.aspects import AspectRule, make_rule, refresh_aspects
from analytics.store.merge import (
    MergeCounts,
    clear_source_reject,
    is_known,
    merge_staged,
    read_reasons,
    read_source_rejects,
    reject_source,
    remember_file,
)
from analytics.store.runs import RunCounts
from analytics.unpacking import describe_archive, unpack_source
from connectors.archive_members import is_archive
from connectors.files import check_inside
from connectors.protocol import Connector, HasCompanions, ReadOptions
from connectors.registry import load_connectors

logger = logging.getLogger(__name__)

# What the counts of a run and of a file have in common.
_SUMMED = (
    "count_read",
    "count_stored",
    "count_updated",
    "count_duplicates",
    "count_deletions",
    "count_ignored",
    "count_rejects",
    "count_posts_deleted",
)
_DUMP_ENDINGS = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".zst", ".gz"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What was found in one file.

    `counts` is None when it was skipped as known or could not be read. With an `error`
    nothing of it is stored but rejects. `new_fields` are names of fields that its format was
    not known to have.
    """

    source_file: str
    connector: str
    found: str
    counts: MergeCounts | None
    error: str | None = None
    new_fields: tuple[str, ...] = ()

    @property
    def is_skipped(self) -> bool:
        """Whether it is as it was when it was last read."""
        return self.counts is None and self.error is None


def sum_records(files: Iterable[FileReport]) -> MergeCounts:
    """What became of all records that were read, files together.

    A file or folder that could not be read, or is refused, counts as a record and a reject
    of its own, as in the ledger of runs.
    """
    files = tuple(files)
    found = [file.counts for file in files if file.counts is not None]
    sums = {name: sum(getattr(counts, name) for counts in found) for name in _SUMMED}
    n_unread = sum(file.error is not None for file in files)
    sums["count_read"] += n_unread
    sums["count_rejects"] += n_unread
    return MergeCounts(**sums)


@dataclass(slots=True, kw_only=True)
class IngestProgress:
    """Told of what goes on, and asked now and then whether to stop."""

    on_file: Callable[[Path, int], None] = lambda path, n_bytes: None
    on_bytes: Callable[[int], None] = lambda n_bytes: None
    is_stopped: Callable[[], bool] = lambda: False


def make_rules(aspects: Iterable[AspectConfig]) -> tuple[AspectRule, ...]:
    """The matching rules of the configured aspects."""
    return tuple(make_rule(aspect.name, aspect.aliases) for aspect in aspects)


def ingest_sources(
    connection: duckdb.DuckDBPyConnection,
    sources: Iterable[SourceConfig],
    *,
    rules: tuple[AspectRule, ...],
    author_key: bytes,
    run_id: str,
    counts: RunCounts,
    progress: IngestProgress | None = None,
    rereads: bool = False,
    now: datetime | None = None,
    data_dir: Path | None = None,
    max_reject_share: float = 1.0,
) -> list[FileReport]:
    """Read all sources; a file or source that cannot be read does not stop the others.

    Nor does one that is refused, with a larger share of rejects than `max_reject_share`.
    Prepared pictures of posts that were deleted go from `data_dir`.

    Raises:
        ConnectorError: not one file could be read.
        KeyboardInterrupt: the user stopped it; what was read before is stored.
    """
    refresh_aspects(connection, rules)
    sources = tuple(sources)
    unread_before = read_source_rejects(connection)
    _clear_vanished(connection, unread_before - {str(source.path) for source in sources})
    reading = _Reading(
        connection=connection,
        rules=rules,
        author_key=author_key,
        run_id=run_id,
        counts=counts,
        progress=progress or IngestProgress(),
        rereads=rereads,
        now=now or datetime.now(UTC),
        data_dir=data_dir,
        max_reject_share=max_reject_share,
        unread_before=unread_before,
    )
    reports: list[FileReport] = []
    for source in sources:
        try:
            reports.extend(_ingest_source(reading, source))
        except ConnectorError as exc:
            reports.append(_report_unread(reading, source.path, source.format, exc))
    faults = [report.error for report in reports if report.error is not None]
    if faults and len(faults) == len(reports):
        raise ConnectorError("\n".join(faults))
    for fault in faults:
        logger.error("%s", fault)
    return reports


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What all files of one call share."""

    connection: duckdb.DuckDBPyConnection
    rules: tuple[AspectRule, ...]
    author_key: bytes
    run_id: str
    counts: RunCounts
    progress: IngestProgress
    rereads: bool
    now: datetime
    data_dir: Path | None
    max_reject_share: float
    unread_before: frozenset[str]
    show: Callable[[Path], str] = show_path
    """How a file is called: those of an archive as if that were a folder."""
    say: Callable[[str], str] = str
    """A message in which files are called so."""
    # Two sources may read one file in two ways: each has its rejects.
    seen: set[Path] = field(default_factory=set)

    def find_digest(self, paths: Sequence[Path]) -> str:
        """The digest of some files; see `digest_files`."""
        return digest_files(
            self.connection, paths, is_stopped=self.progress.is_stopped, rereads=self.rereads
        )


def _report_unread(
    reading: _Reading,
    path: Path,
    connector: str,
    exc: ConnectorError,
    counts: MergeCounts | None = None,
) -> FileReport:
    """A reject for a file or folder that could not be read, or that is refused."""
    reason = reading.say(without_path(exc, path))
    name = reading.show(path)
    reading.counts.count_rejects += 1
    reading.counts.count_read += 1
    reject_source(
        reading.connection,
        source_file=name,
        reason=reason,
        run_id=reading.run_id,
        now=reading.now,
    )
    return FileReport(
        source_file=name,
        connector=connector,
        found="",
        counts=counts,
        # A name that is no text is written so that terminals, logs and files can have it.
        error=reading.say(str(exc).replace(str(path), name)),
    )


def _clear_vanished(connection: duckdb.DuckDBPyConnection, unasked: frozenset[str]) -> None:
    """Forget sources that could not be read and that nobody asks for, if they are gone.

    Such as a path that was mistyped once: nothing of it was ever read.
    """
    for name in unasked:
        if not Path(name).exists():
            clear_source_reject(connection, name)


def _clear_unread(reading: _Reading, path: Path) -> None:
    if reading.show(path) in reading.unread_before:
        clear_source_reject(reading.connection, reading.show(path))


def _ingest_archive(reading: _Reading, source: SourceConfig) -> Iterator[FileReport]:
    """Read what an archive holds as the folder that it is unpacked to."""
    is_stopped, now = reading.progress.is_stopped, reading.now
    archive = describe_archive(source, reading.data_dir, reading.find_digest)
    name = archive.file.name
    if not reading.rereads and is_known(reading.connection, archive.file):
        reading.counts.count_files_skipped += 1
        yield FileReport(source_file=name, connector="archive", found="an archive", counts=None)
        return
    n_rejects = unpack_source(
        reading.connection, archive, run_id=reading.run_id, now=now, is_stopped=is_stopped
    )
    if n_rejects:
        counts = MergeCounts(count_read=n_rejects, count_rejects=n_rejects)
        _add_counts(reading.counts, counts)
        yield FileReport(source_file=name, connector="archive", found="an archive", counts=counts)
    inside = replace(reading, show=archive.show, say=archive.say)
    is_whole = True
    try:
        for report in _ingest_source(inside, replace(source, path=archive.folder)):
            is_whole = is_whole and report.error is None
            yield report
    except ConnectorError as exc:
        raise ConnectorError(archive.say(str(exc))) from exc
    if is_whole:
        remember_file(reading.connection, archive.file, 0, n_rejects, reading.run_id, now)
        _clear_unread(reading, source.path)


def _ingest_source(reading: _Reading, source: SourceConfig) -> Iterator[FileReport]:
    if is_archive(source.path):
        yield from _ingest_archive(reading, source)
        return
    connector, detection, options = choose_for_source(
        source, on_bytes=reading.progress.on_bytes, now=reading.now
    )
    paths = connector.list_files(source.path)
    if not paths:
        raise ConnectorError(
            f"{source.path}: no file of format '{connector.name}' in this folder. See"
            " docs/connectors.md for what each format looks like, or set format."
        )
    if source.path.is_dir():
        _clear_unread(reading, source.path)
    _warn_of_unread(reading, source.path, connector, paths)
    is_guessed = source.format == "auto" and not isinstance(connector, HasCompanions)
    known = load_connectors()[0] if is_guessed else {connector.name: connector}
    for path in paths:
        if reading.progress.is_stopped():
            raise KeyboardInterrupt
        new_fields: list[str] = []
        try:
            if is_below := path != source.path:
                check_inside(path, source.path)
            found = look_at_file(path, connector, known) if is_below else None
            told = replace(options, on_new_field=new_fields.append)
            counts = _ingest_file(reading, path, connector, told)
        except ConnectorError as exc:  # the other files of a folder are read all the same
            yield _report_unread(reading, path, connector.name, exc)
            continue
        if counts is not None and counts.is_refused:
            refusal = _explain_refusal(reading, path, counts)
            report = _report_unread(reading, path, connector.name, refusal, counts)
            yield replace(report, new_fields=tuple(new_fields))
            continue
        _clear_unread(reading, path)
        yield FileReport(
            source_file=reading.show(path),
            connector=connector.name,
            found=found or detection.found,
            counts=counts,
            new_fields=tuple(new_fields),
        )


def _ingest_file(
    reading: _Reading, path: Path, connector: Connector, options: ReadOptions
) -> MergeCounts | None:
    """Read and merge one file; None if it is known.

    Raises:
        KeyboardInterrupt: the user stopped it; the records before are stored.
    """
    connection, counts, progress = reading.connection, reading.counts, reading.progress
    file = describe_file(path, connector, options, reading.find_digest)
    file = replace(file, name=reading.show(path))
    is_first = path not in reading.seen
    reading.seen.add(path)
    progress.on_file(path, file.n_bytes)
    if not reading.rereads and is_known(connection, file):
        counts.count_files_skipped += 1
        progress.on_bytes(file.n_bytes)
        return None
    staged = stage_file(
        connection,
        connector,
        path,
        options,
        author_key=reading.author_key,
        is_stopped=progress.is_stopped,
    )
    merged = merge_staged(
        connection,
        staged.staging,
        file=file,
        rules=reading.rules,
        author_key=reading.author_key,
        run_id=reading.run_id,
        now=reading.now,
        data_dir=reading.data_dir,
        is_whole=staged.is_whole,
        clears_rejects=is_first,
        max_reject_share=reading.max_reject_share,
    )
    if not merged.count_read:
        logger.warning("%s: holds no record of format '%s'", reading.show(path), connector.name)
    _add_counts(counts, merged)
    if staged.is_stopped:
        raise KeyboardInterrupt
    return merged


def _add_counts(counts: RunCounts, found: MergeCounts) -> None:
    for name in _SUMMED:
        setattr(counts, name, getattr(counts, name) + getattr(found, name))


def _explain_refusal(reading: _Reading, path: Path, counts: MergeCounts) -> ConnectorError:
    found = read_reasons(reading.connection, reading.show(path), n=3)
    reasons = "; ".join(f"{reason} ({n:,})" for reason, n in found)
    return ConnectorError(
        f"{path}: {counts.count_rejects:,} of {counts.count_read:,} records are rejects, more"
        f" than the share [ingest] max_reject_share = {reading.max_reject_share:g} allows."
        f" Nothing else of the file is stored. Most often: {reasons}. If the format has changed,"
        " the connector must learn it; if the file is meant to be so, use --force"
    )


def _warn_of_unread(reading: _Reading, path: Path, connector: Connector, read: list[Path]) -> None:
    """Say which dumps in a folder are not read, since a folder is of one format.

    The folders of archives are full of other data by design: only what lies beside
    their own files at the top is named.
    """
    if not path.is_dir():
        return
    files = path.iterdir() if isinstance(connector, HasCompanions) else path.rglob("*")
    found = {file for file in files if file.suffix.lower() in _DUMP_ENDINGS}
    left = sorted(file for file in found - set(read) if not file.name.startswith("."))
    if left:
        logger.warning(
            "%s: %d files are not read as '%s', e.g. %s. Name them as sources of their own.",
            reading.show(path),
            len(left),
            connector.name,
            reading.show(left[0]),
        )
