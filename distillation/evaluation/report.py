"""An evaluation as one JSON object and as a table for people."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from analytics.contract.labels import LABELS
from distillation.evaluation.bootstrap import LEVEL
from distillation.evaluation.evaluate import EvaluateSettings, Evaluation
from distillation.evaluation.probes import ProbeScores
from distillation.evaluation.scores import SCORE_NAMES, Judged

_TITLES = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
    "ece": "calibration error",
}


def to_json(found: Evaluation, settings: EvaluateSettings) -> dict[str, Any]:
    """Plain JSON values; see docs/distillation/evaluation.md for their meaning."""
    probes = found.probes
    report: dict[str, Any] = {
        "warning": None,  # in its place before the scores that it is about
        "n": found.n,
        "n_groups": found.n_groups,
        "n_with_picture": found.n_with_picture,
        "n_failed": found.n_failed,
        "n_seen_in_training": found.n_seen,
        "n_seen_by_assistant": found.n_seen_by_assistant,
        "scores": {name: asdict(found.scores[name]) for name in SCORE_NAMES},
        "scores_unseen": {name: asdict(score) for name, score in found.unseen_scores.items()}
        if found.unseen_scores
        else None,
        "majority_accuracy": found.majority_accuracy,
        "labels": {name: asdict(score) for name, score in found.labels.items()},
        "confusion": found.confusion,
        "intervals": {
            "level": LEVEL,
            "n_resamples": settings.n_resamples,
            "seed": settings.seed,
            "unit": "group",
        },
        "rationales": asdict(found.rationales) if found.rationales else None,
        "probes": {name: _probe_to_json(value) for name, value in probes.items()}
        if probes is not None
        else None,
    }
    if found.n_seen is None or found.n_seen + (found.n_seen_by_assistant or 0):
        report["warning"] = _describe_seen(report)
    return report


def _probe_to_json(value: ProbeScores | str) -> dict[str, Any]:
    return {"n": 0, "reason": value} if isinstance(value, str) else asdict(value)


def render_table(report: Mapping[str, Any]) -> str:
    """The report as aligned plain text; shares in percent, intervals in brackets."""
    model, data = report["model"], report["data"]
    kind = "distilled for this task" if model["is_distilled"] else "not distilled for this task"
    pictures = (
        f"{report['n_with_picture']} examples with their picture"
        if data["pictures_used"]
        else f"no pictures ({data['pictures_reason']})"
    )
    lines = [
        f"model     {model['id']}: {kind}",
        f"engine    {report['engine']['name']} {report['engine']['version']}"
        f" on {report['engine']['device']}, {report['engine']['dtype']}",
        f"data      {data['path']}, split {data['split']}: {report['n']} examples in"
        f" {report['n_groups']} groups, {report['n_failed']} not judged",
        f"pictures  {pictures}",
        f"training  {_describe_seen(report)}",
        "",
        *_render_scores(report),
        "",
        *_render_labels(report),
    ]
    if report["rationales"] is not None:
        lines += ["", *_render_rationales(report["rationales"])]
    if report["probes"] is not None:
        lines += ["", *_render_probes(report["probes"])]
    return "\n".join(lines)


def _describe_seen(report: Mapping[str, Any]) -> str:
    n, n_own = report["n"], report["n_seen_in_training"]
    if n_own is None:
        return "the model does not say what it was trained on"
    n_seen = n_own + (n_assistant := report["n_seen_by_assistant"])
    if not n_seen:
        return "no text of these was trained on, nor was an assistant"
    rest = f"; see the {n - n_seen} others" if report["scores_unseen"] else ""
    return (
        f"{n_own} of the {n} were TRAINED ON, {n_assistant} more by its assistant only, so the "
        f"scores of all show memory, not skill{rest}"
    )


def _render_scores(report: Mapping[str, Any]) -> list[str]:
    level = report["intervals"]["level"]
    unseen = report["scores_unseen"]
    rows = [["", "score", f"{level:.0%} interval", *(["not trained on", ""] if unseen else [])]]
    for name in SCORE_NAMES:
        cells = [
            cell
            for scores in (report["scores"], unseen)
            if scores
            for cell in (
                _percent(scores[name]["value"]),
                _span(scores[name]["low"], scores[name]["high"]),
            )
        ]
        rows.append([_TITLES[name], *cells])
    rows.append(["always the commonest label", _percent(report["majority_accuracy"])])
    return _align([[*row, *[""] * (len(rows[0]) - len(row))] for row in rows])


def _render_labels(report: Mapping[str, Any]) -> list[str]:
    rows = [["gold / predicted", *LABELS, "precision", "recall", "F1"]]
    for label in LABELS:
        score = report["labels"][label]
        counts = [str(report["confusion"][label][name]) for name in LABELS]
        shares = [_percent(score[name]) for name in ("precision", "recall", "f1")]
        rows.append([label, *counts, *shares])
    return _align(rows)


def _render_rationales(found: Mapping[str, Any]) -> list[str]:
    statuses = ", ".join(f"{n} {status}" for status, n in found["statuses"].items())
    rows = [
        [f"rationales ({found['n']}: {statuses})", ""],
        ["contradict the label", _percent(found["contradiction_rate"])],
        ["own prediction is gold", _percent(found["prediction_accuracy"])],
        [
            "Distinct-1 / Distinct-2",
            f"{_plain(found['distinct_1'])} / {_plain(found['distinct_2'])}",
        ],
        ["tokens a rationale", f"{found['mean_output_tokens']:.0f}"],
    ]
    if found["texts"] is not None:
        texts = found["texts"]
        rows += [
            [f"against {texts['n']} references: BLEU", f"{texts['bleu']:.2f}"],
            ["ROUGE-L", _plain(texts["rouge_l"])],
            ["METEOR (exact, stem)", _plain(texts["meteor"])],
            ["MiniLM cosine", _plain(found["cosine"])],
        ]
        if found["cosine_reason"]:
            rows[-1][1] = f"none: {found['cosine_reason']}"
    return _align(rows)


def _render_probes(probes: Mapping[str, Any]) -> list[str]:
    rows = [["probe", "n", "flips", "distance", *LABELS, "accuracy before", "after"]]
    notes = []
    for name, found in probes.items():
        if not found["n"]:
            notes.append(f"{name}: none, {found['reason']}")
            continue
        rows.append(
            [
                name.replace("_", " "),
                str(found["n"]),
                _percent(found["flip_share"]),
                _plain(found["mean_distance"]),
                *(f"{100 * found['mean_shift'][label]:+.1f}" for label in LABELS),
                _percent(found["accuracy_before"]),
                _percent(found["accuracy_after"]),
            ]
        )
    return [*(_align(rows) if len(rows) > 1 else []), *notes]


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _span(low: float, high: float) -> str:
    return f"[{100 * low:.1f}, {100 * high:.1f}]"


def write_predictions(judged: Sequence[Judged], path: Path) -> None:
    """Write predictions as Parquet: example_id, group, label (gold), and the probabilities."""
    frame = pl.DataFrame(
        [
            {
                "example_id": row.example_id,
                "group": row.group,
                "label": str(row.label),
                "predicted": str(row.predicted),
                **{f"p_{name}": p for name, p in zip(LABELS, row.probabilities, strict=True)},
            }
            for row in judged
        ]
    )
    temp = path.with_name(f".{path.name}.tmp")
    frame.write_parquet(temp)
    os.replace(temp, path)


def read_predictions(path: Path) -> list[Judged]:
    """The predictions of a file of `write_predictions`, for `compare_paired`."""
    return [
        Judged(
            example_id=row["example_id"],
            group=row["group"],
            label=next(label for label in LABELS if label == row["label"]),
            probabilities=(row["p_negative"], row["p_neutral"], row["p_positive"]),
        )
        for row in pl.read_parquet(path).iter_rows(named=True)
    ]
