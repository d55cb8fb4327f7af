"""Rows of a Parquet file, a batch at a time."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Post, Reject
from connectors.lines import JsonObject, parse_safely
from connectors.protocol import Record
from connectors.streams import OnBytes
from connectors.values import MAX_RAW_CHARACTERS, BadRecordError, clean_string, make_reject

PARQUET_MAGIC = b"PAR1"
_BATCH_ROWS = 4096
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def read_parquet_columns(path: Path) -> list[str]:
    """The names of a file's columns.

    Raises:
        SourceFormatError: the file is damaged.
    """
    with _open(path) as file:
        return [str(name) for name in file.schema_arrow.names]


def read_parquet_rows(
    path: Path,
    columns: list[str],
    on_bytes: OnBytes | None,
    parse: Callable[[JsonObject, int], Post],
) -> Iterator[Record]:
    """One record for each row; `line` is the row's number from 1.

    Damage in the middle is one Reject; the rows before it are kept.
    """
    number = 0
    told = 0
    with _open(path) as file:
        n_rows = max(file.metadata.num_rows, 1)
        n_bytes = path.stat().st_size
        try:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
                names = batch.schema.names
                values = [_read_column(batch.column(i), name) for i, name in enumerate(names)]
                for cells in zip(*values, strict=True):
                    number += 1
                    row = dict(zip(names, cells, strict=True))
                    record = parse_safely(parse, row, number, "")
                    yield replace(record, raw=_dump(row)) if type(record) is Reject else record
                if on_bytes is not None:
                    done = n_bytes * number // n_rows
                    on_bytes(done - told)
                    told = done
        except (OSError, ValueError, MemoryError) as exc:  # all of Arrow's own are of these
            reason = f"the file cannot be read after row {number} ({_first_line(exc)})"
            yield make_reject(number + 1, reason, "", "read")


def _open(path: Path) -> Any:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except Exception as exc:  # Arrow raises many kinds on damaged files
        raise SourceFormatError(
            f"{path}: not a whole Parquet file ({_first_line(exc)}); make or fetch it again"
        ) from exc


def _first_line(exc: BaseException) -> str:
    return (str(exc).splitlines() or [type(exc).__name__])[0][:200]


def _read_column(column: Any, name: str) -> list[Any]:
    """A column's values; a value that cannot be had is a BadRecordError in its place."""
    import pyarrow as pa

    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(column.type):
        # By way of integers: a year beyond 9999 would cost the whole batch.
        per_second = _PER_SECOND[column.type.unit]
        ticks = column.cast(pa.int64()).to_pylist()
        return [None if tick is None else _read_ticks(tick, per_second, name) for tick in ticks]
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):
        return [_read_scalar(scalar, name) for scalar in column]
    return values


def _read_ticks(tick: int, per_second: int, name: str) -> datetime | BadRecordError:
    try:
        return _EPOCH + timedelta(microseconds=tick * 1_000_000 // per_second)
    except OverflowError:
        return BadRecordError(f"{name} out of range: {tick} / {per_second} s since 1970")


def _read_scalar(scalar: Any, name: str) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError as exc:
        return BadRecordError(f"{name}: invalid UTF-8 at byte {exc.start + 1} of the value")
    except (ValueError, OverflowError) as exc:
        return BadRecordError(f"{name} cannot be read ({_first_line(exc)})")


def _dump(row: JsonObject) -> str:
    text = json.dumps(row, ensure_ascii=False, default=str)
    return clean_string(text[:MAX_RAW_CHARACTERS])
