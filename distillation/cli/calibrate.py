"""The command `distill calibrate`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics.cli.common import common_options, echo_json

if TYPE_CHECKING:
    from distillation.calibration import Calibration
    from distillation.data.examples import Example
    from distillation.data.specs import DataSpec
    from distillation.evaluation.scores import Judged


@click.command(
    epilog="Example: analytics distill calibrate ./smol-139m --on T15:dev --on airline.jsonl:all"
    " --shares-of T15:train"
)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--on",
    "on",
    multiple=True,
    required=True,
    help="PATH:SPLIT[,n=N]: labelled posts that it was not trained on. The temperature is fitted"
    " on the first; the adjustment on all, each counting the same.",
)
@click.option(
    "--shares-of",
    help="PATH:SPLIT: the training data whose shares of labels it learned. Without it no"
    " adjustment is made.",
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "transformers", "vllm"]),
    help="What runs the model.  [default: the configuration's]",
)
@click.option("--allow-few-posts", is_flag=True, help="Fewer than 50 posts of a set are enough.")
@common_options
def calibrate(
    config_path: Path | None,
    as_json: bool,
    folder: Path,
    on: tuple[str, ...],
    shares_of: str | None,
    engine: str | None,
    allow_few_posts: bool,
) -> None:
    """Fit what makes a model's probabilities match how often they hold.

    Writes FOLDER/calibration.json: a temperature, and with --shares-of also a
    bias of each label, so that posts with other shares of labels than the
    training set's are not taken for its commonest one. Posts that the model was
    trained on are left out. A fit that ends at a limit is refused, and one of a set
    of fewer than 50 posts.
    """
    from analytics.contract.json_files import write_object
    from analytics.contract.labels import LABELS, LabelCalibration
    from analytics.contract.model_folder import CALIBRATION_FILE
    from distillation.calibration import (
        DIGESTS_KEY,
        apply_calibration,
        by_label,
        fit_adjustment,
        fit_temperature,
    )
    from distillation.data.seen import list_digests
    from distillation.data.specs import load_spec, parse_spec

    specs = [parse_spec(text) for text in on]
    shares = None
    if shares_of is not None:
        labels = [example.label for example in load_spec(parse_spec(shares_of), pictures=None)]
        shares = [labels.count(label) / max(len(labels), 1) for label in LABELS]
    examples, sets, n_seen = _judge_sets(folder, specs, engine=engine, config_path=config_path)
    fitted = fit_temperature(sets[0])
    used = specs if shares is not None else specs[:1]
    sizes = [(spec.title, len(judged)) for spec, judged in zip(used, sets, strict=False)]
    refuse_bad_fit(folder, fitted, sizes, allow_few=allow_few_posts)
    content: dict[str, Any] = {**fitted.to_json(), "data": specs[0].title}
    calibration = LabelCalibration(fitted.temperature)
    if shares is not None:
        found = fit_adjustment(sets, shares=shares, temperature=fitted.temperature)
        calibration = LabelCalibration(fitted.temperature, found.bias)
        content["label_bias"] = by_label(found.bias)
        content["adjustment"] = {
            "strength": found.strength,
            "shares": by_label(shares),
            "shares_of": parse_spec(str(shares_of)).title,
        }
    rows: list[dict[str, Any]] = []
    for spec, judged, n in zip(specs, sets, n_seen, strict=True):
        plain = _score(apply_calibration(judged, LabelCalibration(fitted.temperature)))
        rows.append({"data": spec.title, "n": len(judged), "n_seen": n, "temperature": plain})
        if shares is not None:
            rows[-1]["with_bias"] = _score(apply_calibration(judged, calibration))
    if shares is not None:
        content["adjustment"]["sets"] = rows
    # So that the gate of `distill promote` does not judge it on the posts that it knows.
    content[DIGESTS_KEY] = list_digests(e for part in examples[: len(used)] for e in part)
    write_object(folder / CALIBRATION_FILE, content)
    if as_json:
        path = str(folder / CALIBRATION_FILE)
        echo_json({"status": "done", "path": path, "sets": rows, "calibration": content})
        return
    click.echo(f"{folder / CALIBRATION_FILE}: temperature {fitted.temperature:.3f}")
    if shares is not None:
        bias = ", ".join(f"{name} {value:+.3f}" for name, value in content["label_bias"].items())
        click.echo(f"  adjustment of strength {content['adjustment']['strength']:.2f}: {bias} nats")
    for row in rows:
        click.echo(f"  {row['data']}: {row['n']} posts, {row['n_seen']} that it was trained on")
        for name in ("temperature", "with_bias"):
            if name in row:
                scores = row[name]
                click.echo(
                    f"    {name.replace('_', ' '):12} accuracy {scores['accuracy']:.1%}, macro-F1"
                    f" {scores['macro_f1']:.1%}, log loss {scores['nll']:.3f}, calibration error"
                    f" {100 * scores['ece']:.1f} points"
                )


def refuse_bad_fit(
    folder: Path, fitted: "Calibration", sizes: Sequence[tuple[str, int]], *, allow_few: bool
) -> None:
    """Stop before anything is written; `sizes` are titles and posts of what is fitted on.

    Raises:
        TrainingError: the temperature is at a limit, or a set is too small.
    """
    from analytics.contract.errors import TrainingError
    from analytics.contract.model_folder import CALIBRATION_FILE
    from distillation.calibration import find_fit_faults

    faults = []
    for i, (title, n) in enumerate(sizes):
        # The temperature is of the first set alone.
        temperature, is_bounded = (1.0, False) if i else (fitted.temperature, fitted.is_bounded)
        found = find_fit_faults(temperature, n, is_bounded=is_bounded, allow_few=allow_few)
        faults += [f"--on {title}: {fault}" for fault in found]
    if faults:
        raise TrainingError(
            f"{folder}: no calibration was written. "
            + "; ".join(faults)
            + (f". {CALIBRATION_FILE} is as it was" if (folder / CALIBRATION_FILE).exists() else "")
        )


def _judge_sets(
    folder: Path, specs: "list[DataSpec]", *, engine: str | None, config_path: Path | None
) -> "tuple[list[list[Example]], list[list[Judged]], list[int]]":
    """The unseen posts of each set, judged with T = 1 and no bias, and how many were left out."""
    from dataclasses import replace

    from analytics.config.loading import cache_folder, decoding_of, load_config
    from analytics.contract.errors import TrainingError
    from analytics.contract.labels import NO_CALIBRATION
    from analytics.engine.loading import load_engine
    from analytics.engine.models import resolve_model
    from distillation.data.pictures import open_cached_pictures
    from distillation.data.seen import read_seen, split_seen
    from distillation.data.specs import load_spec
    from distillation.evaluation.judging import judge, label_items

    config = load_config(
        config_path, overrides={"model.name": str(folder.resolve()), "model.engine": engine}
    )
    cache = cache_folder()
    model = resolve_model(str(folder.resolve()), cache_dir=cache)
    pictures = open_cached_pictures(cache) if model.accepts_images else None
    known = read_seen(model.path)
    examples, n_seen = [], []
    for spec in specs:
        loaded = load_spec(spec, pictures=pictures)
        seen = frozenset().union(*split_seen(loaded, known))
        examples.append([e for e in loaded if e.example_id not in seen])
        n_seen.append(len(loaded) - len(examples[-1]))
        if not examples[-1]:
            raise TrainingError(
                f"--on {spec.path}:{spec.split}: the model was trained on all {len(loaded)} posts. "
                "Give others"
            )
    running = load_engine(
        config.model.engine,
        replace(model, calibration=NO_CALIBRATION),
        decoding=decoding_of(config),
        dtype=config.model.dtype,
        batch_size=config.model.batch_size,
        options=config.model.options,
    )
    try:
        replies = label_items(running, [e.item for part in examples for e in part])
    finally:
        running.close()
    return examples, [judge(part, replies) for part in examples], n_seen


def _score(judged: "list[Judged]") -> dict[str, float]:
    from distillation.calibration import measure_nll
    from distillation.evaluation.scores import count_rows, score_counts

    found = score_counts(count_rows(judged).sum(0))
    return {
        **{name: float(found[name]) for name in ("accuracy", "macro_f1", "ece")},
        "nll": measure_nll(judged),
    }
