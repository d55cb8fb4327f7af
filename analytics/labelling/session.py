"""One person goes through one draw: what is asked next, answered, taken back."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from analytics.contract.labels import LABELS
from analytics.store.draws import Draw
from analytics.store.gold import UNCLEAR, GoldLabel, remove_gold, replace_gold
from analytics.store.gold_weights import weigh_gold
from analytics.store.transactions import transaction

ANSWERS = (*map(str, LABELS), UNCLEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelItem:
    """An item of a draw, as people see it. `prediction` is the current model's label."""

    position: int
    post_id: str
    aspect: str
    text: str
    platform: str
    url: str | None
    created_at: datetime | None
    image_path: Path | None
    image_alt_text: str | None
    prediction: str | None
    content_key: str
    stratum: str


class LabelSession:
    """Asks the items of a draw in its order, each content once, and stores each answer at once.

    What the annotator has said of an item before, in another draw or by a file, is not asked
    again; nor is a copy of a content that was answered: the answer is stored for it as well.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, draw: Draw, annotator: str, data_dir: Path
    ) -> None:
        self.draw = draw
        self.annotator = annotator
        self._given: list[str] = []  # answers of this session that hold, without copies
        self._connection = connection
        self._items = _read_items(connection, draw.draw_id, data_dir)
        self._answers, self._contents = _read_answers(connection, annotator)
        self._firsts: dict[str, int] = {}  # of each content the first place in the draw
        for index, item in enumerate(self._items):
            self._firsts.setdefault(item.content_key, index)
        self._next = 0
        with transaction(connection):
            self._pass_answered()
            weigh_gold(connection)

    @property
    def current(self) -> LabelItem | None:
        """What is asked now; None when all is answered."""
        return self._items[self._next] if self._next < len(self._items) else None

    @property
    def n_items(self) -> int:
        """Items of the draw that are still in the warehouse."""
        return len(self._items)

    @property
    def n_passed(self) -> int:
        """Items that are answered, from the first on."""
        return self._next

    @property
    def n_stored(self) -> int:
        """Answers of this session, each content once."""
        return len(self._given)

    @property
    def n_labels(self) -> int:
        """Of `n_stored` those that are a label."""
        return sum(answer != UNCLEAR for answer in self._given)

    def count_answers(self) -> Counter[str]:
        """How often each answer was given in the part of the draw that is done."""
        return Counter(
            self._answers[item.post_id, item.aspect] for item in self._items[: self._next]
        )

    def answer(self, answer: str) -> None:
        """Store the answer to the current item, and to its copies that come next.

        Raises:
            ValueError: it is none of ANSWERS, or nothing is asked.
        """
        item = self.current
        if answer not in ANSWERS or item is None:
            raise ValueError(f"{answer!r} is none of {', '.join(ANSWERS)}, or nothing is asked")
        with transaction(self._connection):
            self._store(item, answer)
            self._next += 1
            self._pass_answered()
            weigh_gold(self._connection)
        self._given.append(answer)

    def undo(self) -> bool:
        """Take back the last answer of this draw, and ask its item again; False without one."""
        own = self._read_own()
        asked = [
            index
            for index, item in enumerate(self._items[: self._next])
            if (item.post_id, item.aspect) in own and self._firsts[item.content_key] == index
        ]
        if not asked:
            return False
        index = asked[-1]
        taken = [
            item
            for item in self._items[index : self._next]
            if item.content_key == self._items[index].content_key
            and (item.post_id, item.aspect) in own
        ]
        with transaction(self._connection):
            remove_gold(self._connection, [self._label(item, UNCLEAR) for item in taken])
            weigh_gold(self._connection)
        for item in taken:
            del self._answers[item.post_id, item.aspect]
        self._contents.pop(self._items[index].content_key, None)
        self._next = index
        if self._given:
            self._given.pop()
        return True

    def _read_own(self) -> set[tuple[str, str]]:
        """Items that were answered in this draw, not before it was made."""
        rows = self._connection.execute(
            """
            with answers as (
                select post_id, aspect, annotator, draw_id, created_at from gold
                union all
                select post_id, aspect, annotator, draw_id, created_at from gold_unclear
            )
            select answers.post_id, answers.aspect
            from answers
            inner join gold_draws as draws on answers.draw_id = draws.draw_id
            where draws.draw_id = $draw
                and answers.annotator = $annotator
                and answers.created_at >= draws.created_at
            """,
            {"draw": self.draw.draw_id, "annotator": self.annotator},
        ).fetchall()
        return set(rows)

    def _pass_answered(self) -> None:
        """Go on to the first item whose content has no answer; copies get theirs."""
        while (item := self.current) is not None:
            if (item.post_id, item.aspect) in self._answers:
                self._adopt(item)
            elif item.content_key in self._contents:
                self._store(item, self._contents[item.content_key])
            else:
                return
            self._next += 1

    def _adopt(self, item: LabelItem) -> None:
        """An answer that came of no draw was drawn now: its weight follows from that."""
        for table in ("gold", "gold_unclear"):
            self._connection.execute(
                f"update {table} set draw_id = $draw, stratum = $stratum"
                " where post_id = $post_id and aspect = $aspect and annotator = $annotator"
                " and draw_id is null",
                {
                    "draw": self.draw.draw_id,
                    "stratum": item.stratum,
                    "post_id": item.post_id,
                    "aspect": item.aspect,
                    "annotator": self.annotator,
                },
            )

    def _store(self, item: LabelItem, answer: str) -> None:
        replace_gold(self._connection, [self._label(item, answer)])
        self._answers[item.post_id, item.aspect] = answer
        self._contents[item.content_key] = answer

    def _label(self, item: LabelItem, answer: str) -> GoldLabel:
        return GoldLabel(
            post_id=item.post_id,
            aspect=item.aspect,
            label=answer,
            annotator=self.annotator,
            stratum=item.stratum,
            draw_id=self.draw.draw_id,
        )


def _read_items(
    connection: duckdb.DuckDBPyConnection, draw_id: str, data_dir: Path
) -> list[LabelItem]:
    rows = connection.execute(
        """
        select
            draws.position, items.post_id, items.aspect, posts.text, posts.platform, posts.url,
            posts.created_at, items.image_path, pictures.image_alt_text,
            cast(predicted.label as varchar), items.content_key, draws.stratum,
        from gold_draw_items as draws
        inner join int_items as items
            on draws.post_id = items.post_id and draws.aspect = items.aspect
        inner join posts on draws.post_id = posts.post_id
        left join int_pictures as pictures on draws.post_id = pictures.post_id
        left join int_current_predictions as predicted
            on items.post_id = predicted.post_id
            and items.aspect = predicted.aspect
            and items.content_key = predicted.content_key
        where draws.draw_id = ?
        order by draws.position
        """,
        [draw_id],
    ).fetchall()
    return [
        LabelItem(
            position=row[0],
            post_id=row[1],
            aspect=row[2],
            text=row[3],
            platform=row[4],
            url=row[5],
            created_at=row[6],
            image_path=data_dir / row[7] if row[7] else None,
            image_alt_text=row[8],
            prediction=row[9],
            content_key=row[10],
            stratum=row[11],
        )
        for row in rows
    ]


def _read_answers(
    connection: duckdb.DuckDBPyConnection, annotator: str
) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """What the annotator said so far: by item, and by content."""
    rows = connection.execute(
        """
        with answers as (
            select post_id, aspect, cast(label as varchar) as label, created_at
            from gold where annotator = $annotator
            union all
            select post_id, aspect, $unclear as label, created_at
            from gold_unclear where annotator = $annotator
        )
        select answers.post_id, answers.aspect, answers.label, items.content_key
        from answers
        left join int_items as items
            on answers.post_id = items.post_id and answers.aspect = items.aspect
        order by answers.created_at
        """,
        {"annotator": annotator, "unclear": UNCLEAR},
    ).fetchall()
    by_item = {(post_id, aspect): label for post_id, aspect, label, _ in rows}
    return by_item, {key: label for _, _, label, key in rows if key is not None}
