"""Dumps of a few records, and how tests read them into a warehouse."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from analytics.config.settings import SourceConfig
from analytics.ingest import FileReport, ingest_sources, sum_records
from analytics.store.merge import MergeCounts
from analytics.store.runs import RunCounts
from tests.scripted import KEY, NOW

# 2026-03-02 10:00 UTC
START_S = 1772445600


def read_sources(
    connection: duckdb.DuckDBPyConnection,
    paths: Iterable[Path],
    *,
    rereads: bool = False,
    max_reject_share: float = 0.2,
    data_dir: Path | None = None,
    **source: Any,
) -> tuple[list[FileReport], RunCounts]:
    """Ingest files; that no record was lost on the way is checked."""
    counts = RunCounts()
    files = ingest_sources(
        connection,
        [SourceConfig(path=path, **source) for path in paths],
        rules=(),
        author_key=KEY,
        run_id="run",
        counts=counts,
        rereads=rereads,
        now=NOW,
        data_dir=data_dir,
        max_reject_share=max_reject_share,
    )
    total = sum_records(files)
    for found in [*(file.counts for file in files if file.counts), total]:
        check_sum(found)
    assert (counts.count_read, counts.count_rejects) == (total.count_read, total.count_rejects)
    return files, counts


def check_sum(found: MergeCounts) -> None:
    """Each record that was read became one thing."""
    parts = (
        found.count_stored,
        found.count_updated,
        found.count_duplicates,
        found.count_deletions,
        found.count_ignored,
        found.count_rejects,
    )
    assert min(parts) >= 0
    assert found.count_read == sum(parts)


def comment(native_id: str, body: str, **values: Any) -> dict[str, Any]:
    """A Reddit comment as a dump has it."""
    return {
        "id": native_id,
        "body": body,
        "author": "a",
        "created_utc": START_S,
        "subreddit": "s",
        "parent_id": "t3_x",
        "link_id": "t3_x",
        "permalink": f"/r/s/comments/x/_/{native_id}/",
        "score": 1,
        **values,
    }


def event(did: str, at_s: int, **values: Any) -> dict[str, Any]:
    """A Jetstream event, `at_s` seconds after START_S."""
    return {"did": did, "time_us": (START_S + at_s) * 1_000_000, "kind": "commit", **values}


def skeet(
    rkey: str, text: str, at_s: int, *, did: str = "did:plc:a", **commit: Any
) -> dict[str, Any]:
    """A Jetstream event that makes or updates a post made at START_S."""
    record = {"$type": "app.bsky.feed.post", "createdAt": "2026-03-02T10:00:00Z", "text": text}
    return event(
        did,
        at_s,
        commit={
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": rkey,
            "record": record,
            **commit,
        },
    )


def unskeet(rkey: str, at_s: int, *, did: str = "did:plc:a") -> dict[str, Any]:
    """A Jetstream event that deletes a post."""
    commit = {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": rkey}
    return event(did, at_s, commit=commit)


def unaccount(at_s: int, *, did: str = "did:plc:a") -> dict[str, Any]:
    """A Jetstream event that deletes an account."""
    return event(did, at_s, kind="account", account={"active": False, "status": "deleted"})


def view(
    rkey: str, text: str, *, likes: int, did: str = "did:plc:a", **item: Any
) -> dict[str, Any]:
    """An item of a Bluesky feed; with a `reason` a repost."""
    return {
        "post": {
            "uri": f"at://{did}/app.bsky.feed.post/{rkey}",
            "record": {
                "$type": "app.bsky.feed.post",
                "createdAt": "2026-03-02T10:00:00Z",
                "text": text,
            },
            "indexedAt": "2026-03-02T10:00:01Z",
            "likeCount": likes,
        },
        **item,
    }


def repost_by(did: str) -> dict[str, Any]:
    """The reason of a feed item that is a repost."""
    return {
        "$type": "app.bsky.feed.defs#reasonRepost",
        "by": {"did": did},
        "indexedAt": "2026-03-02T11:00:00Z",
    }


def write_lines(path: Path, records: Iterable[Any]) -> Path:
    """JSON lines."""
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
    return path
