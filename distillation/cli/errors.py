"""The command `distill errors`."""

from pathlib import Path

import click

from analytics.cli.common import common_options, echo_json


@click.command(
    epilog="Example: analytics distill errors student/model --predictions dev.parquet"
    " --data 'Twitter-2015, dev'"
)
@click.argument("model", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--predictions",
    "paths",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `distill evaluate --predictions` wrote, of posts that the model was not trained on."
    " Several sets tell how far errors differ from one kind of post to another.",
)
@click.option("--data", default="", help="What the posts are, in words.")
@common_options
def errors(
    config_path: Path | None, as_json: bool, model: Path, paths: tuple[Path, ...], data: str
) -> None:
    """Write what a model gets wrong into its folder, for intervals without gold labels.

    The folder's errors.json then says, with its doubt, how often each label is taken
    for another one. Written with the calibration that the folder has now: measure
    again when that changes.
    """
    import numpy as np

    from analytics.contract.errors import TrainingError
    from analytics.contract.json_files import write_object
    from analytics.contract.labels import LABELS
    from analytics.contract.model_folder import ERRORS_FILE, digest_calibration
    from analytics.estimates.model_errors import Judged, measure_errors, parse_errors
    from distillation.evaluation.report import read_predictions

    del config_path  # all settings are options here
    sets = []
    for path in paths:
        rows = read_predictions(path)
        sets.append(
            Judged(
                labels=np.array([LABELS.index(row.label) for row in rows], dtype=np.int64),
                probabilities=np.array([row.probabilities for row in rows]).reshape(-1, 3),
                groups=[row.group for row in rows],
            )
        )
    try:
        found = measure_errors(sets)
    except ValueError as exc:
        raise TrainingError(
            f"{', '.join(map(str, paths))}: {exc}. Give posts with all three labels"
        ) from exc
    found["data"] = data
    found["calibration_sha256"] = digest_calibration(model)
    write_object(model / ERRORS_FILE, found)
    if as_json:
        echo_json({"status": "done", "output": str(model / ERRORS_FILE), **found})
        return
    right = parse_errors(found).accuracy
    click.echo(f"{model / ERRORS_FILE}: {found['n']} posts of {len(sets)} sets, {right:.1%} right")
