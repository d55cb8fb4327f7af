"""The gate of `distill promote`: loads the models and engines and runs the checks."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from analytics.config.loading import decoding_of
from analytics.config.settings import Config
from analytics.contract.digests import digest_of, training_digest
from analytics.contract.engine import EngineFacts, LabelReply
from analytics.contract.errors import ConfigError, ContractMismatchError, EngineError, TrainingError
from analytics.contract.json_files import read_object
from analytics.contract.labels import NO_CALIBRATION, LabelCalibration
from analytics.contract.model_folder import CALIBRATION_FILE
from analytics.contract.records import Item
from analytics.engine.devices import choose_dtype
from analytics.engine.loading import SERVED, describe_engines, load_engine
from analytics.engine.model_digests import FactCache, list_file_digests
from analytics.engine.models import ModelFolder, find_contract_fault, resolve_model
from analytics.engine.registry import RegistryEntry, find_current
from analytics.engine.smol import BASE_NAME
from distillation.averaging import name_silent_parts
from distillation.calibration import (
    ADJUSTMENT_KEYS,
    DIGESTS_KEY,
    Calibration,
    apply_calibration,
    fit_temperature,
    read_fit,
)
from distillation.data.examples import Example, drop_pictures
from distillation.data.loaders import load_examples
from distillation.data.overlaps import drop_overlaps
from distillation.data.pictures import open_cached_pictures
from distillation.data.seen import find_seen, list_digests, read_seen, split_seen
from distillation.evaluation.judging import judge, label_items
from distillation.promote import (
    Check,
    calibrate_replies,
    check_agreement,
    check_better,
    check_calibrated,
    check_contract,
    check_judged,
    check_unseen,
    choose_agreement_items,
    compare_replies,
    list_reasons,
    skip_agreement,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What a model is judged on, and what may be left out."""

    gold: Path
    split: str = "test"
    against: str | None = None
    calibrate_on: Path | None = None
    calibrate_split: str = "dev"
    without_vllm: bool = False
    allow_few_posts: bool = False
    allow_unknown_training: bool = False
    n_resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What the gate found; `file_digests` are of the files that were judged.

    `calibration` is what the promoted model's `calibration.json` is to hold, and
    `replaces` the version that was current.
    """

    folder: Path
    file_digests: Mapping[str, str]
    replaces: str | None
    checks: Sequence[Check]
    calibration: Mapping[str, Any] | None
    evidence: Mapping[str, Any]

    @property
    def reasons(self) -> list[str]:
        """Why the model is refused; none if it passed."""
        return list_reasons(self.checks)


def run_gate(
    folder: Path, *, name: str, settings: GateSettings, config: Config, cache: Path
) -> GateResult:
    """Judge a model folder that is to be called `name` in the registry. Changes nothing.

    Raises:
        EngineError: a model cannot be loaded or run.
        TrainingError: the data cannot be read.
    """
    started = time.monotonic()
    candidate = resolve_model(str(folder.resolve()), cache_dir=cache, check_contract=False)
    file_digests = list_file_digests(candidate.path, FactCache(cache))
    current = find_current(cache, name)
    baselines, note = _choose_baselines(
        config, cache, current=current, name=name, against=settings.against
    )
    named_gold = _load(settings.gold, settings.split, cache)
    known = read_seen(candidate.path)
    seen, by_assistant = split_seen(named_gold, known)
    all_gold = [e for e in named_gold if e.example_id not in seen | by_assistant]
    unseen = check_unseen(
        len(named_gold),
        None if known is None else len(seen),
        n_seen_by_assistant=len(by_assistant),
        n_left=len(all_gold),
        is_trained=candidate.is_distilled,
        silent_parts=name_silent_parts(candidate.path),
        allow_unknown=settings.allow_unknown_training,
        allow_few=settings.allow_few_posts,
    )
    if not all_gold:
        raise TrainingError(f"{settings.gold}: {unseen.detail}")
    gold = _see(candidate, all_gold)
    keys = {example.item.content_key for example in gold}
    others = (
        _see(candidate, _load(settings.calibrate_on, settings.calibrate_split, cache))
        if settings.calibrate_on
        else []
    )
    seen_others = frozenset().union(*split_seen(others, known))
    held_out = [
        example
        for example in drop_overlaps(others, gold)
        if example.item.content_key not in keys and example.example_id not in seen_others
    ]
    # Temperature 1: the one to be stored is fitted to what the model itself says.
    plain = replace(candidate, calibration=NO_CALIBRATION)
    replies, facts = _label(config, "transformers", plain, [e.item for e in (*gold, *held_out)])
    judged = judge(gold, replies)
    fitted = fit_temperature(judge(held_out, replies)) if held_out else None
    stored = read_object(candidate.path / CALIBRATION_FILE)
    stored_fit = read_fit(candidate.path)
    served = candidate.calibration
    if fitted is not None:
        served = replace(served, temperature=fitted.temperature)
    checks = [
        check_contract(find_contract_fault(candidate), training_digest()),
        unseen,
        check_judged(len(gold), len(judged)),
    ]
    for baseline in baselines:
        theirs = frozenset().union(*split_seen(all_gold, read_seen(baseline.path)))
        examples = _see(baseline, [e for e in all_gold if e.example_id not in theirs])
        other, _ = _label(config, "transformers", baseline, [e.item for e in examples])
        checks.append(
            check_better(
                baseline.model_id,
                judge(examples, other),
                apply_calibration(judged, served),
                n_resamples=settings.n_resamples,
                seed=settings.seed,
                n_seen_by_baseline=len(theirs),
                allow_few=settings.allow_few_posts,
            )
        )
    checks.append(
        check_calibrated(
            judged,
            stored=candidate.calibration if stored is not None else None,
            fitted=fitted,
            stored_fit=stored_fit,
            n_shared=None
            if stored_fit.digests is None
            else len(find_seen(gold, stored_fit.digests)),
            n_left_out=len(others) - len(held_out),
            allow_few=settings.allow_few_posts,
        )
    )
    items = choose_agreement_items(gold, held_out, seed=settings.seed)
    checks.append(_check_serving(config, plain, items, replies, facts, settings, served))
    about_fit = (
        _describe_data(settings.calibrate_on, settings.calibrate_split, held_out)
        if settings.calibrate_on
        else None
    )
    return GateResult(
        folder=candidate.path,
        file_digests=file_digests,
        replaces=current.version if current else None,
        checks=checks,
        calibration=_merge_calibration(fitted, about_fit, held_out, stored),
        evidence={
            "source": {"folder": str(candidate.path), "model_id": candidate.model_id},
            "checks": [check.to_json() for check in checks],
            "against": [baseline.model_id for baseline in baselines],
            "note": note,
            "replaces": current.version if current else None,
            "gold": _describe_data(settings.gold, settings.split, gold),
            "calibration": about_fit,
            "engine": asdict(facts),
            "n_resamples": settings.n_resamples,
            "seed": settings.seed,
            "seconds": round(time.monotonic() - started, 1),
        },
    )


def _choose_baselines(
    config: Config,
    cache: Path,
    *,
    current: RegistryEntry | None,
    name: str,
    against: str | None,
) -> tuple[list[ModelFolder], str | None]:
    """The models to be better than, and a note on one that cannot be compared with.

    Raises:
        ConfigError: that would be one behind a server.
    """
    found, note = [], None
    is_served = config.model.engine == SERVED
    needs_configured = against is None and current is None and config.model.name != name
    if is_served and (needs_configured or against == config.model.name):
        raise ConfigError(
            f"model {config.model.name!r}: [model] engine is {SERVED}, so it is behind a server, "
            "and the gate compares folders of weights",
            fix="Name a folder, a built-in or a registered model by --against",
        )
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


def _load(path: Path, split: str, cache: Path) -> list[Example]:
    examples = load_examples(path, split, pictures=open_cached_pictures(cache))
    if not examples:
        raise TrainingError(f"{path}: split {split!r} has no example. Give another split")
    return examples


def _see(folder: ModelFolder, examples: list[Example]) -> list[Example]:
    """The examples as a model sees them: without pictures if it takes none."""
    return examples if folder.accepts_images else drop_pictures(examples)


def _label(
    config: Config,
    engine: str,
    folder: ModelFolder,
    items: Sequence[Item],
    *,
    dtype: str = "float32",
) -> tuple[dict[str, LabelReply], EngineFacts]:
    """Label replies by content key, from an engine that is closed again."""
    loaded = load_engine(
        engine,
        folder,
        decoding=decoding_of(config),
        dtype=dtype,
        batch_size=config.model.batch_size,
        options=config.model.options if config.model.engine == engine else {},
    )
    try:
        return label_items(loaded, items, what=f"{folder.name}, {engine}"), loaded.facts
    finally:
        loaded.close()


def _check_serving(
    config: Config,
    folder: ModelFolder,
    items: Sequence[Item],
    replies: Mapping[str, LabelReply],
    facts: EngineFacts,
    settings: GateSettings,
    calibration: LabelCalibration,
) -> Check:
    """`folder` and `replies` are without calibration; labels are compared with it."""
    if settings.without_vllm:
        return skip_agreement("--without-vllm was given", is_allowed=True)
    (vllm,) = [status for status in describe_engines() if status.name == "vllm"]
    if not vllm.can_run:
        return skip_agreement(f"vLLM: {vllm.reason} ({vllm.fix})", is_allowed=False)
    try:
        served, served_by = _label(config, "vllm", folder, items)
    except EngineError as exc:
        return skip_agreement(str(exc), is_allowed=False)
    keys = [item.content_key for item in items]
    return check_agreement(
        compare_replies(
            calibrate_replies(replies, calibration),
            calibrate_replies(served, calibration),
            keys=keys,
        ),
        as_served=_compare_as_served(
            config, replace(folder, calibration=calibration), items, keys, device=facts.device
        ),
        versions={facts.name: facts.version, served_by.name: served_by.version},
        allow_few=settings.allow_few_posts,
    )


def _compare_as_served(
    config: Config, folder: ModelFolder, items: Sequence[Item], keys: list[str], *, device: str
) -> dict[str, Any] | None:
    """Both engines in the number type of serving; None where that is float32, too."""
    dtype = choose_dtype(config.model.dtype, device=device)
    if dtype == "float32":
        return None
    ours, theirs = (
        _label(config, engine, folder, items, dtype=dtype)[0] for engine in ("transformers", "vllm")
    )
    return {"dtype": dtype, **compare_replies(ours, theirs, keys=keys)}


def _merge_calibration(
    fitted: Calibration | None,
    about_fit: Mapping[str, Any] | None,
    held_out: Sequence[Example],
    stored: Mapping[str, Any] | None,
) -> Mapping[str, Any] | None:
    """What `calibration.json` is to hold: a new temperature, the bias that was there."""
    if fitted is None:
        return stored
    kept = {name: stored[name] for name in ADJUSTMENT_KEYS if name in stored} if stored else {}
    found = {**fitted.to_json(), "data": about_fit, **kept}
    before = stored.get(DIGESTS_KEY) if stored and kept else []
    if before is None:  # nobody knows of the bias: half a list would pass for all
        return found
    return {**found, DIGESTS_KEY: sorted({*list_digests(held_out), *before})}


def _describe_data(path: Path, split: str, examples: Sequence[Example]) -> dict[str, Any]:
    """What was judged; the digest is over ids, labels and contents."""
    rows = sorted((e.example_id, str(e.label), e.item.content_key) for e in examples)
    return {
        "path": str(path.resolve()),
        "split": split,
        "n": len(examples),
        "n_groups": len({example.group for example in examples}),
        "n_with_picture": sum(example.item.image_path is not None for example in examples),
        "sha256": digest_of(rows),
    }
