"""Contents on which an engine died: left out of plans, and shown among the rejects."""

from datetime import UTC, datetime

import duckdb

from analytics.store.predictions import ResultKey, insert_predictions
from analytics.store.rejects import insert_new_rejects
from analytics.store.transactions import count_rows


def clear_deadly(connection: duckdb.DuckDBPyConnection, key: ResultKey) -> None:
    """Let the deadly contents of a model and contract be sent again."""
    connection.execute(
        "delete from deadly_contents where model_id = $model and result_digest = $digest",
        key.parameters,
    )


def set_deadly_aside(connection: duckdb.DuckDBPyConnection, key: ResultKey) -> int:
    """Move the planned items that no engine is to see to `deadly_items`; how many contents.

    A new post of such a content is rejected as the first was.
    """
    connection.execute(
        """
        create or replace temp table deadly_items as
        select plan_items.post_id, plan_items.aspect, plan_items.content_key, deadly.reason
        from plan_items
        inner join deadly_contents as deadly on plan_items.content_key = deadly.content_key
        where deadly.model_id = $model and deadly.result_digest = $digest
            and plan_items.content_key not in (select content_key from known_contents)
        """,
        key.parameters,
    )
    count = count_rows(connection, "(select distinct content_key from deadly_items)")
    if count:
        connection.execute(
            "delete from plan_items where content_key in (select content_key from deadly_items)"
        )
        insert_new_rejects(
            connection,
            """
            select posts.source_file, posts.source_line as line, 'infer' as stage, found.reason,
                found.post_id || ' ' || found.aspect as raw,
            from deadly_items as found
            inner join posts on found.post_id = posts.post_id
            """,
            run_id=key.run_id,
            now=datetime.now(UTC),
        )
    return count


def give_stored_labels(connection: duckdb.DuckDBPyConnection, key: ResultKey) -> int:
    """Give items of `deadly_items` without a prediction the label that is stored, if one is.

    An engine that died on a rationale had given the label before; how many got theirs.
    """
    connection.execute(
        """
        create or replace temp table unlabelled_items as
        select post_id, aspect, content_key from deadly_items
        where content_key in (
                select content_key from memo where model_id = $model and result_digest = $digest
            )
            and (post_id, aspect) not in (
                select (post_id, aspect) from predictions
                where model_id = $model and result_digest = $digest
            )
        """,
        key.parameters,
    )
    # Never an insert without rows before a large one, see `_store_winners` of merge.
    if not count_rows(connection, "unlabelled_items"):
        return 0
    connection.execute(
        """
        create or replace temp table stored_labels as
        select * from memo
        where model_id = $model and result_digest = $digest
            and content_key in (select content_key from unlabelled_items)
        """,
        key.parameters,
    )
    return insert_predictions(connection, key, "unlabelled_items", "stored_labels")
