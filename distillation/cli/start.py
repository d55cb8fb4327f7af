"""The command `distill start`."""

import json
from pathlib import Path
from typing import Any

import click

from analytics.cli.common import common_options, echo_json


@click.command(
    epilog="Example: analytics distill start --pictures DATA:train --pictures DATA:dev"
    " --output start"
)
@click.option(
    "--language-model", default="smol-135m-base", show_default=True, help="Folder or name."
)
@click.option(
    "--pictures",
    "data",
    multiple=True,
    help="PATH:SPLIT whose pictures teach the eyes; without any they stay random.",
)
@click.option(
    "--views", type=click.IntRange(1), default=4, show_default=True, help="Crops a picture."
)
@click.option(
    "--epochs", type=click.IntRange(1), default=3, show_default=True, help="Passes over all views."
)
@click.option("--seed", default=0, show_default=True)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Where it goes.")
@common_options
def start(
    config_path: Path | None,
    as_json: bool,
    language_model: str,
    data: tuple[str, ...],
    views: int,
    epochs: int,
    seed: int,
    output: Path,
) -> None:
    """Make the untrained embedded student: a language model with new eyes.

    The eyes (a small ViT) learn the features of EfficientNet-Lite0 from the pictures of
    some data sets; labels are not used. Do not name test sets here.
    """
    from safetensors import SafetensorError

    from analytics.config.loading import cache_folder
    from analytics.contract.errors import TrainingError
    from analytics.engine.devices import choose_dtype
    from analytics.engine.models import resolve_model
    from distillation.data.pictures import open_cached_pictures
    from distillation.data.specs import load_spec, parse_spec
    from distillation.data.whole_folders import fill_folder
    from distillation.smol.architecture import VisionShape, build_untrained, replace_tower
    from distillation.smol.vision import VisionTraining, teach_vision

    del config_path  # all settings are options here
    cache = cache_folder()
    folder = resolve_model(language_model, cache_dir=cache)
    kept = open_cached_pictures(cache)
    found: set[Path] = set()
    log: list[dict[str, float]] = []
    try:
        with fill_folder(output) as temp:
            for text in data:
                examples = load_spec(parse_spec(text), pictures=kept)
                found |= {e.item.image_path for e in examples if e.item.image_path is not None}
            build_untrained(temp, language_model=folder.path, shape=VisionShape(), seed=seed)
            if found:
                settings = VisionTraining(n_views=views, n_epochs=epochs, seed=seed)
                dtype = choose_dtype("auto", device="cpu")
                log = replace_tower(
                    temp, lambda tower: teach_vision(tower, sorted(found), settings, dtype=dtype)
                )
                (temp / "vision_log.json").write_text(json.dumps(log, indent=1) + "\n", "utf-8")
    except (OSError, SafetensorError) as exc:
        raise TrainingError(
            f"{output}: the model cannot be written ({exc}). Make room, or give another folder"
        ) from exc
    report: dict[str, Any] = {
        "status": "done",
        "output": str(output),
        "count_pictures": len(found),
        "last": log[-1] if log else None,
    }
    if as_json:
        echo_json(report)
    else:
        for key, value in report.items():
            click.echo(f"{key:15} {value}")
