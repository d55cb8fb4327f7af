"""Label probabilities of a model that is being trained, by the packs that train it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from distillation.training.packing import pack_items
from distillation.training.sequences import Encoder, TrainingItem


def score_labels(
    model: Any,
    encoder: Encoder,
    items: Sequence[TrainingItem],
    *,
    image_token_id: int | None,
    max_pack_tokens: int,
    autocast: Any,
) -> np.ndarray[Any, Any]:
    """Probabilities (n, 3) of the labels of items, in order."""
    import torch

    device = next(model.parameters()).device
    label_ids = torch.tensor(encoder.label_ids, device=device)
    found: dict[str, Any] = {}
    was_training = model.training
    model.eval()
    encoded = (encoder.encode(TrainingItem(key=item.key, example=item.example)) for item in items)
    with torch.inference_mode(), autocast():
        for pack in pack_items(encoded, max_tokens=max_pack_tokens, image_token_id=image_token_id):
            logits = model(**pack.make_inputs(device)).logits[0][:, label_ids].float()
            for piece in pack.pieces:
                found[piece.sequence.key] = logits[piece.start].softmax(-1).cpu().numpy()
    model.train(was_training)
    return np.stack([found[item.key] for item in items])
