"""Reads one file of a source: its records, guarded against its faults, and its digests."""

import hashlib
import logging
import stat
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from analytics.contract.digests import digest_of
from analytics.contract.errors import ConnectorError
from analytics.contract.record_checks import (
    LATEST_AFTER_NOW,
    find_deletion_fault,
    find_post_fault,
)
from analytics.contract.records import Deletion, Post, Reject
from analytics.contract.text import TEXT_VERSION
from analytics.store.merge import SourceFile
from connectors.protocol import Connector, HasCompanions, ReadOptions, Record

logger = logging.getLogger(__name__)

_BLOCK_BYTES = 4 * 1024 * 1024


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
        logger.exception("connector '%s' failed on %s", connector.name, path)
        reason = f"connector '{connector.name}' failed: {type(exc).__name__}: {exc}"
        if not is_started:
            raise ConnectorError(f"{path}: {reason}") from exc
        faults.append(reason)
        yield Reject(line=line + 1, stage="read", reason=reason)


def describe_file(
    path: Path, connector: Connector, options: ReadOptions, is_stopped: Callable[[], bool]
) -> SourceFile:
    """A file as the warehouse remembers it, with the digest of its bytes.

    Raises:
        ConnectorError: it cannot be read, or is no regular file.
        KeyboardInterrupt: the user stopped it.
    """
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
    return SourceFile(
        name=str(path),
        folder=str(path.parent.absolute()),
        content_digest=digest.hexdigest(),
        reading_digest=reading,
        connector=connector.name,
        n_bytes=n_bytes,
    )


def without_path(exc: ConnectorError, path: Path) -> str:
    """What is wrong with a file, without its name: a reject has that of its own."""
    reason = str(exc)
    for name in (path, path.absolute()):
        reason = reason.removeprefix(f"{name}: ")
    return reason
