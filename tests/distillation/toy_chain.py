"""The tiny recipe through the whole chain, step by step, by the commands that a user types."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from PIL import Image

from analytics.cli import cli
from analytics.contract.decoding import Decoding
from analytics.contract.labels import LABELS, label_of
from analytics.contract.parser import parse_reply
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from distillation.data.examples import Example
from distillation.data.loaders import load_examples
from distillation.data.pictures import PictureFolder
from distillation.data.seen import digest_text, read_seen
from tests.chat.scripted_server import MODEL, Answer, Asked, reason, say, serve

_POSTS = (
    ("The new tram is great", "tram"),
    ("Broken again, I hate this lift", "lift"),
    ("The library opens at nine", "library"),
    ("Best soup in town", "soup"),
    ("Worst bus of the week", "bus"),
    ("Rain tomorrow says the radio", "radio"),
)
_CLASSES = (2, 0, 1, 2, 0, 1)
# Always one label gives 2 of 6. Rounding differs by CPU, so a toy may miss one.
_LEARNED = 5 / 6
_UNION = ("--rationales", "teacher", "--rationales", "augmented")
_FOR_ASSISTANT_ONLY = "The market is open on Mondays"


def write_data(folder: Path) -> Path:
    (folder / "images").mkdir(parents=True)
    rows, taught = [], []
    for n, ((text, aspect), index) in enumerate(zip(_POSTS, _CLASSES, strict=True)):
        Image.linear_gradient("L").rotate(60 * n).convert("RGB").save(folder / f"images/{n}.jpg")
        label = str(LABELS[index])
        row = {"id": f"x-{n}", "text": text, "aspect": aspect, "label": label}
        rows.append({**row, "image": f"{n}.jpg", "aspect_start": text.find(aspect)})
        cot = (
            f'"Text_analysis": "It is {label}."\n\n"Image_analysis": "A slope."\n\n'
            f'"Conflict_resolution": "None."\n\n"Final_conclusion": "So {label}."\n\n'
            f'"Prediction": {label}'
        )
        taught.append({**row, "cot": cot})
    for split in ("train", "dev"):
        _write_lines(folder / f"{split}.jsonl", rows)
    _write_lines(folder / "test.jsonl", _add_word(rows, "now"))
    # Two labels of six are wrong: a model that is always right has no temperature.
    doubted = []
    for word in ("here", "there", "again", "maybe", "today", "indeed", "anyway", "twice"):
        part = [{**row, "id": f"{row['id']}-{word}"} for row in _add_word(rows, word)]
        part[0]["label"], part[4]["label"] = str(LABELS[0]), str(LABELS[2])
        doubted += part
    _write_lines(folder / "doubted/dev.jsonl", doubted)
    (folder / "doubted/images").symlink_to(folder / "images")
    more = {"id": "m", "text": _FOR_ASSISTANT_ONLY, "aspect": "market", "label": "neutral"}
    _write_lines(folder / "more/train.jsonl", [{**more, "image": None}])
    _write_lines(folder / "teacher.jsonl", taught)
    return folder


def _add_word(rows: Sequence[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    """Other texts (what was trained on is no gold), as near as a toy needs them to be."""
    return [{**row, "text": f"{row['text']} {word}"} for row in rows]


def _write_lines(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _run(*arguments: str, exit_code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(cli, ["distill", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == exit_code, done.output
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _teach(asked: Asked) -> Answer:
    """A teacher that knows the labels but one, which it is told in stage 2."""
    texts = [text for text, _ in _POSTS]
    label = asked.given_label or (
        "negative" if asked.post == texts[3] else LABELS[_CLASSES[texts.index(asked.post)]]
    )
    return say(
        reason(
            str(label),
            text_analysis=f"It is {label}.",
            image_analysis="A slope.",
            conflict_resolution="None.",
            final_conclusion=f"So {label}.",
        )
    )


def _serve(engine_name: str, model: ModelFolder, examples: Sequence[Example]) -> list[str]:
    """The labels that an engine gives to what was learned; its rationales must say the same."""
    engine = load_engine(
        engine_name, model, decoding=Decoding(max_rationale_tokens=128), dtype="float32"
    )
    try:
        items = [example.item for example in examples]
        labels = [str(label_of(reply.probabilities)) for reply in engine.label(items)]
        parsed = [parse_reply(reply, has_image=True) for reply in engine.rationalize(items)]
    finally:
        engine.close()
    # Chance is two of six; a toy is not sure of all, and number types differ by engine.
    assert sum(p.status == "ok" for p in parsed) >= 4
    assert sum(str(p.rationale.label) == a for p, a in zip(parsed, labels, strict=True)) >= 4
    return labels


def _name_inputs(model: Path, data: Path) -> tuple[str, ...]:
    return ("--model", str(model), "--data", f"{data}:train", "--dev", f"{data}:dev")


def distil(model: Path, data: Path) -> None:
    """Teacher data, assistant, augmentation and student, in the working folder."""
    with serve(_teach) as server:
        taught = _run(
            *("teacher", "--url", server.url, "--model", MODEL, "--data", str(data)),
            *("--split", "train", "--output", "teacher"),
        )
    assert taught["count_by_stage"] == {"teacher": 5, "teacher_given_label": 1}

    common = _name_inputs(model, data)
    trained = _run(
        *("assistant", "--recipe", "tiny-assistant", *common, "--rationales", "teacher"),
        *("--data", f"{data / 'more'}:train"),
        *("--output", "assistant"),
    )
    assert trained["rationales"] == 6
    assert trained["with_picture"] == 6
    assert trained["last"]["dev_accuracy"] >= _LEARNED
    assert not list(Path("assistant").glob("checkpoint-*"))

    augmented = _run(
        *("augment", "--model", "assistant/model", "--data", f"{data}:train"),
        *("--engine", "transformers", "--dtype", "float32", "--output", "augmented"),
        *("--max-rationale-tokens", "64"),
    )
    assert augmented["count_by_stage"] == {"assistant": 6}

    # Some toys learn the six posts and little of how they are like others: such a one is made anew.
    for seed in range(3):
        student = _run(
            *("student", "--recipe", "tiny-student", *common, *_UNION, "--seed", str(seed)),
            *("--assistant", "assistant/model", "--output", "student"),
        )
        found = _run(
            *("evaluate", "--model", "student/model", "--data", str(data), "--split", "test"),
            *("--engine", "transformers", "--dtype", "float32", "--no-probes"),
            *("--max-rationales", "0"),
        )
        if found["scores"]["accuracy"]["value"] >= _LEARNED or seed == 2:
            break
        shutil.rmtree("student")
    assert student["count_items"] == 12
    assert student["last"]["soft_rea"] < 0.5
    assert student["last"]["dev_accuracy"] >= _LEARNED


def try_other_ways(model: Path, data: Path) -> None:
    """After `distil`: stored soft labels, the assistant's rationales alone, and evaluation."""
    common = _name_inputs(model, data)
    # As the header of the recipe says: all soft labels first, of the union, too.
    short = ["--set", "optim.n_epochs=3"]
    stored = _run(
        *("soft-labels", "--recipe", "tiny-student", "--model", "assistant/model"),
        *("--data", f"{data}:train", *_UNION, "--top-k", "32", "--output", "soft"),
    )
    # A label and a rationale of each item.
    assert (stored["count_items"], stored["count_soft_labels"]) == (12, 24)
    from_disk = _run(
        *("student", "--recipe", "tiny-student", *common, *_UNION),
        *("--soft-labels", "soft", *short, "--output", "student-soft"),
    )
    assert from_disk["last"]["soft_rea"] > 0
    _run(
        *("student", "--recipe", "tiny-student", *common, "--rationales", "augmented"),
        *("--set", "loss.kd_weight=0", *short, "--output", "student-augmented"),
    )
    # By each of the three ways the student says what only its assistant read.
    hidden = digest_text(_FOR_ASSISTANT_ONLY)
    assistant = read_seen(Path("assistant/model"))
    assert assistant is not None
    assert hidden in assistant.texts
    for name in ("student", "student-soft", "student-augmented"):
        seen = read_seen(Path(name) / "model")
        assert seen is not None, name
        assert (seen.assistant_texts, len(seen.texts)) == ({hidden}, 6), name

    _run(
        *("teacher", "--import", str(data / "teacher.jsonl"), "--data", str(data)),
        *("--split", "test", "--output", "teacher-test"),
    )
    refused = CliRunner().invoke(
        cli,
        [
            *("distill", "evaluate", "--model", "student/model", "--data", str(data)),
            *("--split", "test", "--rationales", "teacher", "--engine", "transformers"),
        ],
    )
    assert "is of another post" in str(refused.exception or refused.output)
    scored = _run(
        *("evaluate", "--model", "student/model", "--data", str(data), "--split", "test"),
        *("--rationales", "teacher-test", "--engine", "transformers", "--dtype", "float32"),
    )
    assert scored["model"]["is_distilled"]
    assert scored["data"]["pictures_used"]
    assert (scored["n_seen_in_training"], scored["n_seen_by_assistant"]) == (0, 0)
    assert scored["scores"]["accuracy"]["value"] >= 4 / 6


def promote_and_serve(model: Path, data: Path, *, with_vllm: bool) -> None:
    """The student passes the gate, and engines serve it by its name."""
    cache = Path(os.environ["ANALYTICS_CACHE_DIR"])
    promote = [
        *("distill", "promote", "student/model", "--name", "toy", "--gold", str(data)),
        *("--against", str(model), "--json"),
        *("--allow-few-posts", "--resamples", "300", *([] if with_vllm else ["--without-vllm"])),
    ]
    fit = ["--calibrate-on", str(data / "doubted")]
    done = CliRunner().invoke(cli, [*promote, *fit], catch_exceptions=False)
    promoted = json.loads(done.stdout.strip().splitlines()[-1])
    assert promoted["status"] == "promoted", promoted["reasons"]
    found = resolve_model("toy", cache_dir=cache)
    assert str(found.path) == promoted["path"]
    examples = load_examples(data, "train", pictures=PictureFolder(cache / "kept"))
    gold = [str(example.label) for example in examples]
    for engine in ("transformers", "vllm") if with_vllm else ("transformers",):
        said = _serve(engine, found, examples)
        assert sum(a == b for a, b in zip(said, gold, strict=True)) >= 4, engine
