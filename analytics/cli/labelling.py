"""The command `label`: draw, ask, import, export."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from analytics.cli.common import DAY, common_options, echo_json, make_printable
from analytics.contract.errors import AnalyticsError

if TYPE_CHECKING:
    import duckdb

    from analytics.config.settings import Config
    from analytics.store.draws import Draw, DrawDesign

_NEXT = ". The marts know them now; `analytics report` writes the report anew"
# As analytics.store.draws has them; that module is not imported for --help.
_STRATA = ("aspect", "platform", "week", "label", "confidence")
_DESIGN = ("n", "seed", "stratify", "allocation", "aspect", "platform", "since", "until")


def _parse_strata(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in (value or "").split(",") if key.strip())
    unknown = [key for key in keys if key not in _STRATA]
    if unknown or len(set(keys)) < len(keys):
        raise click.BadParameter(
            f"{value!r}: name some of {', '.join(_STRATA)}, each once, with commas between"
        )
    return keys


@click.command(
    epilog="Example: analytics label --n 200 --stratify platform,confidence --allocation uncertain"
    "    or: analytics label --web    or: analytics label --import gold.csv"
)
@click.option("--n", type=click.IntRange(1), default=50, show_default=True, help="Items to draw.")
@click.option("--seed", default=0, show_default=True, help="Seed of the draw.")
@click.option(
    "--stratify",
    callback=_parse_strata,
    metavar="KEYS",
    help="Draw in strata by some of aspect, platform, week, label, confidence: a,b.",
)
@click.option(
    "--allocation",
    type=click.Choice(["proportional", "uncertain"]),
    default="proportional",
    show_default=True,
    help="Items of a stratum: by its size, or more where the model is unsure.",
)
@click.option("--aspect", help="Draw of this aspect alone; '' is the post as a whole.")
@click.option("--platform", help="Draw of this platform alone.")
@click.option("--since", type=DAY, help="Draw of this day and later.")
@click.option("--until", type=DAY, help="Draw of this day and before.")
@click.option("--draw", "draw_id", help="Go on with this draw.  [default: the newest unfinished]")
@click.option("--new", "is_new", is_flag=True, help="Begin another draw, whatever is unfinished.")
@click.option("--annotator", help="Your name in the gold table.  [default: the user's]")
@click.option("--show-model", is_flag=True, help="Show the model's label. It sways people.")
@click.option("--pictures/--no-pictures", default=True, help="Draw pictures in the terminal.")
@click.option("--web", is_flag=True, help="Label in a page of your browser, on this machine alone.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of --web. [default: any]")
@click.option("--import", "import_path", type=click.Path(path_type=Path, exists=True))
@click.option("--export", "export_path", type=click.Path(path_type=Path))
@common_options
def label(
    config_path: Path | None,
    as_json: bool,
    draw_id: str | None,
    is_new: bool,
    annotator: str | None,
    show_model: bool,
    pictures: bool,
    web: bool,
    port: int,
    import_path: Path | None,
    export_path: Path | None,
    **design: Any,
) -> None:
    """Draw a random sample of items and label each by hand, in the terminal or the browser.

    A draw that you have not finished goes on; options that describe another one
    begin it. Items come in random order, so you may stop at any time: labels carry
    their sampling probability and a weight that take account of it.

    The model's label is not shown, copies of a post are asked once, and
    what cannot be told is stored as such. The marts are rebuilt at the end;
    `report` writes the report anew.

    --import takes a CSV with post_id, label and, if there are, aspect, annotator,
    weight, stratum, draw and probability; --export writes one, or, where the
    file ends in .parquet, the labels with text and picture, as `analytics
    distill` reads them.
    """
    from analytics.config.loading import load_config

    if import_path is not None and export_path is not None:
        raise click.UsageError("--import and --export do not go together")
    config = load_config(config_path)
    name = annotator or getpass.getuser()
    if export_path is not None:
        _export(config, export_path, as_json=as_json)
        return
    if import_path is not None:
        _import(config, import_path, name, as_json=as_json)
        return
    context = click.get_current_context()
    is_described = any(
        context.get_parameter_source(key) is not ParameterSource.DEFAULT for key in _DESIGN
    )
    if draw_id is not None and (is_new or is_described):
        raise click.UsageError("--draw goes on with a draw as it is: leave out what describes one")

    from analytics.labelling.session import LabelSession
    from analytics.marts import rebuild_marts
    from analytics.store.draws import DrawDesign
    from analytics.store.gold import UNCLEAR
    from analytics.store.warehouse import open_writer

    wanted = DrawDesign(**design)
    with open_writer(
        config.warehouse.path, "label", creates=False, memory_mb=config.warehouse.memory_mb
    ) as connection:
        draw = _choose_draw(
            connection,
            name,
            wanted,
            draw_id=draw_id,
            is_new=is_new,
            is_described=is_described,
        )
        session = LabelSession(connection, draw, name, config.warehouse.data_dir)
        if session.current is None:
            raise AnalyticsError(
                f"no item is left to label: {name} has answered all {session.n_items} that were"
                " drawn. Draw more of them (--n), or read more (`analytics ingest`)"
            )
        click.echo(_describe(draw, session), err=True)
        if web:
            from analytics.cli.label_web import label_in_browser

            label_in_browser(session, port=port, shows_model=show_model)
        else:
            from analytics.cli.label_terminal import label_in_terminal

            label_in_terminal(session, shows_model=show_model, shows_pictures=pictures)
        rebuild_marts(connection, config)
    counts = session.count_answers()
    found = {
        "draw": draw.draw_id,
        "annotator": name,
        "answered": session.n_stored,
        "labelled": session.n_labels,
        "unclear": session.n_stored - session.n_labels,
        "draw_items": session.n_items,
        "draw_answered": session.n_passed,
        "draw_unclear": counts[UNCLEAR],
    }
    left = session.n_items - session.n_passed
    _say(
        as_json,
        found,
        f"{found['labelled']} labels stored"
        + (f", {found['unclear']} could not be told" if found["unclear"] else "")
        + (f"; {left} of the draw are left" if left else "; the draw is done")
        + _NEXT,
    )


def _choose_draw(
    connection: "duckdb.DuckDBPyConnection",
    annotator: str,
    design: "DrawDesign",
    *,
    draw_id: str | None,
    is_new: bool,
    is_described: bool,
) -> "Draw":
    """The draw to go on with, or a new one."""
    from analytics.store.draws import find_open_draw, make_draw, prune_draws

    prune_draws(connection)
    found = None
    if not is_new:
        found = find_open_draw(
            connection, annotator, design=design if is_described else None, draw_id=draw_id
        )
    if found is None and draw_id is not None:
        raise AnalyticsError(
            f"no draw {draw_id!r} has items that {annotator} has not answered. `analytics sql"
            " 'from gold_draws'` lists the draws"
        )
    return found or make_draw(connection, design, annotator=annotator)


def _describe(draw: "Draw", session: Any) -> str:
    strata = f" in strata by {', '.join(draw.design.stratify)}" if draw.design.stratify else ""
    done = f"; {session.n_passed} are answered" if session.n_passed else ""
    return (
        f"Draw {draw.draw_id}: {draw.count_items} of {draw.count_pool} items{strata}{done}."
        " Stop when you like: what you have answered is stored, and is a random sample."
    )


def _import(config: "Config", path: Path, annotator: str, *, as_json: bool) -> None:
    from analytics.marts import rebuild_marts
    from analytics.store.author_key import check_author_key, load_author_key
    from analytics.store.gold import count_unknown_gold, store_gold
    from analytics.store.gold_files import read_gold_csv
    from analytics.store.tombstones import has_tombstones, list_forgotten
    from analytics.store.warehouse import open_writer

    labels = read_gold_csv(path, annotator)
    with open_writer(
        config.warehouse.path, "label", creates=False, memory_mb=config.warehouse.memory_mb
    ) as connection:
        gone: set[str] = set()
        if has_tombstones(connection, "post"):
            author_key = load_author_key()
            check_author_key(connection, author_key)
            gone = list_forgotten(connection, author_key, {label.post_id for label in labels})
        kept = [label for label in labels if label.post_id not in gone]
        stored = store_gold(connection, kept)
        unknown = count_unknown_gold(connection)
        rebuild_marts(connection, config)
    _say(
        as_json,
        {
            "imported": stored,
            "of_unknown_posts": unknown,
            "of_forgotten_posts": len(labels) - len(kept),
        },
        f"{stored} labels stored, {unknown} of posts that are not in the warehouse"
        + (f"; {len(labels) - len(kept)} of forgotten posts left out" if gone else "")
        + _NEXT,
    )


def _export(config: "Config", path: Path, *, as_json: bool) -> None:
    from analytics.store.gold import write_gold_parquet
    from analytics.store.gold_files import write_gold_csv
    from analytics.store.warehouse import open_reader

    with open_reader(config.warehouse.path, memory_mb=config.warehouse.memory_mb) as connection:
        if path.suffix == ".parquet":
            n_rows = write_gold_parquet(connection, path, config.warehouse.data_dir)
        else:
            n_rows = write_gold_csv(connection, path)
    _say(as_json, {"exported": n_rows}, f"{n_rows} labels written to {path}")


def _say(as_json: bool, value: dict[str, Any], text: str) -> None:
    if as_json:
        echo_json({"status": "done", **value})
    else:
        click.echo(make_printable(text))
