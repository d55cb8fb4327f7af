"""The assistant's soft labels: computed beside the student, or read from disk.

On disk a folder holds `soft_labels.parquet` (one row per item and purpose) and
`manifest.json`. For rationales a row has the k best tokens of each response position
and their log-probabilities at the training temperature; for labels the three
log-probabilities. So the assistant need not fit beside the student.
"""

import hashlib
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl

from analytics.contract.digests import digest_of, training_digest
from analytics.contract.errors import TrainingError
from distillation.data.locks import make_folder
from distillation.data.manifests import MANIFEST_FILE, read_manifest_file, write_manifest
from distillation.training.losses import kd_loss, kd_loss_top_k, soft_label_loss
from distillation.training.packing import Pack, pack_items
from distillation.training.recipe import TASKS
from distillation.training.sequences import (
    EncodedItem,
    Encoder,
    Response,
    TokenSequence,
    TrainingItem,
)

logger = logging.getLogger(__name__)

# Raise when columns change their meaning. 2: the digest counts the post's content, too.
FORMAT_VERSION = 2
_MADE_BY = "analytics distill soft-labels"
SOFT_LABELS_FILE = "soft_labels.parquet"
# What a stop costs at most; a part is held in memory while it is made.
PART_ITEMS = 256
_PARTS_PREFIX = "parts-"
_SCHEMA = {
    "key": pl.String,
    "purpose": pl.String,
    "response_digest": pl.String,
    "k": pl.Int64,
    "ids": pl.Binary,
    "log_probs": pl.Binary,
}


class SoftLabels(Protocol):
    """Gives the soft loss of a pack, summed over label and over response positions."""

    def compute(self, pack: Pack, logits: Any, label_ids: Any) -> tuple[Any, Any]: ...


class ResidentAssistant:
    """An assistant that is held in memory and computes its logits pack by pack.

    `n_words` is the tokenizer's length: rows of the vocabulary beyond it are padding,
    of different lengths in models of different sizes, and are cut off. Only the prompts of
    `tasks` are run.
    """

    def __init__(
        self,
        model: Any,
        encoder: Encoder,
        items: Iterable[TrainingItem],
        *,
        image_token_id: int | None,
        n_words: int,
        temperature: float,
        tasks: Sequence[str] = TASKS,
    ) -> None:
        self._tasks = tasks
        self.n_words = n_words
        self._model = model.eval()
        self._encoder = encoder
        self._items = {item.key: item for item in items}
        self._image_token_id = image_token_id
        self.temperature = temperature

    @property
    def label_ids(self) -> tuple[int, int, int]:
        """The first tokens of the label words in the assistant's tokenizer."""
        return self._encoder.label_ids

    def compute(self, pack: Pack, logits: Any, label_ids: Any) -> tuple[Any, Any]:
        """The soft losses (labels, responses) of a pack's kept logits (m, vocabulary)."""
        import torch

        keys = dict.fromkeys(piece.sequence.key for piece in pack.pieces)
        theirs = {
            (sequence.key, sequence.purpose): (sequence, found)
            for sequence, found in self.run([self._items[key] for key in keys])
        }
        own_label_ids = torch.tensor(self.label_ids, device=logits.device)
        label_sum = response_sum = logits.sum() * 0.0
        for piece in pack.pieces:
            if piece.sequence.purpose not in self._tasks:
                continue
            sequence, found = theirs[piece.sequence.key, piece.sequence.purpose]
            _check_same_response(piece.sequence, digest_response(sequence))
            ours, found = logits[piece.start : piece.stop], found.to(logits.device)
            if piece.sequence.purpose == "label":
                label_sum = label_sum + soft_label_loss(
                    ours, label_ids, found[:, own_label_ids], self.temperature
                )
            else:
                response_sum = response_sum + kd_loss(ours, found, self.temperature)
        return label_sum, response_sum

    def run(self, items: Sequence[TrainingItem]) -> Iterator[tuple[TokenSequence, Any]]:
        """The assistant's logits (m, vocabulary) for each sequence of some items."""
        import torch

        device = next(self._model.parameters()).device
        encoded = [self._take_tasks(self._encoder.encode(item)) for item in items]
        encoded = [item for item in encoded if item.sequences]
        if not encoded:
            return
        n_tokens = max(4096, max(item.n_tokens for item in encoded))
        for pack in pack_items(encoded, max_tokens=n_tokens, image_token_id=self._image_token_id):
            with torch.no_grad():
                logits = self._model(**pack.make_inputs(device)).logits[0]
            for piece in pack.pieces:
                yield piece.sequence, logits[piece.start : piece.stop, : self.n_words]

    def _take_tasks(self, item: EncodedItem) -> EncodedItem:
        kept = tuple(s for s in item.sequences if s.purpose in self._tasks)
        return replace(item, sequences=kept)


@dataclass(frozen=True, slots=True)
class _Row:
    response_digest: str
    k: int
    ids: bytes
    log_probs: bytes


class StoredSoftLabels:
    """Soft labels read from a folder that `write_soft_labels` made."""

    def __init__(self, folder: Path, *, temperature: float, tasks: Sequence[str] = TASKS) -> None:
        manifest = read_manifest_file(folder, format_version=FORMAT_VERSION, made_by=_MADE_BY)
        if manifest["temperature"] != temperature:
            raise TrainingError(
                f"{folder}: soft labels at temperature {manifest['temperature']}, the recipe has "
                f"{temperature}. Write them anew, or set loss.temperature"
            )
        if manifest["training_digest"] != training_digest():
            raise TrainingError(
                f"{folder}: soft labels of another contract (other prompts). Write them anew"
            )
        self._folder = folder
        self._n_words = int(manifest["n_words"])
        self._temperature = temperature
        self._tasks = tasks
        frame = pl.read_parquet(folder / SOFT_LABELS_FILE)
        self._rows = {
            (key, purpose): _Row(digest, k, ids, log_probs)
            for key, purpose, digest, k, ids, log_probs in frame.iter_rows()
        }

    def check_items(self, items: Sequence[TrainingItem], encoder: Encoder) -> None:
        """See that all items have theirs before hours are spent on the first of them.

        Raises:
            TrainingError: some have none, or they are of another post or response.
        """
        wanted = [
            (item.key, task)
            for item in items
            for task in self._tasks
            if task == "label" or item.rationale is not None
        ]
        lacking = [one for one in wanted if one not in self._rows]
        if lacking:
            key, task = lacking[0]
            raise TrainingError(
                f"{self._folder}: holds no soft labels for {len(lacking)} of {len(wanted)} labels "
                f"and rationales, such as the {task} of item {key!r}. Write them with `{_MADE_BY}` "
                "for the same --data and --rationales as the student's"
            )
        for item in items:
            for response in encoder.list_responses(item):
                if response.purpose in self._tasks:
                    row = self._rows[response.key, response.purpose]
                    _check_same_response(response, row.response_digest)

    def compute(self, pack: Pack, logits: Any, label_ids: Any) -> tuple[Any, Any]:
        """The soft losses (labels, responses) of a pack's kept logits (m, vocabulary)."""
        import torch

        label_sum = response_sum = logits.sum() * 0.0
        for piece in pack.pieces:
            sequence = piece.sequence
            if sequence.purpose not in self._tasks:
                continue
            row = self._rows[sequence.key, sequence.purpose]
            _check_same_response(sequence, row.response_digest)
            ours = logits[piece.start : piece.stop]
            log_probs = torch.frombuffer(bytearray(row.log_probs), dtype=torch.float32)
            log_probs = log_probs.view(-1, row.k).to(logits.device)
            if sequence.purpose == "label":
                # Log-probabilities at T, times T, are logits whose softmax at T is theirs.
                label_sum = label_sum + soft_label_loss(
                    ours, label_ids, log_probs * self._temperature, self._temperature
                )
            else:
                ids = torch.frombuffer(bytearray(row.ids), dtype=torch.int32)
                ids = ids.view(-1, row.k).long().to(logits.device)
                response_sum = response_sum + kd_loss_top_k(
                    ours[:, : self._n_words], ids, log_probs, self._temperature
                )
        return label_sum, response_sum


def write_soft_labels(
    folder: Path,
    assistant: ResidentAssistant,
    items: Sequence[TrainingItem],
    *,
    k: int,
    about: dict[str, Any],
) -> int:
    """Run the assistant over all items once and store what the student needs; the rows.

    Written in parts, so that it goes on where it was stopped if `about`, which must tell
    all that decides the soft labels, is the same.

    Raises:
        TrainingError: the folder cannot be written.
    """
    make_folder(folder)
    (folder / MANIFEST_FILE).unlink(missing_ok=True)  # of what is replaced now
    parts = folder / f"{_PARTS_PREFIX}{digest_of(about)}"
    for other in folder.glob(f"{_PARTS_PREFIX}*"):
        if other != parts:
            shutil.rmtree(other)
    try:
        parts.mkdir(exist_ok=True)
        for start in range(0, len(items), PART_ITEMS):
            part = parts / f"{start:010d}.parquet"
            if not part.exists():
                rows = list(_make_rows(assistant, items[start : start + PART_ITEMS], k=k))
                temp = part.with_suffix(".tmp")
                pl.DataFrame(rows, schema=_SCHEMA).write_parquet(temp)
                temp.replace(part)
                logger.info("%d of %d items", min(start + PART_ITEMS, len(items)), len(items))
        temp = parts / "all.tmp"
        whole = pl.scan_parquet(sorted(parts.glob("*.parquet")))
        whole.sink_parquet(temp)
        count = int(whole.select(pl.len()).collect().item())
        temp.replace(folder / SOFT_LABELS_FILE)
    except (OSError, pl.exceptions.PolarsError) as exc:
        raise TrainingError(
            f"{folder / SOFT_LABELS_FILE}: cannot be written ({exc}). Make room, and give the same "
            "command again, which goes on from here; or give another --output"
        ) from exc
    manifest = {
        **about,
        "training_digest": training_digest(),
        "temperature": assistant.temperature,
        "n_words": assistant.n_words,
        "k": k,
        "count": count,
    }
    write_manifest(folder, manifest, format_version=FORMAT_VERSION)
    shutil.rmtree(parts)
    return count


def _make_rows(
    assistant: ResidentAssistant, items: Sequence[TrainingItem], *, k: int
) -> Iterator[dict[str, Any]]:
    """A row of `_SCHEMA` for each sequence of some items."""
    import torch

    for start in range(0, len(items), 16):
        for sequence, logits in assistant.run(items[start : start + 16]):
            if sequence.purpose == "label":
                logits = logits[:, list(assistant.label_ids)]
            log_probs = (logits.float() / assistant.temperature).log_softmax(-1)
            ids = torch.empty((0, 0), dtype=torch.int64)
            if sequence.purpose != "label":
                log_probs, ids = log_probs.topk(min(k, log_probs.shape[-1]))
            yield {
                "key": sequence.key,
                "purpose": sequence.purpose,
                "response_digest": digest_response(sequence),
                "k": log_probs.shape[1],
                "ids": ids.cpu().numpy().astype(np.int32).tobytes(),
                "log_probs": log_probs.cpu().numpy().astype(np.float32).tobytes(),
            }


def digest_soft_labels(folder: Path) -> str:
    """The sha256 of the soft labels in a folder.

    Raises:
        TrainingError: there are none.
    """
    try:
        with (folder / SOFT_LABELS_FILE).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise TrainingError(
            f"{folder / SOFT_LABELS_FILE}: cannot be read ({exc.strerror or exc}). Give a folder "
            f"that `{_MADE_BY}` finished"
        ) from exc


def digest_response(response: Response) -> str:
    """What two models must agree on before their logits are compared: post and response."""
    digest = hashlib.sha256(response.content_key.encode())
    digest.update(response.response_ids.astype(np.int64).tobytes())
    return digest.hexdigest()[:16]


def _check_same_response(response: Response, digest: str) -> None:
    if digest_response(response) != digest:
        raise TrainingError(
            f"item {response.key!r}: assistant and student got another text, aspect or picture, or "
            f"split its {response.purpose} into different tokens, so soft labels do not fit. Use "
            "the same data and rationales, and models with the same tokenizer"
        )
