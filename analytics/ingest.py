"""Reads sources into the warehouse: file by file, each in one transaction."""

import hashlib
import logging
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from analytics.config.settings import AspectConfig, SourceConfig
from analytics.contract.digests import digest_of
from analytics.contract.errors import ConnectorError
from analytics.contract.record_checks import find_post_fault
from analytics.contract.records import Post, Reject
from analytics.contract.text import TEXT_VERSION
from analytics.store.aspects import AspectRule, make_rule, refresh_aspects
from analytics.store.merge import (
    MergeCounts,
    SourceFile,
    clear_source_reject,
    is_known,
    merge_staged,
    read_source_rejects,
    reject_source,
)
from analytics.store.runs import RunCounts
from analytics.store.staging import Staging
from connectors.protocol import Connector, HasCompanions, KnowsRoot, ReadOptions, Record
from connectors.registry import (
    check_options,
    choose_connector,
    detect_connector,
    load_connectors,
)

logger = logging.getLogger(__name__)

# How often a long file asks whether to stop.
_STOP_RECORDS = 10_000
_BLOCK_BYTES = 4 * 1024 * 1024
_DUMP_ENDINGS = {".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".zst", ".gz"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What was found in one file; `counts` is None when it was skipped as known."""

    source_file: str
    connector: str
    found: str
    counts: MergeCounts | None
    error: str | None = None


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
) -> list[FileReport]:
    """Read all sources; a file or source that cannot be read does not stop the others.

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
    unread_before: frozenset[str]
    # Two sources may read one file in two ways: each has its rejects.
    seen: set[Path] = field(default_factory=set)


def _report_unread(
    reading: _Reading, path: Path, connector: str, exc: ConnectorError
) -> FileReport:
    """A reject for a file or folder that could not be read at all."""
    reason = _without_path(exc, path)
    reading.counts.count_rejects += 1
    reading.counts.count_read += 1
    reject_source(
        reading.connection,
        source_file=str(path),
        reason=reason,
        run_id=reading.run_id,
        now=reading.now,
    )
    return FileReport(
        source_file=str(path), connector=connector, found="", counts=None, error=str(exc)
    )


def _clear_vanished(connection: duckdb.DuckDBPyConnection, unasked: frozenset[str]) -> None:
    """Forget sources that could not be read and that nobody asks for, if they are gone.

    Such as a path that was mistyped once: nothing of it was ever read.
    """
    for name in unasked:
        if not Path(name).exists():
            clear_source_reject(connection, name)


def _without_path(exc: ConnectorError, path: Path) -> str:
    """What is wrong with a file, without its name: a reject has that of its own."""
    reason = str(exc)
    for name in (path, path.absolute()):
        reason = reason.removeprefix(f"{name}: ")
    return reason


def _clear_unread(reading: _Reading, path: Path) -> None:
    if str(path) in reading.unread_before:
        clear_source_reject(reading.connection, str(path))


def _ingest_source(reading: _Reading, source: SourceConfig) -> Iterator[FileReport]:
    format_name = None if source.format == "auto" else source.format
    connector, detection = choose_connector(source.path, format_name)
    options = ReadOptions(
        mapping=source.mapping,
        platform=source.platform,
        on_bytes=reading.progress.on_bytes,
        now=reading.now,
    )
    check_options(source.path, connector, options)
    paths = connector.list_files(source.path)
    if not paths:
        raise ConnectorError(
            f"{source.path}: no file of format '{connector.name}' in this folder. See"
            " docs/connectors.md for what each format looks like, or set format."
        )
    if source.path.is_dir():
        _clear_unread(reading, source.path)
    _warn_of_unread(source.path, connector, paths)
    is_guessed = source.format == "auto" and not isinstance(connector, HasCompanions)
    known = load_connectors()[0] if is_guessed else {connector.name: connector}
    for path in paths:
        if reading.progress.is_stopped():
            raise KeyboardInterrupt
        try:
            found = None if path == source.path else _look_at(path, connector, known)
            counts = _ingest_file(reading, path, connector, options)
        except ConnectorError as exc:  # the other files of a folder are read all the same
            yield _report_unread(reading, path, connector.name, exc)
            continue
        _clear_unread(reading, path)
        yield FileReport(
            source_file=str(path),
            connector=connector.name,
            found=found or detection.found,
            counts=counts,
        )


def _look_at(path: Path, connector: Connector, known: Mapping[str, Connector]) -> str | None:
    """What one file of a folder is, to the folder's connector: its files may differ.

    Raises:
        ConnectorError: another of the `known` formats is surer of the file.
    """
    found = detect_connector(path, known)
    own = next((detection for one, detection in found if one.name == connector.name), None)
    if found and found[0][1].confidence > (own.confidence if own else 0.0):
        best, detection = found[0]
        raise ConnectorError(
            f"{path}: looks like '{best.name}' ({detection.found}), while its folder is"
            f" read as '{connector.name}'. Name it as a source of its own, or set the folder's"
            " format"
        )
    return own.found if own else None


def _ingest_file(
    reading: _Reading, path: Path, connector: Connector, options: ReadOptions
) -> MergeCounts | None:
    """Read and merge one file; None if it is known.

    Raises:
        KeyboardInterrupt: the user stopped it; the records before are stored.
    """
    connection, counts, progress = reading.connection, reading.counts, reading.progress
    file = _describe_file(path, connector, options, progress.is_stopped)
    is_first = path not in reading.seen
    reading.seen.add(path)
    progress.on_file(path, file.n_bytes)
    if not reading.rereads and is_known(connection, file):
        counts.count_files_skipped += 1
        progress.on_bytes(file.n_bytes)
        return None
    staging = Staging(connection, reading.author_key)
    is_stopped = False
    faults: list[str] = []
    with closing(_read_guarded(connector, path, options, faults)) as records:
        for record in records:
            staging.add(_check_record(record, reading.now))
            if staging.count_read % _STOP_RECORDS == 0 and progress.is_stopped():
                is_stopped = True
                break
    staging.flush()
    merged = merge_staged(
        connection,
        file=file,
        rules=reading.rules,
        author_key=reading.author_key,
        run_id=reading.run_id,
        now=reading.now,
        count_read=staging.count_read,
        count_ignored=staging.count_ignored,
        count_rejects=staging.count_rejects,
        is_whole=not (is_stopped or faults),
        clears_rejects=is_first,
    )
    if not staging.count_read:
        logger.warning("%s: holds no record of format '%s'", path, connector.name)
    counts.count_read += merged.count_read
    counts.count_stored += merged.count_stored
    counts.count_updated += merged.count_updated
    counts.count_duplicates += merged.count_duplicates
    counts.count_ignored += merged.count_ignored
    counts.count_rejects += merged.count_rejects
    if is_stopped:
        raise KeyboardInterrupt
    return merged


def _warn_of_unread(path: Path, connector: Connector, read: list[Path]) -> None:
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
            path,
            len(left),
            connector.name,
            left[0],
        )


def _check_record(record: Record, now: datetime) -> Record:
    """The record; a post that cannot be stored becomes a reject."""
    if isinstance(record, Post) and (fault := find_post_fault(record, now=now)):
        return Reject(line=record.line, reason=fault, raw=str(record.text))
    return record


def _read_guarded(
    connector: Connector, path: Path, options: ReadOptions, faults: list[str]
) -> Generator[Record, None, None]:
    """The records of a file; if reading breaks off, a Reject says so.

    A fault of the connector's own goes into `faults`: a mended one may read on, so the file
    is not taken for read.

    Raises:
        ConnectorError: the file broke off before its first record.
    """
    line = 0
    is_started = False
    try:
        for record in connector.read_file(path, options):
            is_started = True
            line = record.line
            yield record
    except ConnectorError as exc:
        if not is_started:
            raise
        yield Reject(line=line + 1, stage="read", reason=_without_path(exc, path))
    except Exception as exc:  # a fault in a connector must not lose what it has read
        logger.exception("connector '%s' failed on %s", connector.name, path)
        reason = f"connector '{connector.name}' failed: {type(exc).__name__}: {exc}"
        if not is_started:
            raise ConnectorError(f"{path}: {reason}") from exc
        faults.append(reason)
        yield Reject(line=line + 1, stage="read", reason=reason)


def _describe_file(
    path: Path, connector: Connector, options: ReadOptions, is_stopped: Callable[[], bool]
) -> SourceFile:
    digest = hashlib.sha256()
    companions = connector.list_companions(path) if isinstance(connector, HasCompanions) else []
    try:
        for part in (path, *companions):
            if not stat.S_ISREG(part.stat().st_mode):  # opening a pipe waits for its writer
                raise ConnectorError(f"{part}: not a regular file; name a file")
            with part.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    digest.update(block)
                    if len(block) == _BLOCK_BYTES and is_stopped():
                        raise KeyboardInterrupt
        n_bytes = path.stat().st_size
    except OSError as exc:
        raise ConnectorError(f"{path}: cannot be read: {exc.strerror or exc}") from exc
    reading = digest_of(
        {
            "connector": connector.name,
            "version": connector.version,
            "mapping": dict(options.mapping),
            "platform": options.platform,
            "text_version": TEXT_VERSION,
        }
    )
    root = connector.find_root(path) if isinstance(connector, KnowsRoot) else path.parent
    return SourceFile(
        name=str(path),
        folder=str(root.absolute()),
        content_digest=digest.hexdigest(),
        reading_digest=reading,
        connector=connector.name,
        n_bytes=n_bytes,
    )
