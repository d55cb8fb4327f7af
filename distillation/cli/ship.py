"""The command `distill ship`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics.cli.common import common_options, echo_json

if TYPE_CHECKING:
    from distillation.data.specs import DataSpec


@click.command(
    epilog="Example: analytics distill ship student/model --base smol-135m-base"
    " --fit-on DATA:train,n=300 --output analytics/engine/shipped/smol-139m"
)
@click.argument("model", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--base", required=True, help="Built-in model that it was trained from.")
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Where it goes.")
@click.option(
    "--fit-on",
    "fit_on",
    multiple=True,
    help="PATH:SPLIT[,n=N]: posts whose outputs rounding is to keep; some hundred of the"
    " training set. Without it numbers are rounded to the nearest level.",
)
@click.option(
    "--rationales",
    "rationale_folders",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Rationales of the posts to fit on.",
)
@click.option("--description", help="What the model is, for reports.  [default: the model's own]")
@click.option(
    "--rename",
    "renames",
    multiple=True,
    default=("model.text_model.=model.",),
    show_default=True,
    help="OURS=BASE: prefixes of tensor names that differ.",
)
@click.option(
    "--max-megabytes",
    type=click.FloatRange(min=0, min_open=True),
    default=40.0,
    show_default=True,
    help="Refuse a larger difference.",
)
@common_options
def ship(
    config_path: Path | None,
    as_json: bool,
    model: Path,
    base: str,
    output: Path,
    fit_on: tuple[str, ...],
    rationale_folders: tuple[Path, ...],
    renames: tuple[str, ...],
    description: str | None,
    max_megabytes: float,
) -> None:
    """Store a trained model as a small difference to a base that every user has.

    Weights of the base get differences of 2 bits a number; the rest is kept in
    bfloat16. Evaluate the assembled model, not the one it was made of. A base that
    shares no weights with the model is refused. With --fit-on, what rounding does to a
    matrix is made up for in the columns that are rounded after (GPTQ): labels stay
    nearer to those of the trained model.
    """
    from analytics.config.loading import cache_folder
    from analytics.contract.errors import EngineError
    from analytics.contract.json_files import read_object, write_object
    from analytics.contract.model_folder import CONTRACT_FILE
    from analytics.engine.delta_writing import pack_delta
    from analytics.engine.models import list_built_in, resolve_model
    from distillation.data.specs import parse_spec

    del config_path  # all settings are options here
    pairs = {}
    for rename in renames:
        ours, sign, theirs = rename.partition("=")
        if not sign:
            raise click.UsageError(f"--rename {rename!r}: give OURS=BASE")
        pairs[ours] = theirs
    if base not in list_built_in():
        raise click.UsageError(f"--base {base!r}: give one of {', '.join(list_built_in())}")
    folder = resolve_model(base, cache_dir=cache_folder())
    stamp = read_object(model / CONTRACT_FILE)
    if description is not None and stamp is None:
        raise EngineError(
            f"{model}: no {CONTRACT_FILE}, so it has no description to replace. "
            "`analytics distill student` writes it"
        )
    if rationale_folders and not fit_on:
        raise click.UsageError("--rationales go with --fit-on")
    specs = [parse_spec(text) for text in fit_on]
    manifest = pack_delta(
        model,
        folder.path,
        output,
        renames=pairs,
        about={"base": base, "fitted_on": [spec.title for spec in specs]},
        moments=_find_moments(model, specs, rationale_folders) if specs else None,
        max_bytes=round(max_megabytes * 1e6),
    )
    if description is not None:
        write_object(output / CONTRACT_FILE, {**(stamp or {}), "description": description})
    if as_json:
        echo_json({"status": "done", "output": str(output), **manifest})
    else:
        click.echo(
            f"{output}: {manifest['bytes'] / 1e6:.1f} MB, relative error of the differences"
            f" {manifest['relative_error']:.3f}"
        )
        if fit_on:
            click.echo(f"  of their outputs {manifest['relative_error_of_outputs']:.3f}")


def _find_moments(
    model: Path, specs: "list[DataSpec]", rationale_folders: tuple[Path, ...]
) -> dict[str, Any]:
    """What the layers see when the model reads these posts."""
    from analytics.config.loading import cache_folder
    from analytics.engine.devices import choose_dtype
    from distillation.data.pictures import open_cached_pictures
    from distillation.data.specs import make_items
    from distillation.training.moments import collect_moments

    items, _ = make_items(
        specs,
        pictures=open_cached_pictures(cache_folder()),
        rationale_folders=rationale_folders,
    )
    return collect_moments(model, items, dtype=choose_dtype("auto", device="cpu"))
