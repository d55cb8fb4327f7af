"""The command `distill evaluate`."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics.cli.common import DTYPES, ENGINES, common_options, echo_json, exit_with
from distillation.cli.options import SPLITS, resampling_options

if TYPE_CHECKING:
    from analytics.contract.records import Rationale
    from distillation.data.examples import Example


@click.command(
    epilog="Example: analytics distill evaluate --model smol-135m-base --data DIR --split test"
)
@click.option("--model", help="Built-in name, folder or hub id.  [default: the configuration's]")
@click.option(
    "--data",
    "data_path",
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="Folder of a data set, or a .jsonl or .parquet file.",
)
@click.option(
    "--split",
    type=SPLITS,
    default="test",
    show_default=True,
)
@click.option(
    "--rationales",
    "rationales_path",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Reference rationales: the folder of a rationale data set.",
)
@click.option(
    "--max-rationales",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="Rationales to write and score; 0 for none.",
)
@click.option("--limit", type=click.IntRange(1), help="Examples to judge, drawn by picture.")
@click.option("--probes/--no-probes", default=True, show_default=True, help="Faithfulness probes.")
@click.option("--text-only", is_flag=True, help="Leave the pictures out.")
@click.option(
    "--engine",
    type=ENGINES,
    help="What runs the model.  [default: the configuration's]",
)
@click.option(
    "--dtype",
    type=DTYPES,
    help="Number type of the engine.  [default: the configuration's]",
)
@resampling_options
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Also write the JSON here."
)
@click.option(
    "--predictions",
    "predictions_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write each example's probabilities here, as Parquet.",
)
@common_options
def evaluate(
    config_path: Path | None,
    as_json: bool,
    model: str | None,
    data_path: Path,
    split: str,
    rationales_path: Path | None,
    max_rationales: int,
    limit: int | None,
    probes: bool,
    text_only: bool,
    engine: str | None,
    dtype: str | None,
    resamples: int,
    seed: int,
    output: Path | None,
    predictions_path: Path | None,
) -> None:
    """Score a model on a labelled data set.

    Labels with 95 % intervals by picture group, a confusion matrix, the
    calibration error; rationales against references; and how labels shift when
    the picture, the aspect or the words are taken away.
    """
    from tempfile import TemporaryDirectory

    from analytics.config.loading import cache_folder, decoding_of, load_config
    from analytics.contract.errors import ConfigError
    from analytics.engine.loading import find_model, load_engine
    from analytics.engine.models import ModelFolder
    from distillation.data.loaders import load_examples
    from distillation.data.pictures import open_cached_pictures
    from distillation.data.seen import read_seen
    from distillation.evaluation.evaluate import EvaluateSettings, sample_by_group
    from distillation.evaluation.evaluate import evaluate as evaluate_engine
    from distillation.evaluation.report import render_table, to_json, write_predictions

    if output is not None and predictions_path is not None:
        is_one_file = output.resolve() == predictions_path.resolve()
        if is_one_file:
            raise ConfigError(f"--output and --predictions are one file, {output}. Give two")
    for path in (output, predictions_path):
        if path is not None:
            _check_writable(path)
    started = time.monotonic()
    config = load_config(
        config_path,
        overrides={"model.name": model, "model.engine": engine, "model.dtype": dtype},
    )
    cache = cache_folder()
    folder = find_model(
        config.model.name,
        engine=config.model.engine,
        options=config.model.options,
        cache_dir=cache,
    )
    sees_pictures = folder.accepts_images and not text_only
    examples = load_examples(
        data_path,
        split,
        pictures=open_cached_pictures(cache) if sees_pictures else None,
    )
    if limit is not None:
        examples = sample_by_group(examples, limit, seed)
    references = (
        _read_references(rationales_path, examples) if rationales_path and max_rationales else None
    )
    settings = EvaluateSettings(
        max_rationales=max_rationales, with_probes=probes, n_resamples=resamples, seed=seed
    )
    seen = read_seen(folder.path) if isinstance(folder, ModelFolder) else None
    loaded = load_engine(
        config.model.engine,
        folder,
        decoding=decoding_of(config),
        dtype=config.model.dtype,
        batch_size=config.model.batch_size,
        options=config.model.options,
    )
    try:
        with TemporaryDirectory() as work_folder:
            found = evaluate_engine(
                loaded,
                examples,
                settings,
                work_folder=Path(work_folder),
                references=references,
                seen=seen,
            )
    finally:
        loaded.close()
    facts, judged = loaded.facts, found.judged
    report: dict[str, Any] = {
        "status": "done" if not found.n_failed else "done_with_faults",
        "model": {
            "id": folder.model_id,
            "name": folder.name,
            "description": folder.description,
            "is_distilled": folder.is_distilled,
            "accepts_images": folder.accepts_images,
        },
        "engine": {
            "name": facts.name,
            "version": facts.version,
            "device": facts.device,
            "dtype": facts.dtype,
        },
        "data": {
            "path": str(data_path),
            "split": split,
            "limit": limit,
            "pictures_used": found.n_with_picture > 0,
            "pictures_reason": _why_no_pictures(
                found.n_with_picture, text_only=text_only, accepts_images=folder.accepts_images
            ),
        },
        **to_json(found, settings),
        "seconds": round(time.monotonic() - started, 1),
    }
    # Printed first: a disk that is full by now must not take the result with it.
    if as_json:
        echo_json(report)
    else:
        click.echo(render_table(report))
    faults = []
    if output is not None:
        text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
        faults += _try_to_write(output, lambda path: path.write_text(text, encoding="utf-8"))
    if predictions_path is not None:
        faults += _try_to_write(predictions_path, lambda path: write_predictions(judged, path))
    for fault in faults:
        click.echo(f"analytics: error: {fault}; the result stands on stdout alone", err=True)
    if faults or found.n_failed:
        exit_with(1 if faults else 3)


def _try_to_write(path: Path, write: Callable[[Path], object]) -> list[str]:
    """What went wrong, if anything did."""
    try:
        write(path)
    except OSError as exc:
        return [f"{path}: cannot be written ({exc.strerror or exc})"]
    return []


def _check_writable(path: Path) -> None:
    """Find out before the labelling whether a file can be written; nothing is left behind."""
    if not path.parent.is_dir():
        raise click.UsageError(f"{path}: there is no folder {path.parent}")
    is_new = not path.exists()
    try:
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as exc:
        raise click.UsageError(f"{path}: cannot be written ({exc.strerror or exc})") from exc


def _read_references(path: Path, examples: Sequence["Example"]) -> dict[str, "Rationale"]:
    """The first rationale of each example, by example_id; its text and aspect must agree."""
    from analytics.contract.errors import TrainingError
    from distillation.data.rationales import read_rationales
    from distillation.evaluation.texts import check_packages

    check_packages()
    items = {example.example_id: example.item for example in examples}
    references: dict[str, Rationale] = {}
    for row in read_rationales(path):
        item = items.get(row.example_id)
        if item is not None and (item.text, item.aspect) != (row.text, row.aspect):
            raise TrainingError(
                f"{path}: its rationale of {row.example_id!r} is of another post "
                f"({row.text[:60]!r}, the data have {item.text[:60]!r}). Give rationales of these "
                "data"
            )
        references.setdefault(row.example_id, row.rationale)
    return references


def _why_no_pictures(n_with_picture: int, *, text_only: bool, accepts_images: bool) -> str | None:
    if n_with_picture:
        return None
    if not accepts_images:
        return "the model takes none"
    return "--text-only" if text_only else "the data have none"
