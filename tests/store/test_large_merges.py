"""Files of more posts than one of DuckDB's row groups holds (122,880)."""

from pathlib import Path

import duckdb

from analytics.config.settings import SourceConfig
from analytics.ingest import ingest_sources
from analytics.store.aspects import make_rule
from analytics.store.runs import RunCounts
from tests.scripted import KEY, NOW, scalar

N_POSTS = 123_000


def ingest(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    ingest_sources(
        connection,
        [SourceConfig(path=path, platform="test")],
        rules=(make_rule("bus", ()), make_rule("tram", ())),
        author_key=KEY,
        run_id="run",
        counts=RunCounts(),
        now=NOW,
    )


def test_posts_and_aspects_of_a_large_file_are_seen_at_once(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """DuckDB 2.0 hides a full row group that follows an insert without rows."""
    path = tmp_path / "posts.csv"
    lines = (f"{i},the tram was late {i},2026-03-01T10:00:00Z" for i in range(N_POSTS))
    path.write_text("id,text,created_at\n" + "\n".join(lines) + "\n", encoding="utf-8")
    ingest(connection, path)
    # What is counted must be read: the number of rows alone is known without.
    assert scalar(connection, "select count(*) from posts where text like '%tram%'") == N_POSTS
    assert scalar(connection, "select count(*) from aspects where aspect = 'tram'") == N_POSTS
    assert scalar(connection, "select count(distinct content_key) from int_items") == 2 * N_POSTS
