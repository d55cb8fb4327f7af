"""The command `distill calibrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics.cli.common import common_options, echo_json

if TYPE_CHECKING:
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
@common_options
def calibrate(
    config_path: Path | None,
    as_json: bool,
    folder: Path,
    on: tuple[str, ...],
    shares_of: str | None,
    engine: str | None,
) -> None:
    """Fit what makes a model's probabilities match how often they hold.

    Writes FOLDER/calibration.json: a temperature, and with --shares-of also a
    bias of each label, so that posts with other shares of labels than the
    training set's are not taken for its commonest one. Posts that the model was
    trained on are left out.
    """
    from analytics.contract.json_files import write_object
    from analytics.contract.labels import LABELS, LabelCalibration
    from analytics.contract.model_folder import CALIBRATION_FILE
    from distillation.calibration import (
        apply_calibration,
        by_label,
        fit_adjustment,
        fit_temperature,
    )
    from distillation.data.specs import load_spec, parse_spec

    specs = [parse_spec(text) for text in on]
    shares = None
    if shares_of is not None:
        labels = [example.label for example in load_spec(parse_spec(shares_of), pictures=None)]
        shares = [labels.count(label) / max(len(labels), 1) for label in LABELS]
    sets, n_seen = _judge_sets(folder, specs, engine=engine, config_path=config_path)
    fitted = fit_temperature(sets[0])
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


def _judge_sets(
    folder: Path, specs: "list[DataSpec]", *, engine: str | None, config_path: Path | None
) -> "tuple[list[list[Judged]], list[int]]":
    """The unseen posts of each set with T = 1 and no bias, and how many were left out."""
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
    return [judge(part, replies) for part in examples], n_seen


def _score(judged: "list[Judged]") -> dict[str, float]:
    from distillation.calibration import measure_nll
    from distillation.evaluation.scores import count_rows, score_counts

    found = score_counts(count_rows(judged).sum(0))
    return {
        **{name: float(found[name]) for name in ("accuracy", "macro_f1", "ece")},
        "nll": measure_nll(judged),
    }
