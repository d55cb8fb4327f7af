"""Reads one file of a source into the staged tables, guarded against its faults; its digests."""

import logging
import queue
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from analytics.config.settings import SourceConfig
from analytics.contract.digests import digest_of
from analytics.contract.errors import ConnectorError
from analytics.contract.record_checks import (
    LATEST_AFTER_NOW,
    find_deletion_fault,
    find_post_fault,
)
from analytics.contract.records import Deletion, Post, Reject
from analytics.contract.text import TEXT_VERSION
from analytics.store.bulk import BulkStaging
from analytics.store.merge import SourceFile
from analytics.store.staging import Staging
from connectors.lines import FieldWatch
from connectors.protocol import (
    Connector,
    Detection,
    HasCompanions,
    KnowsRoot,
    ReadOptions,
    ReadsInBulk,
    Record,
)
from connectors.registry import check_options, choose_connector, detect_connector
from connectors.segments import look_at_first_lines, read_segments

logger = logging.getLogger(__name__)

# How often a long file asks whether to stop.
_STOP_RECORDS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """What was staged of a file. It is not whole where it was stopped, or its connector failed."""

    staging: Staging
    is_whole: bool
    is_stopped: bool


def stage_file(
    connection: duckdb.DuckDBPyConnection,
    connector: Connector,
    path: Path,
    options: ReadOptions,
    *,
    author_key: bytes,
    is_stopped: Callable[[], bool] = lambda: False,
) -> StagedFile:
    """Stage the records of a file, many at once where its connector can.

    Raises:
        ConnectorError: nothing of it can be read.
    """
    staging = Staging(connection, author_key)
    faults: list[str] = []
    if isinstance(connector, ReadsInBulk):
        is_cut = _stage_lines(
            connection, connector, path, options, staging, faults, author_key, is_stopped
        )
    else:
        is_cut = False
        with closing(read_guarded(connector, path, options, faults)) as records:
            for record in records:
                staging.add(check_record(record, options.now))
                if staging.count_read % _STOP_RECORDS == 0 and is_stopped():
                    is_cut = True
                    break
    staging.flush()
    return StagedFile(staging=staging, is_whole=not (is_cut or faults), is_stopped=is_cut)


def _stage_lines(
    connection: duckdb.DuckDBPyConnection,
    connector: ReadsInBulk,
    path: Path,
    options: ReadOptions,
    staging: Staging,
    faults: list[str],
    author_key: bytes,
    is_stopped: Callable[[], bool],
) -> bool:
    """Stage a file of lines; whether it was stopped. `faults` are as in `read_guarded`."""

    def read_line(number: int, line: bytes) -> Record | None:
        try:
            record = connector.read_line(number, line, options)
        except Exception as exc:
            faults.append(_describe_fault(connector, path, exc))
            return Reject(line=number, stage="read", reason=faults[-1])
        return None if record is None else check_record(record, options.now)

    connector.check_start(path)
    consumed: queue.SimpleQueue[int] = queue.SimpleQueue()
    pieces = read_segments(path, consumed.put)
    watch = FieldWatch(connector.known_fields, options.on_new_field)
    with (
        BulkStaging(
            connection,
            staging,
            connector.bulk,
            author_key=author_key,
            latest_s=int(options.now.timestamp()),
        ) as bulk,
        ThreadPoolExecutor(1) as reader,  # the next piece is unpacked while one is staged
    ):
        upcoming = reader.submit(next, pieces, None)
        while (piece := upcoming.result()) is not None:
            upcoming = reader.submit(next, pieces, None)
            if isinstance(piece, Reject):
                staging.add(piece, ordinal=piece.line)
            else:
                look_at_first_lines(piece, watch)
                bulk.add(
                    piece.data,
                    first_line=piece.first_line,
                    n_lines=piece.n_lines,
                    is_long=piece.is_long_line,
                    read_line=read_line,
                )
            while options.on_bytes is not None and not consumed.empty():
                options.on_bytes(consumed.get())
            if is_stopped() and upcoming.result() is not None:
                bulk.finish()
                return True
        bulk.finish()
    return False


def check_record(record: Record, now: datetime) -> Record:
    """The record; a post or deletion that cannot be stored becomes a reject.

    A post from the future is one; a time of retrieval from there is only left out, since
    such a version would win over all others for ever.
    """
    if isinstance(record, Post):
        if fault := find_post_fault(record, now=now):
            return Reject(line=record.line, reason=fault, raw=str(record.text))
        if record.retrieved_at is not None and record.retrieved_at > now + LATEST_AFTER_NOW:
            return replace(record, retrieved_at=None)
    elif isinstance(record, Deletion) and (fault := find_deletion_fault(record, now=now)):
        return Reject(line=record.line, reason=fault, raw=repr(record))
    return record


def read_guarded(
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
        yield Reject(line=line + 1, stage="read", reason=without_path(exc, path))
    except Exception as exc:  # a fault in a connector must not lose what it has read
        reason = _describe_fault(connector, path, exc)
        if not is_started:
            raise ConnectorError(f"{path}: {reason}") from exc
        faults.append(reason)
        yield Reject(line=line + 1, stage="read", reason=reason)


def _describe_fault(connector: Connector, path: Path, exc: Exception) -> str:
    """What a reject says of a fault of the connector's own; the log has all of it."""
    logger.error("connector '%s' failed on %s", connector.name, path, exc_info=exc)
    return f"connector '{connector.name}' failed: {type(exc).__name__}: {exc}"


def choose_for_source(
    source: SourceConfig, **options: Any
) -> tuple[Connector, Detection, ReadOptions]:
    """The connector of a source, how sure it is, and what it is told; `options` are the rest of it.

    Raises:
        ConnectorError: nothing reads it, or its connector takes no such options.
    """
    found = ReadOptions(
        mapping=source.mapping,
        platform=source.platform,
        includes_private=source.include_private,
        **options,
    )
    name = None if source.format == "auto" else source.format
    connector, detection = choose_connector(source.path, name)
    check_options(source.path, connector, found)
    return connector, detection, found


def look_at_file(path: Path, connector: Connector, known: Mapping[str, Connector]) -> str | None:
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


def describe_file(
    path: Path,
    connector: Connector,
    options: ReadOptions,
    find_digest: Callable[[Sequence[Path]], str],
) -> SourceFile:
    """A file as the warehouse remembers it, with the digest of its bytes.

    Raises:
        ConnectorError: its name is one that no table holds; and what `find_digest` raises.
    """
    if show_path(path) != str(path):
        raise ConnectorError(f"{path}: its name is not UTF-8; rename it")
    companions = connector.list_companions(path) if isinstance(connector, HasCompanions) else []
    digest = find_digest([path, *companions])
    reading = digest_of(
        {
            "connector": connector.name,
            "version": connector.version,
            "mapping": dict(options.mapping),
            "platform": options.platform,
            "text_version": TEXT_VERSION,
            # Only where it is asked for: files that were read before stay known.
            **({"include_private": True} if options.includes_private else {}),
        }
    )
    root = connector.find_root(path) if isinstance(connector, KnowsRoot) else path.parent
    return SourceFile(
        name=str(path),
        folder=str(root.absolute()),
        content_digest=digest,
        reading_digest=reading,
        connector=connector.name,
        n_bytes=path.stat().st_size,
    )


def show_path(path: Path) -> str:
    """A path as text that can be stored and printed: bytes that are not UTF-8 as \\udc..."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def without_path(exc: ConnectorError, path: Path) -> str:
    """What is wrong with a file, without its name: a reject has that of its own."""
    reason = str(exc)
    for name in (path, path.absolute()):
        reason = reason.removeprefix(f"{name}: ")
    return reason
