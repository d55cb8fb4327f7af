"""From items to token ids; the one way for all engines that hold a tokenizer."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from analytics.contract.errors import EngineError
from analytics.contract.images import ImageSettings
from analytics.contract.prompts import (
    Purpose,
    flatten_messages,
    render_messages,
    render_prefill,
)
from analytics.contract.records import Item
from analytics.contract.tokens import (
    LabelIds,
    check_fence,
    encode,
    find_label_ids,
    find_shared_start,
)

logger = logging.getLogger(__name__)

# Tokens of prompt and reply together. Posts are short; the cost of a longer
# limit is memory for the cache in vLLM and in batches.
DEFAULT_MAX_MODEL_LEN = 2048
CUT_MARK = " […] "
_PROBE = Item(content_key="", text="So good, we\u2019ll be back 100%")
# Texts whose first character could melt into what stands before them.
_SHARED_PROBES = ("So", "\n\nso", " so", "#so", ":)", "<", "\U0001f600", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A rendered item. A picture is one placeholder in `token_ids`, not yet expanded."""

    text: str
    token_ids: list[int]
    image_path: Path | None


class PromptMaker:
    """Renders items for one model, and cuts texts that would not fit into it.

    `limit_name` is the setting that `max_model_len` comes from, for messages.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        processor: Any = None,
        max_model_len: int = DEFAULT_MAX_MODEL_LEN,
        max_new_tokens: int,
        limit_name: str = "max_model_len",
    ) -> None:
        self._tokenizer = tokenizer
        self._processor = processor
        # One limit for both purposes: a post must be cut at the same place in
        # both prompts, or they no longer share a prefix.
        self._max_prompt_tokens = max_model_len - max_new_tokens
        self._chat = self._choose_chat()
        check_fence(tokenizer)
        self.label_ids: LabelIds = find_label_ids(tokenizer, self.render(_PROBE, "label"))
        self.prefill_ids = encode(tokenizer, render_prefill("rationale"))
        self._n_image_tokens = self._measure_image() if processor is not None else 0
        self._n_frame_tokens = self._measure(replace(_PROBE, text=""))
        if self._n_frame_tokens + self._n_image_tokens >= self._max_prompt_tokens:
            raise EngineError(
                f"{limit_name} = {max_model_len} leaves {self._max_prompt_tokens} tokens for the "
                f"prompt beside {max_new_tokens} for the rationale; the prompt without any post "
                f"is {self._n_frame_tokens + self._n_image_tokens}. Raise {limit_name}"
            )

    def prepare(self, items: Sequence[Item], purpose: Purpose) -> list[Prompt]:
        """The prompts of some items, in order; too long texts are cut and counted."""
        prompts, n_cut = [], 0
        for item in items:
            fitted = self.fit(item)
            n_cut += fitted is not item
            text = self.render(fitted, purpose)
            image_path = item.image_path if self._processor is not None else None
            prompts.append(
                Prompt(
                    text=text,
                    token_ids=encode(self._tokenizer, text),
                    image_path=image_path,
                )
            )
        if n_cut:
            logger.warning(
                "%d of %d posts were cut in the middle to fit %d prompt tokens",
                n_cut,
                len(items),
                self._max_prompt_tokens,
            )
        return prompts

    def render(self, item: Item, purpose: Purpose) -> str:
        """The prompt of an item as text, reply prefill included."""
        with_image = self._processor is not None and item.image_path is not None
        messages = render_messages(item, purpose, with_image=with_image)
        return self._chat(messages) + render_prefill(purpose)

    def fit(self, item: Item) -> Item:
        """The item itself, or one whose text (at last, aspect) is cut in the middle."""
        limit = self._max_prompt_tokens
        if item.image_path is not None:
            limit -= self._n_image_tokens
        # A token is at least one byte of text, so short texts need no counting.
        # An aspect stands twice in the rationale prompt.
        n_bytes = len(item.text.encode()) + 2 * len(item.aspect.encode())
        # 64: the fence lengthens some marks and the aspect prompt is longer.
        if 3 * n_bytes < limit - self._n_frame_tokens - 64 or self._measure(item) <= limit:
            return item
        shorter = self._shorten(limit, lambda text: replace(item, text=text), item.text)
        if self._measure(shorter) <= limit:
            return shorter
        return self._shorten(limit, lambda aspect: replace(shorter, aspect=aspect), shorter.aspect)

    def _shorten(self, limit: int, with_value: Callable[[str], Item], value: str) -> Item:
        """The item with as many tokens of one of its texts as fit, maybe none."""
        # Searched for, not computed: the fence makes more tokens of some texts.
        low, high = 0, min(limit, len(encode(self._tokenizer, value)) - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self._measure(with_value(self._cut(value, middle))) <= limit:
                low = middle
            else:
                high = middle - 1
        return with_value(self._cut(value, max(0, low)))

    def _cut(self, text: str, n_tokens: int) -> str:
        """Head (two thirds) and tail of a text, by tokens."""
        n_head = n_tokens * 2 // 3
        n_tail = n_tokens - n_head
        spans = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        offsets = spans["offset_mapping"]
        head = text[: offsets[n_head - 1][1]] if n_head else ""
        tail = text[offsets[len(offsets) - n_tail][0] :] if n_tail else ""
        return f"{head.rstrip()}{CUT_MARK}{tail.lstrip()}" if n_tokens else ""

    def _measure(self, item: Item) -> int:
        # The rationale prompt is the longer one.
        return len(encode(self._tokenizer, self.render(item, "rationale")))

    @cached_property
    def shared_ids(self) -> list[int]:
        """The tokens that prompts of both purposes begin with.

        One that does not is possible, so engines look.
        """
        items = [replace(_PROBE, text=text, aspect=text[-2:]) for text in _SHARED_PROBES]
        if self._processor is not None:
            items.append(replace(_PROBE, image_path=Path("probe")))
        purposes: tuple[Purpose, ...] = ("label", "rationale")
        return find_shared_start(
            [encode(self._tokenizer, self.render(item, p)) for item in items for p in purposes]
        )

    def _measure_image(self) -> int:
        """Tokens that the largest prepared picture adds to its placeholder."""
        side = ImageSettings().max_side
        item = replace(_PROBE, image_path=Path("probe"))
        text = self.render(item, "label")
        picture = Image.new("RGB", (side, side))
        inputs = self._processor(text=[text], images=[[picture]], add_special_tokens=False)
        return len(inputs["input_ids"][0]) - len(encode(self._tokenizer, text))

    def _choose_chat(self) -> Callable[[list[dict[str, Any]]], str]:
        """The chat template with content parts for pictures, or with plain strings."""
        owner = self._processor if self._processor is not None else self._tokenizer

        def chat(messages: list[dict[str, Any]]) -> str:
            if self._processor is None:
                messages = flatten_messages(messages)
            return str(
                owner.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            )

        try:
            probe = chat(render_messages(_PROBE, "label"))
        except Exception as exc:  # Jinja and transformers raise many kinds
            raise EngineError(
                f"this model's chat template does not take the messages ({exc}). Use a model "
                "whose template knows the roles system and user"
            ) from exc
        if _PROBE.text not in probe or "'type'" in probe:
            raise EngineError(
                "this model's chat template does not show the post as it is. Use an instruction "
                "model with a chat template"
            )
        return chat


def open_picture(path: Path) -> Image.Image:
    """A prepared picture, decoded.

    Raises:
        EngineError: it cannot be read.
    """
    with _refusing(path), Image.open(path) as picture:
        return picture.convert("RGB")


def read_picture(path: Path) -> bytes:
    """The bytes of a prepared picture that can be decoded.

    Raises:
        EngineError: it cannot be read, or decoded.
    """
    with _refusing(path), path.open("rb") as file:
        data = file.read()
        file.seek(0)
        with Image.open(file) as picture:
            picture.draft("L", (1, 1))  # all bytes are read, few pixels computed
            picture.load()
        return data


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as exc:  # Pillow's decoders raise many kinds
        # An open file's name stands for where it is in memory: each reason would be another.
        told = "no picture" if isinstance(exc, UnidentifiedImageError) else exc
        raise EngineError(
            f"picture {path}: cannot be read ({told}). The next `analytics run`, or `analytics"
            " media`, prepares it anew"
        ) from exc
