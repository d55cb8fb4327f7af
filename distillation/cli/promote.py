"""The command `distill promote`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analytics.cli.common import common_options, echo_json, exit_with
from distillation.cli.options import SPLITS, resampling_options

if TYPE_CHECKING:
    from analytics.engine.registry import RegistryEntry
    from distillation.cli.gate import GateResult

_DATA = click.Path(path_type=Path, exists=True)


@click.command(
    epilog="Example: analytics distill promote runs/student --name mystudent --gold gold.parquet "
    "--calibrate-on DIR"
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", required=True, help="What the model is called in the registry.")
@click.option(
    "--gold", "gold_path", required=True, type=_DATA, help="Human labels: a data set or file."
)
@click.option(
    "--split",
    type=SPLITS,
    help="Of the gold.  [default: test; all of a file without splits of its own]",
)
@click.option(
    "--against",
    help="Also to be better than this model.  [default: the configuration's, for a new name]",
)
@click.option("--calibrate-on", type=_DATA, help="Labelled data to fit the temperature on.")
@click.option("--calibrate-split", type=SPLITS, default="dev", show_default=True)
@click.option("--without-vllm", is_flag=True, help="Do not compare vLLM with transformers.")
@click.option("--allow-few-posts", is_flag=True, help="Fewer than 300 posts are enough.")
@click.option(
    "--allow-unknown-training",
    is_flag=True,
    help="Take a trained model without trained_on.json; all gold counts then.",
)
@resampling_options
@common_options
def promote(
    config_path: Path | None,
    as_json: bool,
    folder: Path,
    name: str,
    gold_path: Path,
    split: str | None,
    against: str | None,
    calibrate_on: Path | None,
    calibrate_split: str,
    without_vllm: bool,
    allow_few_posts: bool,
    allow_unknown_training: bool,
    resamples: int,
    seed: int,
) -> None:
    """Let a better model into the registry.

    FOLDER is copied there if it was trained under the installed contract, is
    better on the gold than the current model of that name, is calibrated, and
    gets the same labels from vLLM as from transformers. Then `[model] name` may
    name it. Exit code 3 when it is refused; all reasons are listed.
    """
    from analytics.config.loading import cache_folder, load_config
    from analytics.contract.json_files import read_object
    from analytics.engine.loading import SERVED
    from analytics.engine.models import list_built_in
    from analytics.engine.registry import PROMOTION_FILE, check_registry_name, publish
    from distillation.cli.gate import GateSettings, run_gate
    from distillation.data.loaders import has_own_splits

    check_registry_name(name, built_in=tuple(list_built_in()))
    config, cache = load_config(config_path), cache_folder()
    if not folder.is_dir():
        is_served = config.model.engine == SERVED and str(folder) == config.model.name
        reason = ": that model is behind a server, and the registry keeps folders of weights"
        raise click.UsageError(f"Directory '{folder}' does not exist{reason if is_served else ''}.")
    settings = GateSettings(
        gold=gold_path,
        split=split or ("test" if has_own_splits(gold_path) else "all"),
        against=against,
        calibrate_on=calibrate_on,
        calibrate_split=calibrate_split,
        without_vllm=without_vllm,
        allow_few_posts=allow_few_posts,
        allow_unknown_training=allow_unknown_training,
        n_resamples=resamples,
        seed=seed,
    )
    result = run_gate(folder, name=name, settings=settings, config=config, cache=cache)
    entry = None
    if not result.reasons and result.calibration is not None:
        entry = publish(
            result.folder,
            cache_dir=cache,
            name=name,
            file_digests=result.file_digests,
            calibration=result.calibration,
            promotion=result.evidence,
            replaces=result.replaces,
        )
    if as_json:
        echo_json(
            {
                "status": "promoted" if entry else "refused",
                "name": name,
                "version": entry.version if entry else None,
                "path": str(entry.path) if entry else None,
                "reasons": result.reasons,
                **((entry and read_object(entry.path / PROMOTION_FILE)) or result.evidence),
            }
        )
    else:
        _show(result, name, entry)
    if entry is None:
        exit_with(3)


def _show(result: "GateResult", name: str, entry: "RegistryEntry | None") -> None:
    for check in result.checks:
        click.echo(f"{'passed' if check.is_passed else 'FAILED'}  {check.name}: {check.detail}")
    if result.evidence["note"]:
        click.echo(f"note    {result.evidence['note']}")
    if entry:
        click.echo(f'Promoted to {entry.path}. Use it with name = "{name}" in [model].')
    else:
        n_failed, n_checks = len(result.reasons), len(result.checks)
        click.echo(f"Refused: {n_failed} of {n_checks} checks failed. Nothing changed.")
