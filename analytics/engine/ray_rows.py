"""Items and replies as Arrow tables, the form in which Ray Data moves them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from analytics.contract.engine import LabelReply, TextReply
from analytics.contract.errors import DeadlyItemError, EngineError
from analytics.contract.records import Item
from analytics.engine.remote_files import map_path, read_location

# `position` is the place of the item in the call. Of `picture` (its bytes) and
# `picture_path` (a path or URI that the other machines can read) one is set, or none.
ITEM_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("content_key", pa.string()),
        ("text", pa.string()),
        ("aspect", pa.string()),
        ("picture", pa.binary()),
        ("picture_path", pa.string()),
    ]
)
# A row is a label reply, a text reply, or a fault.
REPLY_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("probabilities", pa.list_(pa.float64())),
        ("text", pa.string()),
        ("finish_reason", pa.string()),
        ("n_prompt_tokens", pa.int64()),
        ("n_output_tokens", pa.int64()),
        ("fault", pa.string()),
        ("is_deadly", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item on its way: its place in the call, and its picture."""

    position: int
    item: Item
    picture: bytes | None = None
    picture_path: str | None = None


def make_rows(
    items: Sequence[Item], *, with_pictures: bool, picture_paths: Mapping[str, str]
) -> tuple[list[Row], dict[int, EngineError]]:
    """Items as rows; pictures that only this machine can read go along as bytes.

    The second part are the faults of pictures that cannot be read, by position.
    """
    rows, faults = [], {}
    for position, item in enumerate(items):
        picture = path = None
        if with_pictures and item.image_path is not None:
            path = map_path(item.image_path, picture_paths)
            if path is None:
                try:
                    picture = read_location(str(item.image_path))
                except EngineError as exc:
                    faults[position] = exc
                    continue
        rows.append(Row(position=position, item=item, picture=picture, picture_path=path))
    return rows, faults


def make_tables(rows: Sequence[Row], rows_per_batch: int) -> list[pa.Table]:
    """Rows as one table for each batch."""
    return [
        rows_to_table(rows[first : first + rows_per_batch])
        for first in range(0, len(rows), rows_per_batch)
    ]


def rows_to_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as a table; pictures stay what they are."""
    return pa.Table.from_pylist(
        [
            {
                "position": row.position,
                "content_key": row.item.content_key,
                "text": row.item.text,
                "aspect": row.item.aspect,
                "picture": row.picture,
                "picture_path": row.picture_path,
            }
            for row in rows
        ],
        schema=ITEM_SCHEMA,
    )


def table_to_rows(table: pa.Table) -> list[Row]:
    """The rows of a table; items have no picture yet."""
    return [
        Row(
            position=found["position"],
            item=Item(content_key=found["content_key"], text=found["text"], aspect=found["aspect"]),
            picture=found["picture"],
            picture_path=found["picture_path"],
        )
        for found in table.to_pylist()
    ]


def replies_to_table(
    replies: Mapping[int, LabelReply | TextReply], faults: Mapping[int, Exception]
) -> pa.Table:
    """Replies and faults by position, as a table."""
    rows: list[dict[str, object]] = []
    for position, reply in replies.items():
        row: dict[str, object] = {"position": position}
        if isinstance(reply, LabelReply):
            row["probabilities"] = list(reply.probabilities)
        else:
            row |= {
                "text": reply.text,
                "finish_reason": reply.finish_reason,
                "n_prompt_tokens": reply.n_prompt_tokens,
                "n_output_tokens": reply.n_output_tokens,
            }
        rows.append(row)
    for position, fault in faults.items():
        is_deadly = isinstance(fault, DeadlyItemError)
        rows.append({"position": position, "fault": str(fault), "is_deadly": is_deadly})
    return pa.Table.from_pylist(rows, schema=REPLY_SCHEMA)


def read_replies(
    table: pa.Table,
) -> Iterator[tuple[int, LabelReply | TextReply | EngineError]]:
    """The replies and faults of a table, each with its position."""
    for row in table.to_pylist():
        if row["fault"] is not None:
            kind = DeadlyItemError if row["is_deadly"] else EngineError
            yield row["position"], kind(row["fault"])
        elif row["probabilities"] is not None:
            negative, neutral, positive = row["probabilities"]
            yield row["position"], LabelReply(probabilities=(negative, neutral, positive))
        else:
            yield (
                row["position"],
                TextReply(
                    text=row["text"],
                    finish_reason=row["finish_reason"],
                    n_prompt_tokens=row["n_prompt_tokens"],
                    n_output_tokens=row["n_output_tokens"],
                ),
            )


def write_pictures(rows: Sequence[Row], folder: Path) -> list[Item]:
    """The items of rows, their pictures as files in a folder."""
    items = []
    for row in rows:
        item = row.item
        if row.picture is not None:
            path = folder / f"{row.position}.jpg"
            path.write_bytes(row.picture)
            item = Item(
                content_key=item.content_key, text=item.text, aspect=item.aspect, image_path=path
            )
        items.append(item)
    return items
