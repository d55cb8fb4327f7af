"""The command `distill average`."""

from pathlib import Path

import click

from analytics.cli.common import common_options, echo_json

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command(
    epilog="Example: analytics distill average student-1/model student-2/model --output mean"
)
@click.argument("models", nargs=-1, required=True, type=_FOLDER)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Where it goes.")
@click.option(
    "--weight",
    "weights",
    multiple=True,
    type=click.FloatRange(min=0),
    help="Share of a model; as often as there are models.  [default: equal]",
)
@click.option("--description", help="What the model is, for reports.")
@common_options
def average(
    config_path: Path | None,
    as_json: bool,
    models: tuple[Path, ...],
    output: Path,
    weights: tuple[float, ...],
    description: str | None,
) -> None:
    """Average the weights of models that were trained from the same start.

    Several seeds of one recipe are often better as their mean than each alone, as a
    student or as the assistant that writes soft labels; it costs no more to serve.
    """
    from distillation.averaging import average_models, name_silent_parts

    del config_path  # all settings are options here
    report = average_models(models, output, weights=weights or None, description=description)
    if as_json:
        echo_json({"status": "done", "output": str(output), **report})
    else:
        click.echo(f"{output}: {report['description']}")
        if silent := name_silent_parts(output):
            click.echo(
                f"  nothing says what it was trained on, as {', '.join(silent)} has no"
                " trained_on.json: `analytics distill promote` refuses it so"
            )
