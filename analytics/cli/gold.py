"""The commands about people: label, evaluate, forget."""

import csv
import getpass
import math
from pathlib import Path
from typing import Any

import click

from analytics.cli.common import common_options, echo_json
from analytics.contract.errors import AnalyticsError, ConfigError, StoreError
from analytics.contract.labels import LABELS

_KEYS = {"n": "negative", "u": "neutral", "p": "positive"}
_NEXT = ". The marts know them now; `analytics report` writes the report anew"


@click.command(epilog="Example: analytics label --n 50    or: analytics label --import gold.csv")
@click.option(
    "--n", "n_items", type=click.IntRange(1), default=50, show_default=True, help="Items to draw."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the draw.")
@click.option("--annotator", help="Your name in the gold table.  [default: the user's]")
@click.option("--import", "import_path", type=click.Path(path_type=Path, exists=True))
@click.option("--export", "export_path", type=click.Path(path_type=Path))
@common_options
def label(
    config_path: Path | None,
    as_json: bool,
    n_items: int,
    seed: int,
    annotator: str | None,
    import_path: Path | None,
    export_path: Path | None,
) -> None:
    """Draw a random sample of items and label each by hand, in the terminal.

    Labels carry a weight, the inverse of the sampling probability: the number of
    items without a label when the draw began, by the number labelled in it. The
    marts are rebuilt at the end; `report` writes the report anew.

    --import takes a CSV with post_id, label and, if there are, aspect, annotator
    and weight; --export writes one, or, where the file ends in .parquet, the
    labels with text and picture, as `analytics distill` reads them.
    """
    from analytics.config.loading import load_config
    from analytics.store.gold import (
        GoldLabel,
        count_unknown_gold,
        draw_sample,
        store_gold,
        weigh_gold,
        write_gold_parquet,
    )
    from analytics.store.sql_files import build_marts
    from analytics.store.warehouse import open_reader, open_writer
    from analytics.trends import build_trends

    if import_path is not None and export_path is not None:
        raise click.UsageError("--import and --export do not go together")
    config = load_config(config_path)
    name = annotator or getpass.getuser()
    if export_path is not None:
        if export_path.suffix == ".parquet":
            with open_reader(
                config.warehouse.path, memory_mb=config.warehouse.memory_mb
            ) as connection:
                n_rows = write_gold_parquet(connection, export_path, config.warehouse.data_dir)
            _say(as_json, {"exported": n_rows}, f"{n_rows} labels written to {export_path}")
            return
        with open_reader(config.warehouse.path, memory_mb=config.warehouse.memory_mb) as connection:
            rows = connection.execute(
                "select post_id, aspect, label, annotator, weight from gold order by all"
            ).fetchall()
        try:
            with export_path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["post_id", "aspect", "label", "annotator", "weight"])
                writer.writerows(rows)
        except OSError as exc:
            raise StoreError(f"{export_path}: cannot be written: {exc.strerror or exc}") from exc
        _say(as_json, {"exported": len(rows)}, f"{len(rows)} labels written to {export_path}")
        return
    if import_path is not None:
        try:
            labels = _read_labels(import_path, name)
        except (OSError, UnicodeDecodeError, csv.Error) as exc:
            raise ConfigError(f"{import_path}: not a CSV in UTF-8: {exc}") from exc
        with open_writer(
            config.warehouse.path, "label", creates=False, memory_mb=config.warehouse.memory_mb
        ) as connection:
            stored = store_gold(connection, labels)
            unknown = count_unknown_gold(connection)
            build_marts(connection)
            build_trends(connection)
        _say(
            as_json,
            {"imported": stored, "of_unknown_posts": unknown},
            f"{stored} labels stored, {unknown} of posts that are not in the warehouse{_NEXT}",
        )
        return
    with open_writer(
        config.warehouse.path, "label", creates=False, memory_mb=config.warehouse.memory_mb
    ) as connection:
        draw = draw_sample(connection, n_items, seed)
        if not draw.items:
            raise AnalyticsError(
                "no item is left to label: all have a label, or nothing was read yet"
                " (`analytics ingest`)"
            )
        done: list[GoldLabel] = []
        for number, item in enumerate(draw.items, start=1):
            try:
                choice = _ask(number, len(draw.items), item)
            except click.Abort:  # Ctrl-C or the end of the input: as quit, labels are kept
                click.echo(err=True)
                break
            if choice == "q":
                break
            if choice in _KEYS:
                done.append(
                    GoldLabel(
                        post_id=item.post_id,
                        aspect=item.aspect,
                        label=_KEYS[choice],
                        annotator=name,
                    )
                )
                store_gold(connection, done[-1:])
                # After each label: nobody knows how many there will be.
                weigh_gold(connection, done, draw.count_pool / len(done))
        build_marts(connection)
        build_trends(connection)
    _say(as_json, {"labelled": len(done)}, f"{len(done)} labels stored{_NEXT}")


@click.command(epilog="Example: analytics evaluate --json")
@common_options
def evaluate(config_path: Path | None, as_json: bool) -> None:
    """Compare the current model's labels with human labels (the gold table).

    An item counts once, by majority where several people labelled it; weights
    are not used.
    """
    from analytics.config.loading import load_config
    from analytics.store.gold import read_confusion, score_confusion
    from analytics.store.warehouse import open_reader

    config = load_config(config_path)
    with open_reader(config.warehouse.path, memory_mb=config.warehouse.memory_mb) as connection:
        scores = score_confusion(read_confusion(connection))
        row = connection.execute(
            "select coalesce(name, current_model.model_id), coalesce(description, '')"
            " from current_model left join models using (model_id)"
        ).fetchall()
    scores["model"], scores["description"] = row[0] if row else (None, None)
    if not scores["n"]:
        raise AnalyticsError(
            "no item has both a human label and a prediction. Make labels with `analytics label`"
            " (or --import a CSV), and predictions with `analytics infer`."
        )
    if as_json:
        echo_json(scores)
        return
    click.echo(f"Model: {scores['model']}: {scores['description']}")
    click.echo(
        f"n = {scores['n']}, accuracy {scores['accuracy']:.1%}, macro-F1 {scores['macro_f1']:.1%}"
    )
    click.echo(f"{'gold / predicted':<18}" + "".join(f"{name:>10}" for name in LABELS))
    for gold, row_counts in scores["confusion"].items():
        click.echo(f"{gold:<18}" + "".join(f"{row_counts[name]:>10}" for name in LABELS))


@click.command(epilog="Example: analytics forget --post x:1657435576369332225")
@click.option("--post", "post_id", help="A post_id.")
@click.option("--author", help="PLATFORM:ID with the platform's stable id of the author.")
@common_options
def forget(
    config_path: Path | None, as_json: bool, post_id: str | None, author: str | None
) -> None:
    """Remove a post, or all posts of an author, and keep them from coming back.

    Rows, memo entries, pictures, marts and the snapshot are cleaned, and the
    warehouse's file is written anew, so that its bytes hold nothing of them. The
    dumps themselves are not touched, nor are reports that were already written.
    """
    from analytics.config.loading import load_config
    from analytics.store.author_key import check_author_key, load_author_key
    from analytics.store.forget import forget as forget_in_store
    from analytics.store.sql_files import build_marts
    from analytics.store.warehouse import open_writer
    from analytics.trends import build_trends

    if (post_id is None) == (author is None):
        raise click.UsageError("name one of --post and --author")
    pair = None
    if author is not None:
        platform, _, native = author.partition(":")
        if not platform or not native:
            raise click.UsageError(f"--author {author!r}: write PLATFORM:ID")
        pair = (platform, native)
    config = load_config(config_path)
    with open_writer(
        config.warehouse.path,
        "forget",
        rewrites=True,
        creates=False,
        memory_mb=config.warehouse.memory_mb,
    ) as connection:
        author_key = load_author_key()
        check_author_key(connection, author_key)
        gone = forget_in_store(
            connection,
            author_key=author_key,
            data_dir=config.warehouse.data_dir,
            post_id=post_id,
            author=pair,
        )
        build_marts(connection)
        build_trends(connection)
    _say(
        as_json,
        {
            "posts": gone.count_posts,
            "memo_entries": gone.count_memo,
            "pictures": gone.count_pictures,
        },
        f"{gone.count_posts} posts, {gone.count_memo} memo entries and {gone.count_pictures}"
        " pictures removed; they will not come back with a later ingest"
        if gone.count_posts
        else f"no post of {post_id or author} is in the warehouse: look whether it is spelled as"
        " in `posts`. Nothing was removed; what comes under this id later is left out",
    )


def _read_labels(path: Path, annotator: str) -> list[Any]:
    from analytics.store.gold import GoldLabel

    labels, faults = [], []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        lacking = {"post_id", "label"} - set(reader.fieldnames or [])
        if lacking:
            raise ConfigError(
                f"{path}: no column {', '.join(sorted(lacking))}; the columns are"
                f" {', '.join(reader.fieldnames or []) or 'none'}"
            )
        for row in reader:
            word = (row["label"] or "").strip().lower()
            try:
                weight = float(row.get("weight") or 1.0)
            except ValueError:
                weight = math.nan
            if not 0 < weight < math.inf:
                faults.append(
                    f"{path}:{reader.line_num}: weight {row['weight']!r} is no number above 0"
                )
                continue
            if word not in set(LABELS) or not row["post_id"]:
                faults.append(
                    f"{path}:{reader.line_num}: label {row['label']!r} of post {row['post_id']!r};"
                    f" a label is one of {', '.join(LABELS)}"
                )
                continue
            labels.append(
                GoldLabel(
                    post_id=row["post_id"],
                    aspect=row.get("aspect") or "",
                    label=word,
                    annotator=row.get("annotator") or annotator,
                    weight=weight,
                )
            )
    if faults:
        raise ConfigError("nothing was imported:\n" + "\n".join(faults[:20]))
    return labels


def _ask(number: int, total: int, item: Any) -> str:
    text = "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in item.text)
    click.echo(f"\n[{number}/{total}] {item.post_id}", err=True)
    click.echo(text, err=True)
    if item.image_path:
        click.echo(f"picture: {item.image_path}", err=True)
    target = f'toward "{item.aspect}"' if item.aspect else "of the post"
    choice: str = click.prompt(
        f"Sentiment {target}: [n]egative, ne[u]tral, [p]ositive, [s]kip, [q]uit",
        type=click.Choice([*_KEYS, "s", "q"]),
        show_choices=False,
        err=True,
    )
    return choice


def _say(as_json: bool, value: dict[str, Any], text: str) -> None:
    if as_json:
        echo_json({"status": "done", **value})
    else:
        click.echo(text)
