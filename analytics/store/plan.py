"""What an inference run has to do, in DuckDB.

A plan is a set of temporary tables: `plan_contents` holds the distinct contents
that the engine must judge, numbered in a fixed order, and `plan_targets` the
items that each of them answers.
"""

from pathlib import Path

import duckdb

from analytics.contract.engine import LabelReply
from analytics.contract.mentions import Mask, no_mask
from analytics.contract.policy import RationalePolicy, RationaleReason
from analytics.contract.records import Item
from analytics.store.deadly import give_stored_labels, set_deadly_aside
from analytics.store.predictions import (
    Plan,
    PlannedItem,
    ResultKey,
    delete_replaced,
    insert_predictions,
)
from analytics.store.settings import write_setting
from analytics.store.transactions import count_rows, first_row, transaction

# Whether what is stored (said) has all that is wanted of it (plan_items).
_IS_COMPLETE = """(
    said.rationale_status is not null
    or plan_items.reason is null
    or plan_items.reason = 'uncertain' and not
        2 * greatest(said.p_negative, said.p_neutral, said.p_positive)
        + least(said.p_negative, said.p_neutral, said.p_positive)
        - (said.p_negative + said.p_neutral + said.p_positive) < $margin
)"""


def make_plan(
    connection: duckdb.DuckDBPyConnection,
    key: ResultKey,
    *,
    post_level: bool,
    rationales: RationalePolicy,
) -> Plan:
    """Fill predictions from the memo and number the contents that are left.

    A label that is stored without the rationale that is wanted now is left, too, with that
    label.
    """
    with transaction(connection):
        write_setting(connection, "post_level", str(post_level).lower())
        _plan_items(connection, rationales)
        count_all_contents = count_rows(connection, "(select distinct content_key from plan_items)")
        # Predictions of edited posts and dropped aspects are out of date; the
        # memo still holds what the model said of their contents.
        connection.execute(
            """
            delete from predictions
            where model_id = $model and result_digest = $digest
                and (post_id, aspect, content_key) not in (
                    select (post_id, aspect, content_key) from plan_items
                )
            """,
            key.parameters,
        )
        connection.execute(
            f"""
            delete from plan_items
            using predictions as said
            where said.post_id = plan_items.post_id and said.aspect = plan_items.aspect
                and said.model_id = $model and said.result_digest = $digest and {_IS_COMPLETE}
            """,
            {**key.parameters, "margin": rationales.uncertain_below},
        )
        connection.execute(
            f"""
            create or replace temp table known_contents as
            select said.* from memo as said
            inner join (select distinct content_key, reason from plan_items) as plan_items
                on said.content_key = plan_items.content_key
            where said.model_id = $model and said.result_digest = $digest and {_IS_COMPLETE}
            """,
            {**key.parameters, "margin": rationales.uncertain_below},
        )
        count_items = count_rows(connection, "plan_items")
        has_replacements = rationales != RationalePolicy() and _has_bare_labels(connection, key)
        if has_replacements:
            delete_replaced(connection, key, "plan_items", "known_contents")
        count_deadly = set_deadly_aside(connection, key)
        count_memo_hits = give_stored_labels(connection, key)
        count_memo_hits += insert_predictions(connection, key, "plan_items", "known_contents")
        # A label that is stored without the rationale that is wanted now is not asked for again.
        connection.execute(
            """
            create or replace temp table plan_contents as
            -- Numbered as they come out of the sort: a window with an order would sort once more.
            select row_number() over () - 1 as position, *,
            from (
                select planned.*, said.p_negative, said.p_neutral, said.p_positive,
                from (
                    select content_key, aspect, any_value(clean_text) as clean_text,
                        any_value(image_sha256) as image_sha256,
                        any_value(image_path) as image_path, any_value(reason) as reason,
                    from plan_items
                    where content_key not in (select content_key from known_contents)
                    group by content_key, aspect
                ) as planned
                left join memo as said
                    on $has_bare and said.content_key = planned.content_key
                        and said.model_id = $model and said.result_digest = $digest
                -- As in a prompt, where the picture stands first: what shares a start meets.
                order by image_sha256 nulls first, clean_text, aspect, planned.content_key
            )
            """,
            {**key.parameters, "has_bare": has_replacements},
        )
        # Sorted by position, so that a chunk reads its own rows only.
        connection.execute(
            """
            create or replace temp table plan_targets as
            select plan_contents.position, plan_items.post_id, plan_items.aspect,
                plan_items.content_key
            from plan_items
            inner join plan_contents on plan_items.content_key = plan_contents.content_key
            order by plan_contents.position
            """
        )
        has_faults = _heal_answered(connection)
        failed_before = _find_failed(connection, key) if has_faults else frozenset()
    # They hold the text of every item, and what was said of it, and are done with.
    connection.execute("drop table plan_items")
    connection.execute("drop table known_contents")
    return Plan(
        count_items=count_items,
        count_memo_hits=count_memo_hits,
        count_contents=count_rows(connection, "plan_contents"),
        count_all_contents=count_all_contents,
        count_deadly=count_deadly,
        failed_before=failed_before,
        has_faults=has_faults,
        has_replacements=has_replacements,
    )


def read_chunk(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    end: int,
    *,
    data_dir: Path,
    mask: Mask = no_mask,
) -> list[PlannedItem]:
    """The planned contents numbered from `first` up to `end`, in order.

    `mask` is what the model sees of a text.
    """
    rows = connection.execute(
        "select position, content_key, clean_text, aspect, image_sha256, image_path, reason,"
        " p_negative, p_neutral, p_positive from plan_contents"
        " where position >= ? and position < ? order by position",
        [first, end],
    ).fetchall()
    return [
        PlannedItem(
            position=position,
            item=Item(
                content_key=content_key,
                text=mask(text, aspect),
                aspect=aspect,
                image_sha256=sha256,
                image_path=data_dir / path if path else None,
            ),
            reason=RationaleReason(reason) if reason else None,
            label=LabelReply(probabilities=(p[0], p[1], p[2])) if p[0] is not None else None,
        )
        for position, content_key, text, aspect, sha256, path, reason, *p in rows
    ]


def _plan_items(connection: duckdb.DuckDBPyConnection, policy: RationalePolicy) -> None:
    """Every item of the warehouse, with the reason for which it gets a rationale.

    Keys are sha256 digests, so that their
    first 52 bits draw a sample that stays the same from run to run.
    """
    connection.execute(
        """
        create or replace temp table plan_items as
        select post_id, aspect, content_key, clean_text, image_sha256, image_path,
            case
                when $all then 'all'
                when ('0x' || content_key[1:13])::bigint < $share * pow(2, 52) then 'sample'
                when content_key in (
                    select content_key from int_ranked_contents where $top > 0 and rank <= $top
                ) then 'top'
                when $margin > 0 then 'uncertain'
            end as reason
        from int_items
        """,
        {
            "all": policy.is_all,
            "share": policy.sample_share,
            "top": policy.top_posts,
            "margin": policy.uncertain_below,
        },
    )


def _has_bare_labels(connection: duckdb.DuckDBPyConnection, key: ResultKey) -> bool:
    """Whether results without a rationale exist, from a run that wanted none."""
    row = first_row(
        connection.execute(
            "select 1 from memo where model_id = $model and result_digest = $digest"
            " and rationale_status is null limit 1",
            key.parameters,
        )
    )
    return row is not None


def _heal_answered(connection: duckdb.DuckDBPyConnection) -> bool:
    """Forget the faults of items that need no engine any more; whether others have some."""
    if not count_rows(connection, "rejects where stage = 'infer'"):
        return False
    connection.execute(
        "delete from rejects where stage = 'infer' and raw not in"
        " (select post_id || ' ' || aspect from plan_targets"
        " union all select post_id || ' ' || aspect from deadly_items)"
    )
    return bool(count_rows(connection, "rejects where stage = 'infer'"))


def _find_failed(connection: duckdb.DuckDBPyConnection, key: ResultKey) -> frozenset[str]:
    """The planned contents that this model failed on.

    What another one could not do does not excuse it.
    """
    rows = connection.execute(
        """
        select distinct content_key from plan_targets
        where post_id || ' ' || aspect in (
            select raw from rejects
            left join runs using (run_id)
            -- A run that was killed in its first chunk did not get to note its model.
            where stage = 'infer' and coalesce(runs.model_id, $model) = $model
                and coalesce(runs.result_digest, $digest) = $digest
        )
        """,
        key.parameters,
    ).fetchall()
    return frozenset(key for (key,) in rows)
