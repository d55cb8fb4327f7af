"""The state of pictures in the warehouse: which are pending, what came of them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from analytics.contract.images import ImageSettings, name_prepared_folder
from analytics.store.rejects import insert_new_rejects
from analytics.store.transactions import transaction

_BATCH = 512
_RESULTS = pa.schema(
    [
        ("post_id", pa.string()),
        ("position", pa.int32()),
        ("status", pa.string()),
        ("sha256", pa.string()),
        ("path", pa.string()),
        ("error", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("bytes", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingPicture:
    """A picture that is to be prepared; `source_folder` is that of the dump that names it."""

    post_id: str
    position: int
    kind: str
    source_path: str | None
    source_folder: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureResult:
    """What came of one picture; a row of `media` without its source columns."""

    post_id: str
    position: int
    status: str
    sha256: str | None = None
    path: str | None = None
    error: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None


def read_pending(
    connection: duckdb.DuckDBPyConnection, settings: ImageSettings | None = None
) -> Iterator[list[PendingPicture]]:
    """Batches of pictures that are new, or whose file was missing or not allowed before.

    Also those of a format that could not be read (an extra was not installed), and those
    that were prepared as in another version of the preparation.
    """
    connection.execute(
        """
        create or replace temp table pending_media as
        select
            row_number() over (order by source_path, post_id, position) - 1 as ordinal,
            post_id,
            position,
            kind,
            source_path,
            source_folder,
        from media
        where status in ('pending', 'missing', 'outside_folder')
            or (status = 'no_decoder' and source_path is not null)
            or (status = 'ok' and not starts_with(path, ?))
        order by ordinal
        """,
        [f"{name_prepared_folder(settings)}/"],
    )
    first = 0
    while True:
        rows = connection.execute(
            "select post_id, position, kind, source_path, source_folder from pending_media"
            " where ordinal >= ? and ordinal < ? order by ordinal",
            [first, first + _BATCH],
        ).fetchall()
        if not rows:
            return
        yield [
            PendingPicture(
                post_id=post_id,
                position=position,
                kind=kind,
                source_path=path,
                source_folder=folder,
            )
            for post_id, position, kind, path, folder in rows
        ]
        first += _BATCH


def store_results(
    connection: duckdb.DuckDBPyConnection, results: Sequence[PictureResult], run_id: str
) -> int:
    """Write what came of a batch, with a reject for each fault; the new rejects."""
    rows = [asdict(result) for result in results]
    connection.register("results", pa.Table.from_pylist(rows, schema=_RESULTS))
    try:
        with transaction(connection):
            connection.execute(
                """
                update media set sha256 = results.sha256, path = results.path,
                    status = results.status, error = results.error, width = results.width,
                    height = results.height, bytes = results.bytes
                from results
                where media.post_id = results.post_id and media.position = results.position
                """
            )
            connection.execute(
                "delete from rejects where stage = 'media' and split_part(reason, ':', 1) in"
                " ('picture missing', 'picture outside_folder', 'picture no_decoder')"
                " and raw in (select post_id from results where status = 'ok')"
            )
            count_new = insert_new_rejects(
                connection,
                """
                select posts.source_file, posts.source_line as line, 'media' as stage,
                    'picture ' || results.status || ': ' || results.error as reason,
                    results.post_id as raw,
                from results
                inner join posts on results.post_id = posts.post_id
                where results.error is not null
                """,
                run_id=run_id,
                now=datetime.now(UTC),
            )
    finally:
        connection.unregister("results")
    return count_new
