"""The commands `distill assistant` and `distill student`: one training, two roles."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from analytics.cli.common import common_options, echo_json, exit_with, stop_on_signal
from analytics.contract.errors import ConfigError
from distillation.cli.options import item_options


def _training_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--seed", type=int, help="Seed.  [default: the recipe's]"),
        click.option("--dev", help="PATH:SPLIT that is scored after each epoch."),
        click.option("--model", help="Folder, built-in name or hub id.  [default: the recipe's]"),
        item_options,
    ):
        function = option(function)
    return function


@click.command(
    epilog="Example: analytics distill assistant --recipe paper-assistant --data DATA:train"
    " --rationales teacher --output assistant"
)
@_training_options
@common_options
def assistant(config_path: Path | None, as_json: bool, **options: Any) -> None:
    """Train the assistant on labels and the teacher's rationales.

    --output gets the model (`model/`) and the log. An interrupted training goes on from
    its newest checkpoint when the command is run again; a finished one is left as it is.
    """
    del config_path  # all settings are in the recipe
    _train(as_json, **options)


@click.command(
    epilog="Example: analytics distill student --recipe cpu-smol --data DATA:train --dev DATA:dev"
    " --output student"
)
@_training_options
@click.option(
    "--assistant",
    "assistant_model",
    help="Assistant (folder, name or hub id) held in memory for soft labels.",
)
@click.option(
    "--soft-labels",
    type=click.Path(path_type=Path, exists=True),
    help="Soft labels that `distill soft-labels` wrote.",
)
@common_options
def student(
    config_path: Path | None,
    as_json: bool,
    assistant_model: str | None,
    soft_labels: Path | None,
    **options: Any,
) -> None:
    """Train the student on the union of rationales, with hard and soft labels.

    --output gets the model (`model/`) and the log. An interrupted training goes on from
    its newest checkpoint when the command is run again; a finished one is left as it is.
    """
    if assistant_model is not None and soft_labels is not None:
        raise click.UsageError("--assistant and --soft-labels do not go together")
    del config_path  # all settings are in the recipe
    _train(
        as_json,
        assistant_model=assistant_model,
        soft_labels=soft_labels,
        **options,
    )


def _train(
    as_json: bool,
    *,
    recipe: str,
    output: Path,
    model: str | None,
    data: tuple[str, ...],
    rationale_folders: tuple[Path, ...],
    dev: str | None,
    held_out: tuple[str, ...],
    text_only: bool,
    overrides: tuple[str, ...],
    seed: int | None,
    assistant_model: str | None = None,
    soft_labels: Path | None = None,
) -> None:
    from analytics.config.loading import cache_folder
    from analytics.engine.devices import choose_device, choose_dtype
    from analytics.engine.models import resolve_model
    from distillation.data.pictures import open_cached_pictures
    from distillation.data.specs import load_spec, make_items, parse_spec
    from distillation.training.processes import leave_together
    from distillation.training.recipe import load_recipe, with_dtype, with_seed
    from distillation.training.run import TrainingRun, run_training

    settings = with_seed(load_recipe(recipe, overrides), seed)
    name = model or settings.model.base
    if not name:
        raise ConfigError(f"recipe {settings.name!r} names no base model. Give --model")
    if settings.loss.kd_weight == 0 and (assistant_model or soft_labels):
        raise ConfigError(
            f"recipe {settings.name!r} has loss.kd_weight = 0: soft labels would change nothing. "
            "Raise it (--set loss.kd_weight=0.3), or leave out --assistant and --soft-labels"
        )
    if settings.loss.kd_weight > 0 and not (assistant_model or soft_labels):
        raise ConfigError(
            f"recipe {settings.name!r} has loss.kd_weight = {settings.loss.kd_weight:g}, but there "
            "are no soft labels. Give --assistant or --soft-labels to `distill student`, or "
            "--set loss.kd_weight=0"
        )
    cache = cache_folder()
    base = resolve_model(name, cache_dir=cache)
    helper = resolve_model(assistant_model, cache_dir=cache) if assistant_model else None
    pictures = None if text_only else open_cached_pictures(cache)
    specs = [parse_spec(text) for text in data]
    items, counts = make_items(
        specs,
        pictures=pictures,
        rationale_folders=rationale_folders,
        held_out=[parse_spec(text) for text in held_out],
        part_sentences=settings.pack.part_sentences,
    )
    dev_examples = load_spec(parse_spec(dev), pictures=pictures) if dev else []
    with stop_on_signal() as should_stop, leave_together() as is_main:
        report = run_training(
            TrainingRun(
                recipe=with_dtype(settings, choose_dtype("auto", device=choose_device())),
                base=base.path,
                base_id=base.model_id,
                assistant=helper.path if helper else None,
                assistant_id=helper.model_id if helper else "",
                soft_labels=soft_labels,
                rationales=rationale_folders,
                folder=output,
                data=tuple(spec.title for spec in specs),
                counts=counts,
            ),
            items,
            dev_examples,
            should_stop=should_stop,
        )
    if is_main:  # one report is enough
        _show(report, as_json)
    if report["status"] != "done":
        if is_main:
            click.echo("stopped; the same command goes on from the checkpoint", err=True)
        exit_with(1)


def _show(report: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(report)
        return
    for key, value in report.items():
        click.echo(f"{key:20} {value}")
