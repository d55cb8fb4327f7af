"""Random samples of items to label by hand: drawn, resumed, and what their labels weigh.

A draw is a stratified sample of items, asked in random order. So the first m of its n items are
a sample too: an item is among them with the probability n_h / N_h * m / n, where n_h of the N_h
items of its stratum were drawn. Draws are independent of each other and of labels that exist.
docs/labelling.md says how several are put together.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa

from analytics.contract.errors import AnalyticsError
from analytics.store.allocation import allocate
from analytics.store.transactions import count_rows, transaction

# key -> SQL of its value over int_judged_items
STRATA = {
    "aspect": "aspect",
    "platform": "platform",
    "week": "coalesce(strftime(date_trunc('week', sentiment_date), '%Y-%m-%d'), 'undated')",
    "label": "coalesce(cast(label as varchar), 'none')",
    "confidence": (
        "case when confidence is null then 'none' when confidence <= low then 'low'"
        " when confidence <= high then 'middle' else 'high' end"
    ),
}
REST = "(small strata)"
# No model is so sure that its stratum needs no labels.
_MIN_SPREAD = 0.1
_ITEMS_PER_STRATUM = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawDesign:
    """What is drawn: `n` items, of those that the filters leave, in strata by `stratify`.

    Dates are those of the marts, both included. `allocation` is proportional to the size of a
    stratum, or, as `uncertain`, to size times the spread of the model's errors there.
    """

    n: int = 50
    seed: int = 0
    stratify: tuple[str, ...] = ()
    allocation: str = "proportional"
    aspect: str | None = None
    platform: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A draw of `count_items` from `count_pool`."""

    draw_id: str
    design: DrawDesign
    count_items: int
    count_pool: int


def make_draw(
    connection: duckdb.DuckDBPyConnection,
    design: DrawDesign,
    *,
    annotator: str | None = None,
    now: datetime | None = None,
) -> Draw:
    """Draw a sample and store it; the same seed draws anew each time, but reproducibly so.

    Where there are more strata than half the items asked for, the smallest are put together.
    With `annotator`, nothing is drawn where that one has answered all there is.

    Raises:
        AnalyticsError: nothing is there to draw from, or the strata need predictions.
    """
    with transaction(connection):
        count_pool = _make_pool(connection, design)
        if not count_pool:
            raise AnalyticsError(
                "no item is there to label: nothing was read yet (`analytics ingest`), or --aspect,"
                " --platform, --since and --until leave none"
            )
        if annotator is not None and not _count_unanswered(connection, annotator):
            raise AnalyticsError(
                f"no item is left to label: {annotator} has answered all {count_pool}. Read more"
                " (`analytics ingest`), or let somebody else label (--annotator)"
            )
        _allocate_strata(connection, design)
        ordinal = count_rows(connection, "gold_draws") + 1
        now = now or datetime.now(UTC)
        draw_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        count_items = min(design.n, count_pool)
        connection.execute(
            "insert into gold_draws by name select $draw_id as draw_id, $stratify as stratify,"
            " $allocation as allocation, $aspect as aspect, $platform as platform,"
            " $since as since, $until as until, $seed as seed, $n as count_wanted,"
            " $count_items as count_items, $count_pool as count_pool, $now as created_at",
            {
                "draw_id": draw_id,
                "stratify": ",".join(design.stratify),
                "allocation": design.allocation,
                "aspect": design.aspect,
                "platform": design.platform,
                "since": design.since,
                "until": design.until,
                "seed": design.seed,
                "n": design.n,
                "count_items": count_items,
                "count_pool": count_pool,
                "now": now,
            },
        )
        # Two hashes: were the order that of the choice, items of thinly sampled strata
        # would come first, and whoever stops early would have no random sample.
        connection.execute(
            """
            insert into gold_draw_items by name
            with
                ranked as (
                    select
                        *,
                        row_number() over (
                            partition by stratum
                            order by md5($salt || ':choice:' || item_key), item_key
                        ) as rank,
                    from draw_pool
                ),
                chosen as (
                    select ranked.*, draw_strata.n_drawn / draw_strata.n_pool as probability
                    from ranked
                    inner join draw_strata on ranked.stratum = draw_strata.stratum
                    where ranked.rank <= draw_strata.n_drawn
                )
            select
                $draw_id as draw_id,
                row_number() over (
                    order by md5($salt || ':order:' || item_key), item_key
                ) as position,
                post_id, aspect, platform, stratum, probability, sentiment_date, ingested_at,
            from chosen
            """,
            {"draw_id": draw_id, "salt": f"{design.seed}:{ordinal}"},
        )
        connection.execute("drop table draw_pool")
        connection.execute("drop table draw_strata")
    return Draw(draw_id=draw_id, design=design, count_items=count_items, count_pool=count_pool)


def _make_pool(connection: duckdb.DuckDBPyConnection, design: DrawDesign) -> int:
    """All items of the design's filters with their strata, as `draw_pool`; how many."""
    needs_model = design.allocation == "uncertain" or {"label", "confidence"} & {*design.stratify}
    if needs_model and not count_rows(connection, "int_current_predictions"):
        raise AnalyticsError(
            "strata by label or confidence, and the allocation 'uncertain', need predictions,"
            " and there are none. Run `analytics infer` first, or leave them out"
        )
    keys = " || ', ' || ".join(f"'{key}=' || {STRATA[key]}" for key in design.stratify)
    connection.execute(
        f"""
        create or replace temp table draw_pool as
        with
            items as (
                select
                    judged.post_id, judged.aspect, judged.platform, judged.sentiment_date,
                    judged.label, posts.ingested_at,
                    judged.post_id || chr(31) || judged.aspect as item_key,
                    greatest(p_negative, p_neutral, p_positive) as confidence,
                from int_judged_items as judged
                inner join posts on judged.post_id = posts.post_id
                where ($aspect is null or judged.aspect = $aspect)
                    and ($platform is null or judged.platform = $platform)
                    and ($since is null or judged.sentiment_date >= $since)
                    and ($until is null or judged.sentiment_date <= $until)
            ),
            bands as (
                select
                    quantile_cont(confidence, 1 / 3) as low,
                    quantile_cont(confidence, 2 / 3) as high,
                from items
            )
        select items.*, {keys or "'all'"} as stratum
        from items cross join bands
        """,
        {
            "aspect": design.aspect,
            "platform": design.platform,
            "since": design.since,
            "until": design.until,
        },
    )
    return count_rows(connection, "draw_pool")


def _count_unanswered(connection: duckdb.DuckDBPyConnection, annotator: str) -> int:
    """Items of `draw_pool` of which the annotator has said nothing."""
    connection.execute(
        """
        create or replace temp table answered as
        select post_id, aspect from gold where annotator = $annotator
        union all
        select post_id, aspect from gold_unclear where annotator = $annotator
        """,
        {"annotator": annotator},
    )
    return count_rows(
        connection,
        "draw_pool where (post_id, aspect) not in (select (post_id, aspect) from answered)",
    )


def _allocate_strata(connection: duckdb.DuckDBPyConnection, design: DrawDesign) -> None:
    """How many of each stratum are drawn, as `draw_strata`; small strata are put together."""
    found = connection.execute(
        "select stratum, count(*) from draw_pool group by all order by count(*) desc, stratum"
    ).fetchall()
    n_max = max(1, design.n // _ITEMS_PER_STRATUM)
    if len(found) > n_max:
        kept = pa.table(
            {"stratum": pa.array([name for name, _ in found[: n_max - 1]], pa.string())}
        )
        connection.register("kept_strata", kept)
        connection.execute(
            "update draw_pool set stratum = ?"
            " where stratum not in (select stratum from kept_strata)",
            [REST],
        )
        connection.unregister("kept_strata")
    # A label that is right with probability c has errors of variance c (1 - c).
    rows = connection.execute(
        "select stratum, count(*), sqrt(avg(coalesce(confidence * (1 - confidence), 0.25)))"
        " from draw_pool group by all order by stratum"
    ).fetchall()
    sizes = [int(size) for _, size, _ in rows]
    spreads = [
        max(_MIN_SPREAD, float(spread)) if design.allocation == "uncertain" else 1.0
        for _, _, spread in rows
    ]
    given = pa.table(
        {
            "stratum": [name for name, _, _ in rows],
            "n_pool": sizes,
            "n_drawn": allocate(sizes, spreads, design.n),
        }
    )
    connection.register("given_strata", given)
    connection.execute("create or replace temp table draw_strata as select * from given_strata")
    connection.unregister("given_strata")


def find_open_draw(
    connection: duckdb.DuckDBPyConnection,
    annotator: str,
    *,
    design: DrawDesign | None = None,
    draw_id: str | None = None,
) -> Draw | None:
    """The newest draw (of this design, or id) in which the annotator has items to answer."""
    rows = connection.execute(
        """
        with
            answered as (
                select post_id, aspect from gold where annotator = $annotator
                union all
                select post_id, aspect from gold_unclear where annotator = $annotator
            ),
            unfinished as (
                select distinct draws.draw_id
                from gold_draw_items as draws
                where (draws.post_id, draws.aspect) not in (select (post_id, aspect) from answered)
            )
        select
            draw_id, stratify, allocation, aspect, platform, since, until, seed,
            count_wanted, count_items, count_pool,
        from gold_draws
        where draw_id in (select draw_id from unfinished)
            and ($draw_id is null or draw_id = $draw_id)
        order by created_at desc, draw_id desc
        """,
        {"annotator": annotator, "draw_id": draw_id},
    ).fetchall()
    for row in rows:
        found = Draw(
            draw_id=row[0],
            design=DrawDesign(
                stratify=tuple(filter(None, row[1].split(","))),
                allocation=row[2],
                aspect=row[3],
                platform=row[4],
                since=row[5],
                until=row[6],
                seed=row[7],
                n=row[8],
            ),
            count_items=row[9],
            count_pool=row[10],
        )
        if design is None or found.design == design:
            return found
    return None


def prune_draws(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out of all draws what nobody has answered and nobody can: it is no item any more."""
    connection.execute(
        """
        delete from gold_draw_items
        where (post_id, aspect) not in (select (post_id, aspect) from gold)
            and (post_id, aspect) not in (select (post_id, aspect) from gold_unclear)
            and (post_id, aspect) not in (select (post_id, aspect) from int_items)
        """
    )
