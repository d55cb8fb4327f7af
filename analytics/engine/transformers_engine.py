"""Engine `transformers`: one process, CPU or one GPU, always there.

Loaded by `load_engine("transformers", ...)`.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from analytics.contract.decoding import Decoding
from analytics.contract.engine import EngineFacts, LabelReply, TextReply
from analytics.contract.errors import EngineError, MissingExtraError
from analytics.contract.extras import install_hint
from analytics.contract.labels import LabelCalibration
from analytics.contract.prompts import Purpose
from analytics.contract.records import Item
from analytics.contract.rendering import Prompt, PromptMaker, open_picture
from analytics.engine.attention import choose_attention, is_plain_decoder
from analytics.engine.batching import split_by_length
from analytics.engine.beats import beat, computing
from analytics.engine.devices import choose_device, choose_dtype, share_cores
from analytics.engine.model_files import limit_model_len, list_eos_ids, load_tokenizer
from analytics.engine.models import ModelFolder
from analytics.engine.quiet import quiet_libraries
from analytics.engine.replies import make_label_reply, make_text_reply
from analytics.engine.stopping import PredictionLine, StopAtPrediction

if TYPE_CHECKING:
    from analytics.engine.greedy import GreedyDecoder

Reply = TypeVar("Reply", LabelReply, TextReply)

logger = logging.getLogger(__name__)

# Prompts in one forward pass, and padded tokens in it; more costs memory and,
# on a CPU, wins nothing.
_BATCH_SIZE = {"cpu": 32, "cuda": 128}
_BATCH_TOKENS = {"cpu": 8_192, "cuda": 65_536}
OPTIONS = ("device", "max_model_len", "attn_implementation")


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
            auto = (
                transformers.AutoModelForImageTextToText
                if folder.accepts_images
                else transformers.AutoModelForCausalLM
            )
            extra: dict[str, Any] = {
                k: options[k] for k in ("attn_implementation",) if k in options
            }
            if not extra and device == "cpu" and (attention := choose_attention(folder.path)):
                extra = {"attn_implementation": attention}
            model: Any = auto.from_pretrained(
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
    eos_ids = list_eos_ids(folder.path, tokenizer)
    pad_id = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else eos_ids[0]
    kind = device.partition(":")[0]
    batch_size = batch_size or _BATCH_SIZE.get(kind, _BATCH_SIZE["cuda"])
    batch_tokens = _BATCH_TOKENS.get(kind, _BATCH_TOKENS["cuda"])
    decoder = None
    if is_plain_decoder(folder.path):
        from analytics.engine.greedy import GreedyDecoder

        decoder = GreedyDecoder(
            model,
            shared_ids=maker.shared_ids,
            eos_ids=eos_ids,
            pad_id=pad_id,
            repetition_penalty=decoding.repetition_penalty,
            # A batch joins when half of the rows have ended.
            max_rows=2 * batch_size,
            max_tokens=2 * batch_tokens,
        )
    return TransformersEngine(
        model=model,
        decoder=decoder,
        tokenizer=tokenizer,
        processor=processor,
        maker=maker,
        eos_ids=eos_ids,
        pad_id=pad_id,
        decoding=decoding,
        calibration=folder.calibration,
        batch_size=batch_size,
        batch_tokens=batch_tokens,
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
        decoder: "GreedyDecoder | None",
        tokenizer: Any,
        processor: Any,
        maker: PromptMaker,
        eos_ids: list[int],
        pad_id: int,
        decoding: Decoding,
        calibration: LabelCalibration,
        batch_size: int,
        batch_tokens: int,
        facts: EngineFacts,
    ) -> None:
        self._model = model
        self._decoder = decoder
        self._tokenizer = tokenizer
        self._processor = processor
        self._maker = maker
        self._decoding = decoding
        self._calibration = calibration
        self._facts = facts
        self._batch_size = batch_size
        self._batch_tokens = batch_tokens
        self._line = PredictionLine(tokenizer, prefill_ids=maker.prefill_ids)
        self._pad_id = pad_id
        self._eos_ids = eos_ids
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
        if self._decoder is None:
            return self._run(items, "rationale", self._rationalize_batch)
        return self._rationalize_rows(self._decoder, items)

    def close(self) -> None:
        """Let go of the model's memory."""
        import gc

        import torch

        self._model = self._decoder = None
        gc.collect()
        if self._facts.device.startswith("cuda"):
            torch.cuda.empty_cache()

    def _run(
        self,
        items: Sequence[Item],
        purpose: Purpose,
        run_batch: Callable[[list[Prompt]], list[Reply]],
    ) -> list[Reply]:
        replies: dict[int, Reply] = {}
        prompts = self._prepare(items, purpose)
        for batch in self._split(prompts):
            with self._guard(purpose, [prompts[i] for i in batch]):
                found = run_batch([prompts[i] for i in batch])
            beat()
            replies.update(zip(batch, found, strict=True))
        return [replies[i] for i in range(len(items))]

    def _prepare(self, items: Sequence[Item], purpose: Purpose) -> list[Prompt]:
        if self._model is None:
            raise EngineError("engine transformers: it was closed. Load it again")
        return self._maker.prepare(items, purpose)

    def _split(self, prompts: list[Prompt]) -> Iterator[list[int]]:
        return split_by_length(
            prompts, batch_size=self._batch_size, batch_tokens=self._batch_tokens
        )

    @contextmanager
    def _guard(self, purpose: Purpose, prompts: list[Prompt]) -> Iterator[None]:
        """Compute without gradients and warnings; what goes wrong says with which prompts."""
        import torch

        try:
            with torch.inference_mode(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except (RuntimeError, ValueError, IndexError, TypeError) as exc:
            longest = max(len(prompt.token_ids) for prompt in prompts)
            raise EngineError(
                f"engine transformers: a batch of {len(prompts)} {purpose} prompts of up to "
                f"{longest} tokens failed ({type(exc).__name__}: {exc})"
            ) from exc

    def _label_batch(self, prompts: list[Prompt]) -> list[LabelReply]:
        inputs = self._encode(prompts)
        if self._decoder is not None:
            logits = self._decoder.score(inputs)
        elif self._processor is None:
            # Without these, padding on the left would shift the positions.
            positions = (inputs["attention_mask"].cumsum(-1) - 1).clamp(min=0)
            with computing():
                output = self._model(
                    **inputs, position_ids=positions, use_cache=False, logits_to_keep=1
                )
            logits = output.logits[:, -1]
        else:
            # Models with pictures have positions of many kinds; generate knows them.
            with computing():
                output = self._model.generate(
                    **inputs,
                    generation_config=self._make_generation_config(1),
                    output_logits=True,
                    return_dict_in_generate=True,
                )
            logits = output.logits[0]
        rows = logits[:, list(self._maker.label_ids)].float().tolist()
        return [make_label_reply(row, self._calibration) for row in rows]

    def _rationalize_rows(self, decoder: "GreedyDecoder", items: Sequence[Item]) -> list[TextReply]:
        prompts = self._prepare(items, "rationale")
        lengths: dict[int, int] = {}

        def encode_batches() -> Iterator[tuple[list[int], dict[str, Any]]]:
            for batch in self._split(prompts):
                inputs = self._encode([prompts[i] for i in batch])
                found = inputs["attention_mask"].sum(-1).tolist()
                lengths.update(zip(batch, found, strict=True))
                yield batch, inputs

        with self._guard("rationale", prompts):
            outputs = decoder.decode(
                encode_batches(),
                max_new_tokens=self._decoding.max_rationale_tokens,
                has_ended=self._line.has_ended,
            )
        return [self._make_text_reply(outputs[i], n_tokens=lengths[i]) for i in range(len(prompts))]

    def _rationalize_batch(self, prompts: list[Prompt]) -> list[TextReply]:
        inputs = self._encode(prompts)
        n_padded = inputs["input_ids"].shape[1]
        stop = StopAtPrediction(self._line, n_padded=n_padded)
        with computing():
            output = self._model.generate(
                **inputs,
                generation_config=self._make_generation_config(self._decoding.max_rationale_tokens),
                stopping_criteria=[stop],
            )
        lengths = inputs["attention_mask"].sum(-1).tolist()
        return [
            self._make_text_reply(row[: stop.lengths.get(i, len(row))], n_tokens=int(length))
            for i, (row, length) in enumerate(
                zip(output[:, n_padded:].tolist(), lengths, strict=True)
            )
        ]

    def _make_text_reply(self, output_ids: list[int], *, n_tokens: int) -> TextReply:
        return make_text_reply(
            self._tokenizer,
            prefill_ids=self._maker.prefill_ids,
            output_ids=output_ids,
            eos_ids=self._eos_ids,
            n_prompt_tokens=n_tokens - len(self._maker.prefill_ids),
        )

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
