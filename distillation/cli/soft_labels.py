"""The command `distill soft-labels`."""

from pathlib import Path

import click

from analytics.cli.common import common_options, echo_json
from analytics.contract.errors import ConfigError
from distillation.cli.options import item_options


@click.command(
    "soft-labels",
    epilog="Example: analytics distill soft-labels --recipe single-gpu-student"
    " --model assistant/model --data DATA:train --rationales teacher --rationales augmented"
    " --output soft",
)
@click.option("--model", required=True, help="The assistant: a folder, built-in name or hub id.")
@click.option(
    "--top-k",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    help="Tokens kept a position.",
)
@item_options
@common_options
def soft_labels(
    config_path: Path | None,
    as_json: bool,
    recipe: str,
    model: str,
    data: tuple[str, ...],
    rationale_folders: tuple[Path, ...],
    held_out: tuple[str, ...],
    text_only: bool,
    overrides: tuple[str, ...],
    output: Path,
    top_k: int,
) -> None:
    """Run an assistant once and store what a student learns from it.

    Then the two need not fit into memory together. Give the recipe, --data and
    --rationales of the student that will read them; soft labels that are there
    already are not made again.
    """
    del config_path  # all settings are in the recipe
    from analytics.config.loading import cache_folder
    from analytics.engine.devices import choose_device, choose_dtype
    from analytics.engine.models import resolve_model
    from distillation.data.pictures import open_cached_pictures
    from distillation.data.specs import make_items, parse_spec
    from distillation.training.assistants import SoftLabelJob, store_soft_labels
    from distillation.training.recipe import load_recipe, with_dtype

    settings = load_recipe(recipe, overrides)
    if settings.loss.kd_weight == 0:
        raise ConfigError(
            f"recipe {settings.name!r} has loss.kd_weight = 0: its student learns from no soft "
            "labels. Give the student's recipe, or raise it (--set loss.kd_weight=0.3)"
        )
    cache = cache_folder()
    assistant = resolve_model(model, cache_dir=cache)
    specs = [parse_spec(text) for text in data]
    items, _ = make_items(
        specs,
        pictures=None if text_only else open_cached_pictures(cache),
        rationale_folders=rationale_folders,
        held_out=[parse_spec(text) for text in held_out],
        part_sentences=settings.pack.part_sentences,
    )
    device = choose_device()
    report = store_soft_labels(
        SoftLabelJob(
            recipe=with_dtype(settings, choose_dtype("auto", device=device)),
            model=assistant.path,
            model_id=assistant.model_id,
            folder=output,
            data=tuple(spec.title for spec in specs),
            top_k=top_k,
        ),
        items,
        device=device,
    )
    if as_json:
        echo_json(report)
    else:
        click.echo(
            f"{output}: {report['count_soft_labels']} soft labels of {report['count_items']} items"
        )
