"""Engine `transformers`: one process, CPU or one GPU, always there.

Loaded by `load_engine("transformers", ...)`.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from analytics.contract.decoding import Decoding
from analytics.contract.engine import EngineFacts, LabelReply, TextReply
from analytics.contract.errors import ConfigError, EngineError, MissingExtraError
from analytics.contract.extras import install_hint
from analytics.contract.prompts import Purpose
from analytics.contract.records import Item
from analytics.contract.rendering import Prompt, PromptMaker, open_picture
from analytics.engine.attention import choose_attention
from analytics.engine.devices import choose_device, choose_dtype, share_cores
from analytics.engine.model_files import limit_model_len, list_eos_ids, load_tokenizer
from analytics.engine.models import ModelFolder
from analytics.engine.quiet import quiet_libraries
from analytics.engine.replies import decode, find_end, make_label_reply, make_text_reply

Reply = TypeVar("Reply", LabelReply, TextReply)

logger = logging.getLogger(__name__)

# Prompts in one forward pass, and padded tokens in it; more costs memory and,
# on a CPU, wins nothing.
_BATCH_SIZE = {"cpu": 32, "cuda": 128}
_BATCH_TOKENS = {"cpu": 8_192, "cuda": 65_536}
_OPTIONS = ("device", "max_model_len", "attn_implementation")


def load(
    folder: ModelFolder,
    *,
    decoding: Decoding,
    dtype: str,
    batch_size: int | None,
    options: Mapping[str, Any],
) -> "TransformersEngine":
    """Load a model and its tokenizer or processor.

    Raises:
        ConfigError: an option is unknown.
        MissingExtraError: torch or transformers is not installed.
        EngineError: the folder cannot be loaded, or its tokenizer does not fit.
    """
    for key in options:
        if key not in _OPTIONS:
            near = get_close_matches(key, _OPTIONS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(_OPTIONS)}"
            raise ConfigError(f"engine transformers: unknown option {key!r}.{hint}")
    share_cores()
    try:
        with quiet_libraries():
            import torch
            import transformers
    except ImportError as exc:
        raise MissingExtraError(
            f"engine transformers: {exc.name or exc} cannot be imported. {install_hint()}"
        ) from exc
    device = str(options.get("device") or choose_device())
    dtype = choose_dtype(dtype, device=device)
    with quiet_libraries():
        tokenizer, processor = load_tokenizer(folder)
    try:
        with quiet_libraries():
            kind = (
                transformers.AutoModelForImageTextToText
                if folder.accepts_images
                else transformers.AutoModelForCausalLM
            )
            extra: dict[str, Any] = {
                k: options[k] for k in ("attn_implementation",) if k in options
            }
            if not extra and device == "cpu" and (attention := choose_attention(folder.path)):
                extra = {"attn_implementation": attention}
            model: Any = kind.from_pretrained(
                folder.path, dtype=getattr(torch, dtype), local_files_only=True, **extra
            )
            model.eval()
            model = model.to(device)
    except Exception as exc:  # a folder can be broken in many ways
        raise EngineError(
            f"model {folder.name!r} cannot be loaded from {folder.path} "
            f"({type(exc).__name__}: {exc})"
        ) from exc
    maker = PromptMaker(
        tokenizer,
        processor=processor,
        max_model_len=limit_model_len(folder.path, options.get("max_model_len")),
        max_new_tokens=decoding.max_rationale_tokens,
    )
    return TransformersEngine(
        model=model,
        tokenizer=tokenizer,
        processor=processor,
        maker=maker,
        eos_ids=list_eos_ids(folder.path, tokenizer),
        decoding=decoding,
        temperature=folder.temperature,
        batch_size=batch_size,
        facts=EngineFacts(
            name="transformers",
            version=f"{transformers.__version__} (torch {torch.__version__})",
            model_id=folder.model_id,
            device=device,
            dtype=dtype,
            accepts_images=folder.accepts_images,
        ),
    )


class TransformersEngine:
    """Batches by length, padded on the left; the same code with and without pictures."""

    def __init__(
        self,
        *,
        model: Any,
        tokenizer: Any,
        processor: Any,
        maker: PromptMaker,
        eos_ids: list[int],
        decoding: Decoding,
        temperature: float,
        batch_size: int | None,
        facts: EngineFacts,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._processor = processor
        self._maker = maker
        self._decoding = decoding
        self._temperature = temperature
        self._facts = facts
        kind = facts.device.partition(":")[0]
        self._batch_size = batch_size or _BATCH_SIZE.get(kind, _BATCH_SIZE["cuda"])
        self._batch_tokens = _BATCH_TOKENS.get(kind, _BATCH_TOKENS["cuda"])
        self._pad_id = tokenizer.pad_token_id
        self._eos_ids = eos_ids
        if self._pad_id is None:
            self._pad_id = self._eos_ids[0]
        if processor is not None:
            processor.tokenizer.padding_side = "left"
            processor.tokenizer.pad_token_id = self._pad_id
        # The folder's own sampling settings must not reach greedy decoding.
        self._model.generation_config = self._make_generation_config(1)

    @property
    def facts(self) -> EngineFacts:
        """What is known of the loaded engine."""
        return self._facts

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """The label probabilities of items, in order, by one forward pass each.

        Raises:
            EngineError: the batch cannot be computed.
        """
        return self._run(items, "label", self._label_batch)

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """The rationales of items, in order, decoded greedily.

        Raises:
            EngineError: the batch cannot be computed.
        """
        return self._run(items, "rationale", self._rationalize_batch)

    def close(self) -> None:
        """Let go of the model's memory."""
        import gc

        import torch

        self._model = None
        gc.collect()
        if self._facts.device.startswith("cuda"):
            torch.cuda.empty_cache()

    def _run(
        self,
        items: Sequence[Item],
        purpose: Purpose,
        run_batch: Callable[[list[Prompt]], list[Reply]],
    ) -> list[Reply]:
        import torch

        if self._model is None:
            raise EngineError("engine transformers: it was closed. Load it again")
        prompts = self._maker.prepare(items, purpose)
        replies: dict[int, Reply] = {}
        for batch in split_by_length(
            prompts, batch_size=self._batch_size, batch_tokens=self._batch_tokens
        ):
            try:
                with torch.inference_mode(), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = run_batch([prompts[i] for i in batch])
            except (RuntimeError, ValueError, IndexError, TypeError) as exc:
                raise EngineError(
                    f"engine transformers: a batch of {len(batch)} {purpose} prompts of up to "
                    f"{len(prompts[batch[-1]].token_ids)} tokens failed "
                    f"({type(exc).__name__}: {exc})"
                ) from exc
            replies.update(zip(batch, found, strict=True))
        return [replies[i] for i in range(len(items))]

    def _label_batch(self, prompts: list[Prompt]) -> list[LabelReply]:
        inputs = self._encode(prompts)
        if self._processor is None:
            # Without these, padding on the left would shift the positions.
            positions = (inputs["attention_mask"].cumsum(-1) - 1).clamp(min=0)
            output = self._model(
                **inputs, position_ids=positions, use_cache=False, logits_to_keep=1
            )
            logits = output.logits[:, -1]
        else:
            # Models with pictures have positions of many kinds; generate knows them.
            output = self._model.generate(
                **inputs,
                generation_config=self._make_generation_config(1),
                output_logits=True,
                return_dict_in_generate=True,
            )
            logits = output.logits[0]
        rows = logits[:, list(self._maker.label_ids)].float().tolist()
        return [make_label_reply(row, temperature=self._temperature) for row in rows]

    def _rationalize_batch(self, prompts: list[Prompt]) -> list[TextReply]:
        inputs = self._encode(prompts)
        n_padded = inputs["input_ids"].shape[1]
        stop = _StopAtPrediction(
            self._tokenizer, prefill_ids=self._maker.prefill_ids, n_padded=n_padded
        )
        output = self._model.generate(
            **inputs,
            generation_config=self._make_generation_config(self._decoding.max_rationale_tokens),
            stopping_criteria=[stop],
        )
        lengths = inputs["attention_mask"].sum(-1).tolist()
        return [
            make_text_reply(
                self._tokenizer,
                prefill_ids=self._maker.prefill_ids,
                output_ids=row[: stop.lengths.get(i, len(row))],
                eos_ids=self._eos_ids,
                n_prompt_tokens=int(length) - len(self._maker.prefill_ids),
            )
            for i, (row, length) in enumerate(
                zip(output[:, n_padded:].tolist(), lengths, strict=True)
            )
        ]

    def _encode(self, prompts: list[Prompt]) -> dict[str, Any]:
        """Model inputs of prompts, padded on the left."""
        import torch

        if prompts[0].image_path is not None:
            pictures = [[open_picture(p.image_path)] for p in prompts if p.image_path]
            inputs = self._processor(
                text=[prompt.text for prompt in prompts],
                images=pictures,
                padding=True,
                add_special_tokens=False,
                return_tensors="pt",
            )
            inputs = inputs.to(self._facts.device, dtype=self._model.dtype)
            return dict(inputs)
        width = max(len(prompt.token_ids) for prompt in prompts)
        ids = torch.full((len(prompts), width), self._pad_id, dtype=torch.long)
        mask = torch.zeros((len(prompts), width), dtype=torch.long)
        for row, prompt in enumerate(prompts):
            n_tokens = len(prompt.token_ids)
            ids[row, width - n_tokens :] = torch.tensor(prompt.token_ids)
            mask[row, width - n_tokens :] = 1
        device = self._facts.device
        return {"input_ids": ids.to(device), "attention_mask": mask.to(device)}

    def _make_generation_config(self, max_new_tokens: int) -> Any:
        import transformers

        make: Any = transformers.GenerationConfig
        return make(
            max_new_tokens=max_new_tokens,
            do_sample=False,
            repetition_penalty=self._decoding.repetition_penalty,
            eos_token_id=self._eos_ids,
            pad_token_id=self._pad_id,
        )


def split_by_length(
    prompts: Sequence[Prompt], *, batch_size: int, batch_tokens: int
) -> Iterator[list[int]]:
    """Positions of prompts in batches of like length; pictures apart from none.

    A function of the prompts alone, so that a rerun computes the same batches.
    """
    order = sorted(
        range(len(prompts)),
        key=lambda i: (prompts[i].image_path is None, len(prompts[i].token_ids), i),
    )
    batch: list[int] = []
    for i in order:
        # The newest is the longest of its batch: what all are padded to.
        n_tokens = (len(batch) + 1) * len(prompts[i].token_ids)
        is_full = len(batch) == batch_size or n_tokens > batch_tokens
        if batch and (
            is_full or (prompts[batch[0]].image_path is None) != (prompts[i].image_path is None)
        ):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


class _StopAtPrediction:
    """A stopping criterion that ends each row after its prediction line.

    `lengths` says at how many new tokens it ended which row: what follows is
    padding. Line breaks are rare, so the text is looked at after them only.
    """

    def __init__(self, tokenizer: Any, *, prefill_ids: list[int], n_padded: int) -> None:
        self.lengths: dict[int, int] = {}
        self._tokenizer = tokenizer
        self._prefill_ids = prefill_ids
        self._n_padded = n_padded
        self._breaks: dict[int, bool] = {}

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        import torch

        n_new = input_ids.shape[1] - self._n_padded
        for row, token in enumerate(input_ids[:, -1].tolist()):
            if row in self.lengths or not self._has_break(token):
                continue
            ids = input_ids[row, self._n_padded :].tolist()
            if find_end(decode(self._tokenizer, [*self._prefill_ids, *ids])) is not None:
                self.lengths[row] = n_new
        done = [row in self.lengths for row in range(input_ids.shape[0])]
        return torch.tensor(done, device=input_ids.device, dtype=torch.bool)

    def _has_break(self, token: int) -> bool:
        known = self._breaks.get(token)
        if known is None:
            known = self._breaks[token] = "\n" in decode(self._tokenizer, [token])
        return known
