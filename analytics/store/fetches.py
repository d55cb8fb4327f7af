"""Remote pictures in the warehouse: which addresses are due, what came of each.

`fetches` has a row for each address that was asked for; `apply_fetches` carries it
to all posts that name the address. A row goes when no post names its address any
more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from analytics.contract.images import ImageSettings, name_prepared_folder
from analytics.store.transactions import count_rows, transaction

# Rows of media that a picture from their address would help: nothing local was usable.
_WANTING = (
    "media.kind in ('image', 'gif') and media.url is not null"
    " and (media.status = 'missing' or media.source_path is null and media.status <> 'ok')"
)
_RESULTS = pa.schema(
    [
        ("url", pa.string()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("sha256", pa.string()),
        ("path", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("bytes", pa.int64()),
        ("count_tries", pa.int32()),
        ("tried_at", pa.timestamp("us", "UTC")),
        ("next_try_at", pa.timestamp("us", "UTC")),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """What came of one address; a row of `fetches`. `next_try_at` None: it is not tried again."""

    url: str
    status: str
    count_tries: int
    tried_at: datetime
    next_try_at: datetime | None = None
    error: str | None = None
    sha256: str | None = None
    path: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DueHost:
    """A host with addresses that are due: `n_urls` of them, from `first` on."""

    first: int
    n_urls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueUrl:
    """An address that is due, and how often it was tried in vain."""

    url: str
    count_tries: int


def prune_fetches(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Drop the addresses that no post names; the sha256 of pictures that nothing uses now."""
    if not count_rows(connection, "fetches"):
        return []
    connection.execute(
        "create or replace temp table unnamed as select url, sha256 from fetches"
        " where url not in (select url from media where url is not null)"
    )
    connection.execute("delete from fetches where url in (select url from unnamed)")
    unused = connection.execute(
        """
        select distinct sha256 from unnamed
        where sha256 is not null
            and sha256 not in (select sha256 from media where sha256 is not null)
            and sha256 not in (select sha256 from fetches where sha256 is not null)
        """
    ).fetchall()
    connection.execute("drop table unnamed")
    return [str(sha256) for (sha256,) in unused]


def find_due(
    connection: duckdb.DuckDBPyConnection,
    *,
    now: datetime,
    max_tries: int,
    readable: Sequence[str] = (),
    retries: bool = False,
    settings: ImageSettings | None = None,
) -> int:
    """Collect the addresses that are due, by host; how many.

    Those are new ones; those whose time has come, after fewer than `max_tries` tries; those
    with a status of `readable`, which could not be read but can be now; those whose picture
    was prepared as in another version; with `retries` all that have no picture.
    """
    connection.execute(
        f"""
        create or replace temp table due_urls as
        with
            wanted as (select distinct url from media where {_WANTING}),
            due as (
                select
                    wanted.url,
                    if($retries, 0, coalesce(fetches.count_tries, 0)) as count_tries,
                    lower(regexp_extract(wanted.url, '//([^/?#]*)', 1)) as host,
                from wanted
                left join fetches using (url)
                where fetches.url is null
                    or $retries
                    or fetches.next_try_at <= $now and fetches.count_tries < $max_tries
                    or list_contains($readable, fetches.status)
                    or fetches.status = 'ok' and not starts_with(fetches.path, $folder)
            )
        select row_number() over (order by host, hash(url), url) - 1 as ordinal, *
        from due
        order by ordinal
        """,
        {
            "retries": retries,
            "now": now,
            "max_tries": max_tries,
            "readable": list(readable),
            "folder": f"{name_prepared_folder(settings)}/",
        },
    )
    # The host with most addresses takes longest, so it is begun with.
    connection.execute(
        """
        create or replace temp table due_hosts as
        with hosts as (
            select host, min(ordinal) as first, count(*) as n_urls from due_urls group by all
        )
        select row_number() over (order by n_urls desc, host) - 1 as ordinal, first, n_urls
        from hosts
        order by ordinal
        """
    )
    return count_rows(connection, "due_urls")


def read_due_hosts(
    connection: duckdb.DuckDBPyConnection, *, n_rows: int = 512
) -> Iterator[DueHost]:
    """The hosts that `find_due` collected, those with most addresses first."""
    start = 0
    while True:
        rows = connection.execute(
            "select first, n_urls from due_hosts where ordinal >= ? and ordinal < ?"
            " order by ordinal",
            [start, start + n_rows],
        ).fetchall()
        if not rows:
            return
        for first, n_urls in rows:
            yield DueHost(first=first, n_urls=n_urls)
        start += n_rows


def read_due_urls(
    connection: duckdb.DuckDBPyConnection, host: DueHost, *, n_rows: int = 256
) -> Iterator[DueUrl]:
    """The addresses of a host that `find_due` collected; few are held at a time."""
    end = host.first + host.n_urls
    for start in range(host.first, end, n_rows):
        rows = connection.execute(
            "select url, count_tries from due_urls where ordinal >= ? and ordinal < ?"
            " order by ordinal",
            [start, min(start + n_rows, end)],
        ).fetchall()
        for url, count_tries in rows:
            yield DueUrl(url=url, count_tries=count_tries)


def store_fetches(connection: duckdb.DuckDBPyConnection, results: Sequence[FetchResult]) -> None:
    """Write what came of a batch of addresses, in place of what was known of them."""
    if not results:
        return
    rows = [asdict(result) for result in results]
    connection.register("results", pa.Table.from_pylist(rows, schema=_RESULTS))
    try:
        with transaction(connection):
            connection.execute("delete from fetches where url in (select url from results)")
            connection.execute("insert into fetches by name from results")
    finally:
        connection.unregister("results")


def apply_fetches(
    connection: duckdb.DuckDBPyConnection, settings: ImageSettings | None = None
) -> None:
    """Carry what came of each address to the posts that name it.

    A picture whose local file is missing keeps this status until there is one from its
    address: the file may still come.
    """
    if not count_rows(connection, "fetches"):
        return
    with transaction(connection):
        connection.execute(
            f"""
            update media set status = 'ok', error = null, sha256 = fetches.sha256,
                path = fetches.path, width = fetches.width, height = fetches.height,
                bytes = fetches.bytes
            from fetches
            where media.url = fetches.url and fetches.status = 'ok'
                and starts_with(fetches.path, $folder)
                and {_WANTING}
            """,
            {"folder": f"{name_prepared_folder(settings)}/"},
        )
        connection.execute(
            """
            delete from rejects
            where stage = 'media' and split_part(reason, ':', 1) = 'picture missing'
                and raw in (
                    select post_id from media inner join fetches using (url)
                    where media.status = 'ok'
                )
                and raw not in (select post_id from media where status = 'missing')
            """
        )
        connection.execute(
            f"""
            update media set status = fetches.status, error = fetches.error
            from fetches
            where media.url = fetches.url and fetches.status <> 'ok'
                and media.source_path is null
                and {_WANTING}
                and (media.status, media.error)
                    is distinct from (fetches.status, fetches.error)
            """
        )


def count_unfetched(connection: duckdb.DuckDBPyConnection) -> int:
    """The addresses that posts name and that were never asked for."""
    return count_rows(
        connection,
        f"(select distinct url from media where {_WANTING}"
        " and url not in (select url from fetches))",
    )
