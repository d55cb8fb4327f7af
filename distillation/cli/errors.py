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
    "predictions_path",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What `distill evaluate --predictions` wrote, of posts the model was not trained on.",
)
@click.option("--data", default="", help="What the posts are, in words.")
@common_options
def errors(
    config_path: Path | None, as_json: bool, model: Path, predictions_path: Path, data: str
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
    from analytics.contract.model_folder import ERRORS_FILE
    from analytics.engine.measured_errors import digest_calibration
    from analytics.estimates.model_errors import measure_errors
    from distillation.evaluation.report import read_predictions

    del config_path  # all settings are options here
    judged = read_predictions(predictions_path)
    labels = np.array([LABELS.index(row.label) for row in judged], dtype=np.int64)
    probabilities = np.array([row.probabilities for row in judged], dtype=float).reshape(-1, 3)
    try:
        found = measure_errors(labels, probabilities, [row.group for row in judged])
    except ValueError as exc:
        raise TrainingError(f"{predictions_path}: {exc}. Give posts with all three labels") from exc
    found["data"] = data
    found["calibration_sha256"] = digest_calibration(model)
    write_object(model / ERRORS_FILE, found)
    if as_json:
        echo_json({"status": "done", "output": str(model / ERRORS_FILE), **found})
        return
    right = float((probabilities.argmax(1) == labels).mean())
    click.echo(f"{model / ERRORS_FILE}: {len(judged)} posts, {right:.1%} right")
