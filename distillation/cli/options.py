"""Options that several commands have."""

from collections.abc import Callable
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
