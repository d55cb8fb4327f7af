"""The command `distill reference`."""

import tempfile
from pathlib import Path

import click

from analytics.cli.common import common_options, echo_json


@click.command(
    epilog="Example: analytics distill reference --data ../shared/data/t15:train"
    " --predictions runs/dev.parquet --output model/reference.json"
)
@click.option(
    "--data",
    "data",
    multiple=True,
    required=True,
    help="PATH:SPLIT[,n=N]: training data; their texts and pictures are counted.",
)
@click.option(
    "--predictions",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Parquet with p_negative, p_neutral and p_positive of held-out examples.",
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Where it goes.")
@common_options
def reference(
    config_path: Path | None,
    as_json: bool,
    data: tuple[str, ...],
    predictions: Path,
    output: Path,
) -> None:
    """Write a model's reference: histograms of its training data and of its confidence.

    Put it into the model's folder as `reference.json`: runs then say when posts differ from
    what the model was trained on, and when it is less sure than it was on held-out data.
    Probabilities are those after calibration, with the calibration.json beside the
    output; after another one make it again.
    """
    import polars as pl

    from analytics.contract.json_files import write_object
    from analytics.contract.model_folder import digest_calibration
    from analytics.contract.reference import make_reference
    from distillation.data.pictures import PictureFolder
    from distillation.data.specs import load_spec, parse_spec

    del config_path  # all settings are options here
    specs = [parse_spec(text) for text in data]
    with tempfile.TemporaryDirectory() as folder:
        pictures = PictureFolder(Path(folder))
        examples = [e for spec in specs for e in load_spec(spec, pictures=pictures)]
    # One text a post, however many aspects it has.
    items = {(e.item.text, e.item.image_sha256): e.item for e in examples}
    names = ["p_negative", "p_neutral", "p_positive"]
    confidences = pl.read_parquet(predictions, columns=names).max_horizontal().to_list()
    made = make_reference(
        [item.text for item in items.values()],
        [item.image_sha256 is not None for item in items.values()],
        confidences,
        made_of=f"{', '.join(spec.title for spec in specs)}; confidence on"
        f" {len(confidences)} held-out examples",
    )
    made["calibration_sha256"] = digest_calibration(output.parent)
    write_object(output, made)
    if as_json:
        echo_json({"status": "done", "output": str(output), **made})
    else:
        click.echo(f"{output}: {len(items)} posts, {len(confidences)} confidences")
