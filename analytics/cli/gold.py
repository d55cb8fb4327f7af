"""The commands about people: evaluate, forget."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from analytics.cli.common import common_options, echo_json, make_printable
from analytics.contract.errors import AnalyticsError
from analytics.contract.labels import LABELS


@click.command(epilog="Example: analytics evaluate --json")
@common_options
def evaluate(config_path: Path | None, as_json: bool) -> None:
    """Compare the current model's labels with human labels (the gold table).

    An item counts once, by majority where several people labelled it. Accuracy
    and macro-F1 are of the labelled items as they are; the weighted ones count
    each by the inverse of its sampling probability, and so are of all items that
    were drawn from (drawn items alone, where 20 or more were drawn). Where several
    people labelled the same items, it says how far they agree.
    """
    from analytics.config.loading import load_config
    from analytics.labelling.agreement import compare_pairs, krippendorff_alpha
    from analytics.store.gold import UNCLEAR, read_confusion, read_gold, score_confusion
    from analytics.store.warehouse import open_reader

    config = load_config(config_path)
    with open_reader(config.warehouse.path, memory_mb=config.warehouse.memory_mb) as connection:
        scores = score_confusion(read_confusion(connection))
        weighted = score_confusion(read_confusion(connection, is_weighted=True))
        gold = read_gold(connection)
        row = connection.execute(
            "select coalesce(name, current_model.model_id), coalesce(description, '')"
            " from current_model left join models using (model_id)"
        ).fetchall()
    ratings = [((one.post_id, one.aspect), one.annotator, one.label) for one in gold]
    labels = [rating for rating in ratings if rating[2] != UNCLEAR]
    pairs = compare_pairs(labels)
    scores["weighted_accuracy"] = weighted["accuracy"]
    scores["weighted_macro_f1"] = weighted["macro_f1"]
    scores["count_unclear"] = len({item for item, _, answer in ratings if answer == UNCLEAR})
    scores["agreement"] = {
        "krippendorff_alpha": krippendorff_alpha(labels),
        "pairs": [asdict(pair) for pair in pairs],
    }
    scores["model"], scores["description"] = row[0] if row else (None, None)
    if not scores["n"] and not pairs:
        raise AnalyticsError(
            "no item has both a human label and a prediction. Make labels with `analytics label`"
            " (or --import a CSV), and predictions with `analytics infer`."
        )
    if as_json:
        echo_json(scores)
        return
    if scores["n"]:
        _print_scores(scores)
    if scores["count_unclear"]:
        click.echo(f"Items of which somebody could not tell: {scores['count_unclear']}")
    if pairs:
        _print_agreement(scores["agreement"])


def _print_scores(scores: dict[str, Any]) -> None:
    click.echo(f"Model: {scores['model']}: {scores['description']}")
    by_weight = "no item that counts by weight has a prediction"
    if scores["weighted_accuracy"] is not None:
        by_weight = (
            f"by weight {scores['weighted_accuracy']:.1%} and {scores['weighted_macro_f1']:.1%}"
        )
    click.echo(
        f"n = {scores['n']}, accuracy {scores['accuracy']:.1%}, macro-F1 {scores['macro_f1']:.1%};"
        f" {by_weight}"
    )
    click.echo(f"{'gold / predicted':<18}" + "".join(f"{name:>10}" for name in LABELS))
    for gold, row_counts in scores["confusion"].items():
        click.echo(f"{gold:<18}" + "".join(f"{row_counts[name]:>10}" for name in LABELS))


def _print_agreement(agreement: dict[str, Any]) -> None:
    def shown(value: float | None) -> str:
        return "undefined (one label alone)" if value is None else f"{value:.2f}"

    alpha = shown(agreement["krippendorff_alpha"])
    click.echo(f"Agreement of annotators: Krippendorff's alpha {alpha}")
    for pair in agreement["pairs"]:
        click.echo(
            make_printable(
                f"  {pair['first']} and {pair['second']}: {pair['share_agreement']:.1%} of"
                f" {pair['n_items']} items, Cohen's kappa {shown(pair['kappa'])}"
            )
        )


@click.command(epilog="Example: analytics forget --post x:1657435576369332225")
@click.option("--post", "post_id", help="A post_id.")
@click.option("--author", help="PLATFORM:ID with the platform's stable id of the author.")
@common_options
def forget(
    config_path: Path | None, as_json: bool, post_id: str | None, author: str | None
) -> None:
    """Remove a post, or all posts of an author, and keep them from coming back.

    Rows, memo entries, pictures, marts and the snapshot are cleaned, and the
    warehouse's file is written anew, so that its bytes hold nothing of them. An
    alerts.json is written anew, too, without sending anything. The dumps
    themselves are not touched, nor are reports that were already written.
    """
    from analytics.alerts import find_events, renew_alerts, write_alerts
    from analytics.config.loading import load_config
    from analytics.marts import rebuild_marts
    from analytics.store.author_key import check_author_key, load_author_key
    from analytics.store.forget import forget as forget_in_store
    from analytics.store.warehouse import open_writer

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
        rebuild_marts(connection, config)
        found = find_events(connection, config.alerts)
        alerts = renew_alerts(connection, config.alerts, found)
    if alerts is not None:
        write_alerts(alerts)
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


def _say(as_json: bool, value: dict[str, Any], text: str) -> None:
    if as_json:
        echo_json({"status": "done", **value})
    else:
        click.echo(text)
