"""The gate before the registry: what a model folder must show. Run by `distill promote`.

Each check is a pure function of figures and says in one sentence what it found. A
model is promoted if all checks pass; a refused one is told all that fail.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from analytics.contract.engine import LabelReply
from analytics.contract.labels import NO_CALIBRATION, LabelCalibration, label_of
from analytics.contract.records import Item
from distillation.calibration import (
    MIN_POSTS,
    Calibration,
    StoredFit,
    apply_calibration,
    by_label,
    calibrate_probabilities,
    find_fit_faults,
    measure_ece,
    measure_nll,
    measure_nll_change,
)
from distillation.data.examples import Example
from distillation.evaluation.bootstrap import LEVEL, bootstrap_scores, compare_paired
from distillation.evaluation.evaluate import sample_by_group
from distillation.evaluation.scores import Judged

N_AGREEMENT_POSTS = 300
MIN_AGREEMENT = 0.995
MIN_UNSEEN_POSTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: whether it passed, in a sentence and in figures."""

    name: str
    is_passed: bool
    detail: str
    figures: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The check as it stands in `promotion.json`."""
        return {
            "name": self.name,
            "passed": self.is_passed,
            "detail": self.detail,
            "figures": dict(self.figures),
        }


def list_reasons(checks: Sequence[Check]) -> list[str]:
    """Why a model is refused: the sentences of all checks that failed."""
    return [f"{check.name}: {check.detail}" for check in checks if not check.is_passed]


def check_contract(fault: str | None, training_digest: str) -> Check:
    """The model was trained under the installed contract. `fault` says why not."""
    return Check(
        name="contract",
        is_passed=fault is None,
        detail=fault or f"trained under the installed contract, {training_digest[:12]}",
        figures={"training_digest": training_digest},
    )


def check_unseen(
    n_examples: int,
    n_seen: int | None,
    *,
    n_seen_by_assistant: int = 0,
    n_left: int,
    is_trained: bool = False,
    silent_parts: Sequence[str] = (),
    allow_unknown: bool = False,
    allow_few: bool = False,
) -> Check:
    """Enough gold is left without what the model or its assistants were trained on.

    `n_seen` is None where the model does not say. One that was trained for this task
    (`is_trained`) may remember any gold then, so it is refused, unless `allow_unknown`;
    `silent_parts` names those of a mean that do not say.
    """
    figures = {
        "n": n_examples,
        "n_seen": n_seen,
        "n_seen_by_assistant": n_seen_by_assistant,
        "n_left": n_left,
    }
    is_enough = n_left >= MIN_UNSEEN_POSTS or (allow_few and n_left > 0)
    if n_seen is None:
        detail = "the folder does not say what it was trained on, so all gold counts"
        if is_trained and not allow_unknown:
            parts = f" ({', '.join(silent_parts)} of its parts)" if silent_parts else ""
            detail = (
                f"it was trained for this task, and no trained_on.json says on what{parts}: it may "
                "remember the gold. Train it anew with this version, average models that say it, "
                "or give --allow-unknown-training to let all gold count"
            )
    else:
        detail = (
            f"{n_seen} of {n_examples} gold examples are in its training data, "
            f"{n_seen_by_assistant} more in its assistant's; they do not count"
        )
    if not is_enough:
        detail += f"; {n_left} are left and {MIN_UNSEEN_POSTS} are needed. Give another --gold"
    is_known = n_seen is not None or not is_trained or allow_unknown
    return Check(name="unseen", is_passed=is_enough and is_known, detail=detail, figures=figures)


def check_judged(n_examples: int, n_judged: int) -> Check:
    """The model has a label for every gold example."""
    return Check(
        name="judged",
        is_passed=n_judged == n_examples,
        detail=f"{n_judged} of {n_examples} gold examples could be judged",
        figures={"n": n_examples, "n_judged": n_judged},
    )


def check_better(
    baseline_name: str,
    baseline: Sequence[Judged],
    candidate: Sequence[Judged],
    *,
    n_resamples: int,
    seed: int,
    n_seen_by_baseline: int = 0,
    allow_few: bool = False,
) -> Check:
    """Macro-F1 is higher with its whole interval above 0, and accuracy is not lower.

    Both models are compared on the examples that both judged, by the paired
    bootstrap of picture groups (see `compare_paired`). What the baseline was trained on is
    left out by the caller: `n_seen_by_baseline` examples.
    """
    both = {row.example_id for row in baseline} & {row.example_id for row in candidate}
    if n_seen_by_baseline and len(both) < (1 if allow_few else MIN_UNSEEN_POSTS):
        return Check(
            name="better",
            is_passed=False,
            detail=f"{baseline_name} was trained on {n_seen_by_baseline} of the gold examples; "
            f"{len(both)} are left to compare on and {MIN_UNSEEN_POSTS} are needed. Give another "
            "--gold",
            figures={"against": baseline_name, "n_seen_by_baseline": n_seen_by_baseline},
        )
    a = [row for row in baseline if row.example_id in both]
    b = [row for row in candidate if row.example_id in both]
    found = compare_paired(a, b, n_resamples=n_resamples, seed=seed)
    f1, accuracy = found["macro_f1"], found["accuracy"]
    intervals = bootstrap_scores(b, n_resamples=n_resamples, seed=seed)
    is_f1_better, is_accuracy_kept = f1.low > 0, accuracy.difference >= 0
    faults = [
        text
        for is_met, text in (
            (is_f1_better, "the interval of macro-F1 must lie above 0"),
            (is_accuracy_kept, "accuracy must not fall"),
        )
        if not is_met
    ]
    figures = "; ".join(
        f"{name} {d.value_a:.1%} -> {d.value_b:.1%}, {100 * d.difference:+.1f} points "
        f"[{100 * d.low:+.1f}, {100 * d.high:+.1f}]"
        for name, d in (("macro-F1", f1), ("accuracy", accuracy))
    )
    return Check(
        name="better",
        is_passed=is_f1_better and is_accuracy_kept,
        detail=f"against {baseline_name} on {f1.n} examples in {f1.n_groups} groups"
        + (f" ({n_seen_by_baseline} that it was trained on left out)" if n_seen_by_baseline else "")
        + f": {figures}"
        + "".join(f"; {fault}" for fault in faults),
        figures={
            "against": baseline_name,
            "n_seen_by_baseline": n_seen_by_baseline,
            "differences": {name: asdict(difference) for name, difference in found.items()},
            "scores": {name: asdict(interval) for name, interval in intervals.items()},
            "level": LEVEL,
            "n_resamples": n_resamples,
            "seed": seed,
        },
    )


def check_calibrated(
    gold: Sequence[Judged],
    *,
    stored: LabelCalibration | None,
    fitted: Calibration | None,
    stored_fit: StoredFit | None = None,
    n_shared: int | None = None,
    n_left_out: int = 0,
    allow_few: bool = False,
) -> Check:
    """There is a temperature: fitted now, or stored beside the model, and it does no harm.

    `gold` are judged with T = 1 and no bias. A temperature that makes their log loss
    worse beyond chance (95 % interval of the mean change, by example) is refused, unless
    few posts are allowed; the calibration error is reported, and what a stored bias
    does: it is for data with other shares of labels, so it is not judged by one set's.
    `stored_fit` is how the stored one came about: at a limit, of too few posts, or on
    `n_shared` posts of the gold (None: it does not say) it is refused. `n_left_out`
    calibration examples were left out as the gold or the training data have them, too.
    """
    if fitted is None and n_left_out:
        return Check(
            name="calibrated",
            is_passed=False,
            detail=f"all {n_left_out} calibration examples are in the gold or the training data "
            "(the assistant's counts), too; give other data",
            figures={"n_left_out": n_left_out},
        )
    if fitted is None and stored is None:
        return Check(
            name="calibrated",
            is_passed=False,
            detail="the folder has no calibration.json, and no --calibrate-on was given to fit "
            "a temperature on (the dev split of the training data, say)",
        )
    bias = stored.bias if stored is not None else NO_CALIBRATION.bias
    temperature = (stored or NO_CALIBRATION).temperature if fitted is None else fitted.temperature
    softened = apply_calibration(gold, LabelCalibration(temperature))
    change = measure_nll_change(gold, softened)
    on_gold: dict[str, Any] = {
        "n": len(gold),
        "nll_before": measure_nll(gold),
        "nll_after": measure_nll(softened),
        "nll_change": change,
        "ece_before": measure_ece(gold),
        "ece_after": measure_ece(softened),
        "nll_with_bias": measure_nll(apply_calibration(gold, LabelCalibration(temperature, bias))),
    }
    figures = {
        "temperature": temperature,
        "label_bias": by_label(bias) if any(bias) else None,
        "source": "fitted" if fitted is not None else "calibration.json",
        "fit": fitted.to_json() if fitted is not None else None,
        "n_shared": n_shared,
        "n_left_out": n_left_out,
        "gold": on_gold,
    }
    detail = (
        f"temperature {temperature:.3f}; ECE on gold {100 * measure_ece(gold):.1f} -> "
        f"{100 * measure_ece(softened):.1f} points"
    )
    if any(bias):
        detail += (
            f"; log loss on gold {on_gold['nll_after']:.3f}, with the bias of the labels "
            f"{on_gold['nll_with_bias']:.3f}"
        )
    fit = stored_fit or StoredFit()
    if fitted is not None:
        detail += (
            f"; fitted on {fitted.n} examples, {n_left_out} left out that gold or "
            "training data hold, too"
        )
        faults = find_fit_faults(
            temperature, fitted.n, is_bounded=fitted.is_bounded, allow_few=allow_few
        )
    else:
        faults = find_fit_faults(temperature, fit.n, is_bounded=fit.is_bounded, allow_few=allow_few)
        if fit.n is None:
            detail += "; calibration.json does not say on how many posts it was fitted"
    if n_shared is None and stored is not None and (any(bias) or fitted is None):
        detail += "; calibration.json does not say whether it was fitted on posts of this gold"
    faults += _find_stored_faults(
        fit, n_shared, is_bias=any(bias), is_refitted=fitted is not None, allow_few=allow_few
    )
    # Rounding makes a temperature of 1 worse by 1e-16.
    if change["low"] > 1e-9 and not allow_few:
        faults.append(
            f"it makes the log loss on gold worse by {change['mean']:.3f} nats "
            f"[{change['low']:.3f}, {change['high']:.3f}]: fit another with --calibrate-on"
        )
    return Check(
        name="calibrated",
        is_passed=not faults,
        detail="; ".join([detail, *faults]),
        figures=figures,
    )


def _find_stored_faults(
    fit: StoredFit, n_shared: int | None, *, is_bias: bool, is_refitted: bool, allow_few: bool
) -> list[str]:
    """What is wrong with the posts of a stored fit, of which a new temperature keeps the bias."""
    faults = []
    if is_bias and fit.n_bias is not None and fit.n_bias < MIN_POSTS and not allow_few:
        faults.append(
            f"a set that the bias of the labels was fitted on has {fit.n_bias} posts, and at least "
            f"{MIN_POSTS} are needed (or --allow-few-posts): `analytics distill calibrate` anew"
        )
    if n_shared and (is_bias or not is_refitted):
        what = "the bias of the labels" if is_refitted else "calibration.json"
        faults.append(
            f"{what} was fitted on {n_shared} of these gold posts: give another --gold, or "
            "`analytics distill calibrate` on other posts"
        )
    return faults


def choose_agreement_items(
    gold: Sequence[Example], more: Sequence[Example], *, seed: int, n: int = N_AGREEMENT_POSTS
) -> list[Item]:
    """At most `n` different items to compare engines on, of gold first."""
    chosen: dict[str, Item] = {}
    for examples in (gold, more):
        distinct = {e.item.content_key: e for e in examples if e.item.content_key not in chosen}
        for example in sample_by_group(list(distinct.values()), n - len(chosen), seed):
            chosen[example.item.content_key] = example.item
    return list(chosen.values())


def calibrate_replies(
    replies: Mapping[str, LabelReply], calibration: LabelCalibration
) -> dict[str, LabelReply]:
    """Replies that were made without a calibration, with one."""
    return {
        key: replace(reply, probabilities=calibrate_probabilities(reply.probabilities, calibration))
        for key, reply in replies.items()
    }


def compare_replies(
    ours: Mapping[str, LabelReply], theirs: Mapping[str, LabelReply], *, keys: Sequence[str]
) -> dict[str, Any]:
    """How many of `keys` get the same label, and how far probabilities are apart at most.

    An item that either engine could not judge counts as a disagreement.
    """
    pairs = [
        (ours[key].probabilities, theirs[key].probabilities)
        for key in keys
        if key in ours and key in theirs
    ]
    n_same = sum(label_of(a) is label_of(b) for a, b in pairs)
    worst = max((abs(x - y) for a, b in pairs for x, y in zip(a, b, strict=True)), default=None)
    share = n_same / len(keys) if keys else 0.0
    return {"n": len(keys), "n_same": n_same, "share": share, "max_difference": worst}


def check_agreement(
    found: Mapping[str, Any],
    *,
    versions: Mapping[str, str],
    allow_few: bool,
    as_served: Mapping[str, Any] | None = None,
) -> Check:
    """Two engines give nearly all posts the same label.

    `found` is what `compare_replies` says of float32. `as_served`, with its `dtype`, is the
    same in the number type that serving computes in: reported, not judged, because there
    the numbers of one engine move with the batch, too.
    """
    n, share, worst = found["n"], found["share"], found["max_difference"]
    detail = (
        f"transformers and vLLM give {found['n_same']} of {n} posts the same label ({share:.1%}, "
        f"{MIN_AGREEMENT:.1%} needed), probabilities differ by up to "
        + ("?" if worst is None else f"{worst:.2g}")
    )
    if as_served is not None:
        detail += f"; in {as_served['dtype']}, as served, {as_served['n_same']} of {n}"
    is_enough = n >= N_AGREEMENT_POSTS or (allow_few and n > 0)
    if not is_enough:
        detail += (
            f"; {N_AGREEMENT_POSTS} posts are needed: give more gold, more of --calibrate-on, or "
            "--allow-few-posts"
        )
    return Check(
        name="serving",
        is_passed=is_enough and share >= MIN_AGREEMENT,
        detail=detail,
        figures={
            "checked": True,
            **found,
            "dtype": "float32",
            "as_served": dict(as_served) if as_served is not None else None,
            "engines": dict(versions),
        },
    )


def skip_agreement(reason: str, *, is_allowed: bool) -> Check:
    """vLLM was not asked; `reason` says why, and whether that was allowed."""
    detail = f"agreement with vLLM was not checked: {reason}"
    return Check(
        name="serving",
        is_passed=is_allowed,
        detail=detail if is_allowed else f"{detail}. Mend that, or give --without-vllm",
        figures={"checked": False, "reason": reason},
    )
