"""Stages lines of JSON in DuckDB, many at once; the odd ones go through the connector.

A line costs a hundredth of what it costs in Python, so that a file is read about as fast as
DuckDB reads JSON. What is staged is the same: see `tests/store/test_bulk.py`.
"""

import hashlib
import html
import logging
import queue
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType

from analytics.contract.records import Record
from analytics.contract.text import clean_text
from analytics.store.staging import Staging
from analytics.store.transactions import count_rows, first_row

logger = logging.getLogger(__name__)

_MAX_OBJECT_BYTES = 2 * 1024 * 1024
_HMAC_BLOCK_BYTES = 64
_MAX_THREADS = 4
# Texts that `clean_text` leaves as they are: printable ASCII without entities, with single
# spaces and line breaks.
_NOT_CLEAN = r"[^\n !-%''-~]|  | \n|\n[ \n]|^[ \n]|[ \n]$|^RT @"
# Those whose white space alone it changes.
_NOT_ASCII = r"[^\n\t\r !-%''-~]|^\s*RT @"

MACROS = f"""
create or replace temp macro read_string(value) as
    case when contains(value, '\\') then value::json ->> '$'
        else substring(value, 2, length(value) - 2) end;
create or replace temp macro unescape_text(value) as
    case when contains(value, '&') then unescape_html(value) else value end;
create or replace temp macro read_html(value) as unescape_text(read_string(value));
create or replace temp macro make_clean(value) as
    case
        when not regexp_matches(value, '{_NOT_CLEAN}') then value
        when regexp_matches(value, '{_NOT_ASCII}') then clean_any(value)
        else trim(
            regexp_replace(
                regexp_replace(
                    replace(replace(value, chr(13) || chr(10), chr(10)), chr(13), chr(10)),
                    '[ \\t]{{2,}}|\\t', ' ', 'g'
                ),
                ' \\n[ \\n]*|\\n[ \\n]+', chr(10), 'g'
            ),
            ' ' || chr(10)
        )
    end;
"""
# Names of authors of what was reposted are in no line that is read here.
_FIELDS = (
    *("platform", "native_id", "author", "reply_to", "repost_of", "quote_of", "text", "lang"),
    *("url", "likes", "reposts", "replies", "views", "created_at", "edited_at", "retrieved_at"),
)


class BulkQuery(Protocol):
    """What is read of a line, in SQL; see `connectors.protocol.BulkSql`."""

    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def is_plain(self) -> str: ...
    @property
    def ignored(self) -> str: ...
    @property
    def fields(self) -> Any: ...
    @property
    def picture_url(self) -> str: ...


class BulkStaging:
    """Adds lines to a `Staging`, on as many threads as DuckDB has, at most 4.

    Used in a `with` block, which ends with its files gone; `finish` waits for what is under way.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        staging: Staging,
        query: BulkQuery,
        *,
        author_key: bytes,
        latest_s: int,
    ) -> None:
        for name, function in (("unescape_html", html.unescape), ("clean_any", clean_text)):
            _register(connection, name, function)
        row = first_row(connection.execute("select current_setting('threads')"))
        # Each holds a piece of the file, and its rows.
        self._n_threads = min(_MAX_THREADS, int(row[0]) if row else 1)
        self._has_warned = False
        self._connection = connection
        self._staging = staging
        self._idle = queue.SimpleQueue[_Stager]()
        self._open: list[_Stager] = []
        self._make_stager = partial(
            _Stager,
            query=query,
            hashes_ids=staging.hashes_ids,
            author_key=author_key,
            latest_s=latest_s,
            on_full_disk=self._warn_of_disk,
        )
        self._pool = ThreadPoolExecutor(self._n_threads)
        self._under_way: deque[tuple[_Lines, Future[_Staged | None]]] = deque()

    def __enter__(self) -> "BulkStaging":
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for stager in self._open:
            stager.close()

    def add(
        self,
        data: bytes,
        *,
        first_line: int,
        n_lines: int,
        is_long: bool,
        read_line: Callable[[int, bytes], Record | None],
    ) -> None:
        """Stage whole lines. One that `is_long` (more than a mebibyte) comes alone.

        Odd lines are given to `read_line` in this thread, now or at a later `add` or `finish`.
        """
        lines = _Lines(data, first_line, n_lines, read_line)
        if is_long:
            self._add_odd(lines, range(n_lines))
            return
        while len(self._under_way) > self._n_threads:
            self._finish_first()
        if len(self._open) < self._n_threads:  # a file of one piece needs one
            self._open.append(self._make_stager(self._connection.cursor()))
            self._idle.put(self._open[-1])
        self._under_way.append((lines, self._pool.submit(self._stage, lines)))

    def finish(self) -> None:
        """Wait for all lines, and give the odd ones to their readers."""
        while self._under_way:
            self._finish_first()

    def _warn_of_disk(self, exc: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "%s has no room for pieces of 64 MiB (%s), so the dump is read line by line,"
                " which is slower. TMPDIR names another folder",
                tempfile.gettempdir(),
                exc.strerror or exc,
            )

    def _stage(self, lines: "_Lines") -> "_Staged | None":
        stager = self._idle.get()
        try:
            return stager.stage(lines)
        finally:
            self._idle.put(stager)

    def _finish_first(self) -> None:
        lines, future = self._under_way.popleft()
        staged = future.result()
        if staged is None:
            self._add_odd(lines, range(lines.n_lines))
            return
        self._staging.count_ignored += staged.count_ignored
        self._staging.count_read += lines.n_lines - len(staged.odd)
        self._add_odd(lines, staged.odd)

    def _add_odd(self, lines: "_Lines", rows: Sequence[int]) -> None:
        if not rows:
            return
        found = lines.data.split(b"\n")
        for row in rows:
            end = b"\n" if row < len(found) - 1 else b""
            number = lines.first_line + row
            record = lines.read_line(number, found[row] + end)
            if record is not None:
                self._staging.add(record, ordinal=number)


@dataclass(frozen=True, slots=True)
class _Lines:
    data: bytes
    first_line: int
    n_lines: int
    read_line: Callable[[int, bytes], Record | None]


@dataclass(frozen=True, slots=True)
class _Staged:
    """What became of lines; `odd` are those, from 0, that are for the connector."""

    count_ignored: int
    odd: Sequence[int]


class _Stager:
    """Stages pieces of a file, one at a time, by a connection and a file of its own."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        query: BulkQuery,
        hashes_ids: bool,
        author_key: bytes,
        latest_s: int,
        on_full_disk: Callable[[OSError], None],
    ) -> None:
        self._connection = connection
        self._hashes_ids = hashes_ids
        self._query = query
        self._latest_s = latest_s
        self._inner, self._outer = _make_hmac_pads(author_key)
        self._on_full_disk = on_full_disk
        self._file = self._make_file()
        connection.execute(MACROS)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._connection.close()

    def stage(self, lines: _Lines) -> _Staged | None:
        """Stage what DuckDB can read; None where that is nothing."""
        if not self._write(lines.data) or not self._read(lines.n_lines):
            return None
        self._insert(lines.first_line)
        odd = self._connection.execute(
            "select rowid from bulk_lines where is_plain is not true order by rowid"
        ).fetchall()
        return _Staged(
            count_ignored=count_rows(self._connection, "bulk_lines where is_plain and is_ignored"),
            odd=[row for (row,) in odd],
        )

    def _make_file(self) -> "tempfile._TemporaryFileWrapper[bytes] | None":
        try:
            return tempfile.NamedTemporaryFile(prefix="analytics-", suffix=".ndjson")
        except OSError as exc:
            self._on_full_disk(exc)
            return None

    def _write(self, data: bytes) -> bool:
        """Put lines where DuckDB reads them; False where there is no room for them."""
        if self._file is None:
            return False
        try:
            self._file.seek(0)
            self._file.write(data)
            self._file.truncate()  # at the end: pages of the piece before are written anew
            self._file.flush()
        except OSError as exc:
            self._on_full_disk(exc)
            with suppress(OSError):
                self._file.close()
            self._file = None
            return False
        return True

    def _read(self, n_lines: int) -> bool:
        """Make the table `bulk_lines`; False where its rows are not the lines one by one."""
        assert self._file is not None
        columns = ", ".join(f"{key}: 'JSON'" for key in self._query.keys)
        self._connection.execute(
            f"""
            create or replace temp table bulk_lines as
            select *, coalesce({self._query.is_plain}, false) as is_plain,
                coalesce({self._query.ignored}, false) as is_ignored
            from (
                select {", ".join(f"{key}::varchar as {key}" for key in self._query.keys)}
                from read_json(
                    $path, format = 'newline_delimited', ignore_errors = true,
                    compression = 'none', maximum_object_size = {_MAX_OBJECT_BYTES},
                    columns = {{{columns}}}
                )
            )
            """,
            {"path": self._file.name, "latest_s": self._latest_s},
        )
        # A blank line has no row, and then rows have not the numbers of lines.
        return count_rows(self._connection, "bulk_lines") == n_lines

    def _insert(self, first_line: int) -> None:
        fields = {name: self._query.fields.get(name, "null") for name in _FIELDS}
        self._connection.execute(
            f"""
            insert into _staging.stage_posts by name
            with fields as (
                select $first_line + rowid as ordinal,
                    {", ".join(f"{sql} as {name}" for name, sql in fields.items())},
                    {self._query.picture_url} as picture_url,
                from bulk_lines where is_plain and not is_ignored
            )
            select * exclude (author, picture_url), ordinal as source_line,
                platform || ':' || native_id as post_id,
                {_hash("platform || ':' || author")} as author_key,
                make_clean(text) as clean_text,
                (picture_url is not null)::integer as count_media,
                md5('image' || chr(31) || picture_url || chr(31)) as media_key,
                {_hash("post_id") if self._hashes_ids else "null"} as post_key,
                {_hash("repost_of") if self._hashes_ids else "null"} as repost_key,
            from fields
            """,
            {"first_line": first_line, "inner": self._inner, "outer": self._outer},
        )
        if self._query.picture_url != "NULL":
            self._connection.execute(
                f"""
                insert into _staging.stage_media by name
                select $first_line + rowid as ordinal, 0 as position, 'image' as kind,
                    {self._query.picture_url} as url,
                from bulk_lines
                where is_plain and not is_ignored and ({self._query.picture_url}) is not null
                """,
                {"first_line": first_line},
            )


def _hash(text: str) -> str:
    """SQL of `hash_text`: HMAC-SHA256 by $inner and $outer, 32 hex digits."""
    return f"left(sha256($outer || unhex(sha256($inner || encode({text})))), 32)"


def _make_hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The first blocks of the two hashes of HMAC-SHA256 (RFC 2104)."""
    if len(key) > _HMAC_BLOCK_BYTES:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_HMAC_BLOCK_BYTES, b"\0")
    return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)


def _register(
    connection: duckdb.DuckDBPyConnection, name: str, function: Callable[[str], str]
) -> None:
    def run(column: Any) -> Any:
        return pa.array([function(text) for text in column.to_pylist()], pa.string())

    # It is there since the file before.
    with suppress(duckdb.CatalogException, duckdb.NotImplementedException):
        connection.create_function(name, run, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)
