"""Whether a model can be trained on packs: its attention must be what ours computes.

Packs know plain causal attention only. What a configuration tells is read; the rest is
seen by comparing a packed pass with plain ones in transformers' own code.
"""

import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from analytics.contract.errors import TrainingError
from analytics.contract.labels import Label
from analytics.contract.records import Item, Rationale
from distillation.data.examples import Example
from distillation.training.packing import pack_items
from distillation.training.sequences import EncodedItem, Encoder, TokenSequence, TrainingItem
from distillation.training.tree_attention import NAME

_KNOWN_KINDS = {"full_attention", "sliding_attention", "chunked_attention"}
# Length of the difference over that of the (centred) logits. Rounding gives below 1e-4 in
# float32 and 4e-2 in bfloat16; attention over the wrong tokens gives 0.3 and more.
_LIMITS = {"torch.float64": 1e-3, "torch.float32": 1e-3}
_LIMIT_OF_HALF = 0.2
_TEXT = "The new tram is late again and nobody says why, but the driver was kind. " * 4


def find_reach(config: Any) -> int | None:
    """How many tokens, itself included, a token sees in the layer that sees least; None: all."""
    text = config.get_text_config()
    kinds = getattr(text, "layer_types", None)
    reaches = []
    for name, kind, is_used in (
        ("sliding_window", "sliding", getattr(text, "use_sliding_window", True)),
        ("attention_chunk_size", "chunked", True),
    ):
        value = getattr(text, name, None)
        if value and is_used and (kinds is None or any(kind in str(k) for k in kinds)):
            reaches.append(int(value))
    return min(reaches, default=None)


def check_config(config: Any, folder: Path) -> None:
    """Refuse what our attention leaves out.

    Raises:
        TrainingError: attention logits are capped (Gemma 2), or layers are of another
            kind than attention (short convolutions, linear attention).
    """
    text = config.get_text_config()
    if others := sorted(set(getattr(text, "layer_types", None) or ()) - _KNOWN_KINDS):
        raise TrainingError(
            f"model {folder}: has layers of kind {', '.join(others)}, in which the branches of a "
            "pack would meet. Take a model with attention alone"
        )
    if cap := getattr(text, "attn_logit_softcapping", None):
        raise TrainingError(
            f"model {folder}: caps its attention logits (attn_logit_softcapping = {cap}), which "
            "training in packs leaves out. Take a model without"
        )


def check_passes(
    model: Any, encoder: Encoder, *, image_token_id: int | None, reach: int | None, folder: Path
) -> None:
    """Compare one packed pass with plain ones of a made-up post.

    Nothing is compared where the post is longer than `reach`: no training is then possible.

    Raises:
        TrainingError: they differ by more than rounding.
    """
    import torch

    encoded = _encode_post(encoder)
    if reach is not None and max(item.n_tokens for item in encoded) > reach:
        return
    device = model.device
    (pack,) = pack_items(encoded, max_tokens=100_000, image_token_id=image_token_id)
    with torch.no_grad():
        packed = model(**pack.make_inputs(device)).logits[0].float()
        model.set_attn_implementation("eager")
        try:
            rows = [_run_plain(model, piece.sequence, encoded[0].pixels) for piece in pack.pieces]
        finally:
            model.set_attn_implementation(NAME)
    plain = torch.cat(rows).float()
    plain, packed = (x - x.mean(-1, keepdim=True) for x in (plain, packed))
    error = float((packed - plain).norm() / plain.norm().clamp(min=1e-6))
    # `not <=`: a difference that is no number is one, too.
    if not error <= _LIMITS.get(str(model.dtype), _LIMIT_OF_HALF):
        raise TrainingError(
            f"model {folder}: a packed pass and plain passes differ by {error:.2%} of the logits, "
            "so its attention is not plainly causal and training in packs would be wrong. Take a "
            "model of another architecture (docs/distillation/training.md)"
        )


def _encode_post(encoder: Encoder) -> list[EncodedItem]:
    """Two aspects of a post, one with a rationale: a stem, branches, and forks in them."""
    rationale = Rationale(
        text_analysis=_TEXT,
        image_analysis="A grey slope.",
        conflict_resolution="None.",
        final_conclusion="The post is neutral.",
        label=Label.NEUTRAL,
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "slope.jpg"
        Image.linear_gradient("L").convert("RGB").resize((112, 112)).save(path)
        return [
            encoder.encode(
                TrainingItem(
                    key=aspect,
                    example=Example(
                        example_id=aspect,
                        item=Item(
                            content_key=aspect,
                            text=_TEXT,
                            aspect=aspect,
                            image_path=path,
                            image_sha256="slope",
                        ),
                        label=Label.NEUTRAL,
                        group="",
                    ),
                    rationale=found,
                )
            )
            for aspect, found in (("tram", rationale), ("driver", None))
        ]


def _run_plain(model: Any, sequence: TokenSequence, pixels: dict[str, Any]) -> Any:
    """The logits (r, vocabulary) that predict a sequence's response, in a pass of its own."""
    import torch

    positions = torch.from_numpy(sequence.position_ids)
    ids = torch.from_numpy(sequence.token_ids)[None].to(model.device)
    logits = model(
        input_ids=ids,
        position_ids=(positions if len(positions) == 1 else positions[:, None]).to(model.device),
        use_cache=False,
        **{name: value.to(model.device) for name, value in pixels.items()},
    ).logits[0]
    return logits[sequence.first_kept :]
