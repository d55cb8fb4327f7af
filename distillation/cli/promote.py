"""The command `distill promote`."""

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analytics.cli.common import common_options, echo_json, exit_with

if TYPE_CHECKING:
    from analytics.config.settings import Config
    from analytics.contract.engine import EngineFacts, LabelReply
    from analytics.contract.records import Item
    from analytics.engine.models import ModelFolder
    from analytics.engine.registry import RegistryEntry
    from distillation.data.examples import Example
    from distillation.promote import Check

_SPLITS = click.Choice(["train", "dev", "test", "all"])
_DATA = click.Path(path_type=Path, exists=True)


@click.command(
    epilog="Example: analytics distill promote runs/student --name mystudent --gold gold.parquet "
    "--calibrate-on DIR"
)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--name", required=True, help="What the model is called in the registry.")
@click.option(
    "--gold", "gold_path", required=True, type=_DATA, help="Human labels: a data set or file."
)
@click.option("--split", type=_SPLITS, default="test", show_default=True, help="Of the gold.")
@click.option(
    "--against",
    help="Also to be better than this model.  [default: the configuration's, for a new name]",
)
@click.option("--calibrate-on", type=_DATA, help="Labelled data to fit the temperature on.")
@click.option("--calibrate-split", type=_SPLITS, default="dev", show_default=True)
@click.option("--without-vllm", is_flag=True, help="Do not compare vLLM with transformers.")
@click.option("--allow-few-posts", is_flag=True, help="Fewer than 300 posts are enough.")
@click.option("--resamples", type=click.IntRange(100), default=2000, show_default=True)
@click.option("--seed", default=0, show_default=True, help="Seed of draws and resamples.")
@common_options
def promote(
    config_path: Path | None,
    as_json: bool,
    folder: Path,
    name: str,
    gold_path: Path,
    split: str,
    against: str | None,
    calibrate_on: Path | None,
    calibrate_split: str,
    without_vllm: bool,
    allow_few_posts: bool,
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
    from analytics.contract.digests import training_digest
    from analytics.engine.model_digests import FactCache, list_file_digests
    from analytics.engine.models import BUILT_IN_NAMES, find_contract_fault, resolve_model
    from analytics.engine.registry import check_registry_name, find_current, publish
    from distillation import promote as gate
    from distillation.calibration import fit_temperature

    started = time.monotonic()
    check_registry_name(name, built_in=BUILT_IN_NAMES)
    config, cache = load_config(config_path), cache_folder()
    candidate = resolve_model(str(folder.resolve()), cache_dir=cache, check_contract=False)
    file_digests = list_file_digests(candidate.path, FactCache(cache))
    current = find_current(cache, name)
    baselines, note = _choose_baselines(config, cache, current=current, name=name, against=against)
    all_gold = _load(gold_path, split, cache)
    gold = _see(candidate, all_gold)
    calibration_data = (
        _see(candidate, _load(calibrate_on, calibrate_split, cache)) if calibrate_on else []
    )
    keys = {example.item.content_key for example in gold}
    held_out = [e for e in calibration_data if e.item.content_key not in keys]

    # Temperature 1: the one to be stored is fitted to, or checked on, what the model itself says.
    plain = replace(candidate, temperature=1.0)
    replies, facts = _label(config, "transformers", plain, [e.item for e in (*gold, *held_out)])
    judged = gate.judge(gold, replies)
    checks = [
        gate.check_contract(find_contract_fault(candidate), training_digest()),
        gate.check_judged(len(gold), len(judged)),
    ]
    for baseline in baselines:
        examples = _see(baseline, all_gold)
        other, _ = _label(config, "transformers", baseline, [e.item for e in examples])
        checks.append(
            gate.check_better(
                baseline.model_id,
                gate.judge(examples, other),
                judged,
                n_resamples=resamples,
                seed=seed,
            )
        )
    fitted = fit_temperature(gate.judge(held_out, replies)) if held_out else None
    stored = _read_stored(candidate)
    checks.append(
        gate.check_calibrated(
            judged,
            stored=float(stored["temperature"]) if stored else None,
            fitted=fitted,
            n_left_out=len(calibration_data) - len(held_out),
            allow_few=allow_few_posts,
        )
    )
    items = gate.choose_agreement_items(gold, held_out, seed=seed)
    checks.append(
        _check_serving(
            config,
            plain,
            items,
            replies,
            facts,
            without_vllm=without_vllm,
            allow_few=allow_few_posts,
        )
    )

    reasons = gate.list_reasons(checks)
    evidence = {
        "source": {"folder": str(folder.resolve()), "model_id": candidate.model_id},
        "checks": [check.to_json() for check in checks],
        "against": [baseline.model_id for baseline in baselines],
        "note": note,
        "replaces": current.version if current else None,
        "gold": _describe_data(gold_path, split, gold),
        "calibration": _describe_data(calibrate_on, calibrate_split, held_out)
        if calibrate_on
        else None,
        "engine": asdict(facts),
        "n_resamples": resamples,
        "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
    }
    entry = None
    if not reasons:
        fit = (
            {"data": evidence["calibration"], **fitted.to_json()} if fitted is not None else stored
        )
        entry = publish(
            candidate.path,
            cache_dir=cache,
            name=name,
            file_digests=file_digests,
            calibration=fit or {},
            promotion=evidence,
            replaces=current.version if current else None,
        )
    _report(name, entry, checks, reasons, evidence, as_json=as_json)


def _report(
    name: str,
    entry: "RegistryEntry | None",
    checks: "Sequence[Check]",
    reasons: list[str],
    evidence: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    if as_json:
        echo_json(
            {
                "status": "promoted" if entry else "refused",
                "name": name,
                "version": entry.version if entry else None,
                "path": str(entry.path) if entry else None,
                "reasons": reasons,
                **evidence,
            }
        )
    else:
        for check in checks:
            click.echo(f"{'passed' if check.is_passed else 'FAILED'}  {check.name}: {check.detail}")
        if evidence["note"]:
            click.echo(f"note    {evidence['note']}")
        if entry:
            click.echo(f'Promoted to {entry.path}. Use it with name = "{name}" in [model].')
        else:
            click.echo(f"Refused: {len(reasons)} of {len(checks)} checks failed. Nothing changed.")
    if entry is None:
        exit_with(3)


def _choose_baselines(
    config: "Config",
    cache: Path,
    *,
    current: "RegistryEntry | None",
    name: str,
    against: str | None,
) -> "tuple[list[ModelFolder], str | None]":
    """The models to be better than, and a note on one that cannot be compared with."""
    from analytics.contract.errors import ContractMismatchError
    from analytics.engine.models import resolve_model
    from analytics.engine.smol import BASE_NAME

    found, note = [], None
    if current is not None:
        try:
            found.append(resolve_model(name, cache_dir=cache))
        except ContractMismatchError as exc:
            note = f"not compared with the current version {current.version}: {exc}"
    if against is not None:
        found.append(resolve_model(against, cache_dir=cache))
    if not found:
        default = config.model.name if config.model.name != name else BASE_NAME
        found.append(resolve_model(default, cache_dir=cache))
    return found, note


def _load(path: Path, split: str, cache: Path) -> "list[Example]":
    from analytics.contract.errors import TrainingError
    from distillation.data.loaders import load_examples
    from distillation.data.pictures import PictureFolder

    examples = load_examples(path, split, pictures=PictureFolder(cache / "distill-pictures"))
    if not examples:
        raise TrainingError(f"{path}: split {split!r} has no example. Give another split")
    return examples


def _see(folder: "ModelFolder", examples: "list[Example]") -> "list[Example]":
    """The examples as a model sees them: without pictures if it takes none."""
    from distillation.data.examples import drop_pictures

    return examples if folder.accepts_images else drop_pictures(examples)


def _label(
    config: "Config", engine: str, folder: "ModelFolder", items: "Sequence[Item]"
) -> "tuple[dict[str, LabelReply], EngineFacts]":
    """Label replies in float32 by content key, from an engine that is closed again."""
    from analytics.contract.decoding import Decoding
    from analytics.engine.loading import load_engine
    from distillation.evaluation.judging import label_items

    loaded = load_engine(
        engine,
        folder,
        decoding=Decoding(
            max_rationale_tokens=config.infer.max_rationale_tokens,
            repetition_penalty=config.infer.repetition_penalty,
        ),
        dtype="float32",
        batch_size=config.model.batch_size,
        options=config.model.options if config.model.engine == engine else {},
    )
    try:
        return label_items(loaded, items, what=f"{folder.name}, {engine}"), loaded.facts
    finally:
        loaded.close()


def _check_serving(
    config: "Config",
    folder: "ModelFolder",
    items: "Sequence[Item]",
    replies: "dict[str, LabelReply]",
    facts: "EngineFacts",
    *,
    without_vllm: bool,
    allow_few: bool,
) -> "Check":
    from analytics.contract.errors import EngineError
    from analytics.engine.loading import describe_engines
    from distillation.promote import check_agreement, skip_agreement

    if without_vllm:
        return skip_agreement("--without-vllm was given", is_allowed=True)
    (vllm,) = [status for status in describe_engines() if status.name == "vllm"]
    if not vllm.can_run:
        return skip_agreement(f"vLLM: {vllm.reason} ({vllm.fix})", is_allowed=False)
    try:
        served, served_by = _label(config, "vllm", folder, items)
    except EngineError as exc:
        return skip_agreement(str(exc), is_allowed=False)
    return check_agreement(
        replies,
        served,
        keys=[item.content_key for item in items],
        versions={facts.name: facts.version, served_by.name: served_by.version},
        allow_few=allow_few,
    )


def _read_stored(folder: "ModelFolder") -> dict[str, Any] | None:
    """What the folder's `calibration.json` holds; it was checked when it was resolved."""
    from analytics.engine.calibration import CALIBRATION_FILE
    from analytics.engine.json_files import read_object

    return read_object(folder.path / CALIBRATION_FILE)


def _describe_data(path: Path, split: str, examples: "Sequence[Example]") -> dict[str, Any]:
    """What was judged; the digest is over ids, labels and contents."""
    from analytics.contract.digests import digest_of

    rows = sorted((e.example_id, str(e.label), e.item.content_key) for e in examples)
    return {
        "path": str(path.resolve()),
        "split": split,
        "n": len(examples),
        "n_groups": len({example.group for example in examples}),
        "n_with_picture": sum(example.item.image_path is not None for example in examples),
        "sha256": digest_of(rows),
    }
