"""Options that several commands have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from distillation.data import folds

SPLITS = click.Choice([*folds.SPLITS, folds.ALL])


def resampling_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--resamples and --seed of what is measured with intervals."""
    for option in (
        click.option(
            "--seed",
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Seed of draws and resamples.",
        ),
        click.option("--resamples", type=click.IntRange(100), default=2000, show_default=True),
    ):
        function = option(function)
    return function


def item_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What says which items a student learns, as a recipe shows them to it."""
    for option in (
        click.option(
            "--set", "overrides", multiple=True, help="section.key=value over the recipe."
        ),
        click.option("--text-only", is_flag=True, help="Leave the pictures out."),
        click.option(
            "--drop-overlaps", "held_out", multiple=True, help="PATH:SPLIT whose texts are dropped."
        ),
        click.option(
            "--rationales",
            "rationale_folders",
            multiple=True,
            type=click.Path(path_type=Path, exists=True),
            help="Rationale data set (of `teacher` or `augment`); repeatable.",
        ),
        click.option(
            "--data",
            "data",
            multiple=True,
            required=True,
            help="PATH:SPLIT[,n=N][,folds=1-4][,pictures=no]; repeatable.",
        ),
        click.option(
            "--output", required=True, type=click.Path(path_type=Path), help="Where it goes."
        ),
        click.option("--recipe", required=True, help="Shipped recipe or a .toml file."),
    ):
        function = option(function)
    return function
