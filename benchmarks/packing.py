"""Training cost of shared-prefix packs against separate, padded passes.

    python benchmarks/packing.py --model FOLDER [--items 32] [--rounds 3]

The same model, items and losses on all sides, in one process, interleaved; medians of
seconds for forward and backward, as JSON. Items are made up (drawn pictures, a label and
a rationale each), two aspects a post.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from analytics.contract.labels import LABELS
from analytics.contract.records import Rationale
from distillation.data.examples import make_example
from distillation.data.pictures import PictureFolder
from distillation.training.losses import label_loss, response_loss
from distillation.training.modeling import Trainee, load_trainee
from distillation.training.packing import Pack, pack_items
from distillation.training.recipe import ModelRecipe
from distillation.training.sequences import EncodedItem, Encoder, TrainingItem

_TEXT = "the tram was late again and nobody said why but the driver smiled at us all"
_WORDS = _TEXT.split(" ")


def make_items(n: int, folder: Path, *, with_rationale: bool) -> list[TrainingItem]:
    """Items of posts of 10 to 40 words, each post with a picture and two aspects."""
    pictures = PictureFolder(folder)
    items = []
    for i in range(n):
        post = i // 2
        path = folder / f"{post}.png"
        if not path.exists():
            Image.linear_gradient("L").rotate(7 * post).convert("RGB").save(path)
        words = [_WORDS[(post * 7 + k) % len(_WORDS)] for k in range(10 + post * 5 % 30)]
        label = LABELS[i % 3]
        part = " ".join(words[:12])
        rationale = Rationale(
            text_analysis=part,
            image_analysis=part,
            conflict_resolution=part,
            final_conclusion=part,
            label=label,
        )
        items.append(
            TrainingItem(
                key=str(i),
                example=make_example(
                    example_id=str(i),
                    text=f"{post} {' '.join(words)}",
                    aspect=words[i % 2],
                    label=label,
                    picture=path,
                    pictures=pictures,
                ),
                rationale=rationale if with_rationale else None,
            )
        )
    return items


def run_packs(trainee: Trainee, encoder: Encoder, packs: Sequence[Pack], *, dense: bool) -> float:
    """Seconds of forward and backward over packs."""
    import torch

    label_ids = torch.tensor(encoder.label_ids)
    started = time.perf_counter()
    for pack in packs:
        logits = trainee.model(**pack.make_inputs("cpu", dense=dense)).logits[0]
        total = logits.sum() * 0.0
        for piece in pack.pieces:
            ours = logits[piece.start : piece.stop]
            wanted = torch.from_numpy(piece.sequence.response_ids)
            if piece.sequence.purpose == "label":
                total = total + label_loss(ours, label_ids, wanted)
            else:
                total = total + response_loss(ours, wanted)
        total.backward()
    for parameter in trainee.model.parameters():
        parameter.grad = None
    return time.perf_counter() - started


def run_padded(
    trainee: Trainee, encoder: Encoder, encoded: Sequence[EncodedItem], *, batch_size: int
) -> tuple[float, int]:
    """Seconds and tokens of the usual way: right-padded batches, longest together."""
    import torch

    rows = sorted(
        ((s, item.pixels) for item in encoded for s in item.sequences),
        key=lambda row: len(row[0].token_ids),
    )
    label_ids = torch.tensor(encoder.label_ids)
    started, n_tokens = time.perf_counter(), 0
    for first in range(0, len(rows), batch_size):
        batch = rows[first : first + batch_size]
        longest = max(len(s.token_ids) for s, _ in batch)
        ids = torch.full((len(batch), longest), trainee.eos_id)
        mask = torch.zeros_like(ids)
        for i, (sequence, _) in enumerate(batch):
            ids[i, : len(sequence.token_ids)] = torch.from_numpy(sequence.token_ids)
            mask[i, : len(sequence.token_ids)] = 1
        n_tokens += ids.numel()
        pixels: dict[str, Any] = {
            name: torch.cat([p[name] for _, p in batch]) for name in batch[0][1]
        }
        hidden = trainee.model.model(
            input_ids=ids, attention_mask=mask, use_cache=False, **pixels
        ).last_hidden_state
        total = hidden.sum() * 0.0
        for i, (sequence, _) in enumerate(batch):
            logits = trainee.model.lm_head(hidden[i, sequence.first_kept : len(sequence.token_ids)])
            wanted = torch.from_numpy(sequence.response_ids)
            if sequence.purpose == "label":
                total = total + label_loss(logits, label_ids, wanted)
            else:
                total = total + response_loss(logits, wanted)
        total.backward()
    for parameter in trainee.model.parameters():
        parameter.grad = None
    return time.perf_counter() - started, n_tokens


def main() -> None:
    """Run all sides and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="an Idefics3 model folder")
    parser.add_argument("--items", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pack-tokens", type=int, default=1024)
    parser.add_argument("--json", action="store_true", help="accepted; the output is JSON anyway")
    options = parser.parse_args()
    recipe = ModelRecipe(dtype="bfloat16", frozen=("embed_tokens", "lm_head", "vision_model"))
    trainee = load_trainee(options.model, recipe, device="cpu")
    trainee.model.train()
    encoder = trainee.make_encoder(max_tokens=1024, max_response_tokens=320)
    found: dict[str, Any] = {"model": str(options.model.name), "items": options.items}
    for kind in ("labels", "labels_and_rationales"):
        with tempfile.TemporaryDirectory() as folder:
            items = make_items(
                options.items, Path(folder), with_rationale=kind == "labels_and_rationales"
            )
            encoded = [encoder.encode(item) for item in items]
        packs = list(
            pack_items(
                encoded, max_tokens=options.pack_tokens, image_token_id=trainee.image_token_id
            )
        )
        seconds: dict[str, list[float]] = {"tree": [], "dense_mask": [], "padded": []}
        n_padded = 0
        for number in range(options.rounds + 1):
            one = run_packs(trainee, encoder, packs, dense=False)
            two = run_packs(trainee, encoder, packs, dense=True)
            three, n_padded = run_padded(trainee, encoder, encoded, batch_size=8)
            if number:  # the first round warms up
                for name, value in zip(seconds, (one, two, three), strict=True):
                    seconds[name].append(value)
        medians = {name: statistics.median(values) for name, values in seconds.items()}
        found[kind] = {
            "tokens": {"packed": sum(len(p.token_ids) for p in packs), "padded": n_padded},
            "median_s": {name: round(value, 3) for name, value in medians.items()},
            "speedup_over_padded": round(medians["padded"] / medians["tree"], 2),
            "speedup_over_dense_mask": round(medians["dense_mask"] / medians["tree"], 2),
        }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
