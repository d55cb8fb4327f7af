"""The requests that the engine `openai` sends: what they say, and in which dialect."""

from dataclasses import dataclass, replace
from typing import Any

from analytics.chat.client import ChatClient, ChatReply
from analytics.contract.decoding import Decoding
from analytics.contract.prompts import (
    Message,
    Purpose,
    embed_picture,
    flatten_messages,
    make_reply_pattern,
    render_messages,
)
from analytics.contract.records import Item
from analytics.contract.rendering import CUT_MARK, read_picture
from analytics.contract.tokens import LabelIds
from analytics.engine.replies import STOP_STRINGS
from analytics.engine.served import ServedModel
from analytics.engine.served_rationales import make_schema

# Servers take four at most; what stands after the prediction is cut off here anyway.
_STOP_STRINGS = [text for text in STOP_STRINGS if not text.endswith(".\n")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a server is asked; found out at load.

    `label_ids` are the labels' first tokens where the server tells them (vLLM);
    without them the `n_top` most probable tokens are asked for. `prefill` is the start
    of a rationale that the server can be given to go on from.
    """

    n_top: int
    label_ids: LabelIds | None
    prefill: str
    is_vllm: bool
    guided: str

    def make_label_fields(self) -> dict[str, Any]:
        """What is added to a label request."""
        if self.label_ids is None:
            return {"logprobs": True, "top_logprobs": self.n_top}
        return {
            "logprobs": True,
            "logprob_token_ids": list(self.label_ids),
            "return_tokens_as_token_ids": True,
        }

    def make_rationale_fields(self, decoding: Decoding) -> dict[str, Any]:
        """What is added to a rationale request."""
        found: dict[str, Any] = {}
        # vLLM would take a model's own penalty for one that is not given.
        if self.is_vllm or decoding.repetition_penalty != 1.0:
            found["repetition_penalty"] = decoding.repetition_penalty
        if self.prefill:
            found |= {"add_generation_prompt": False, "continue_final_message": True}
        if self.guided == "regex":
            found["structured_outputs"] = {"regex": make_reply_pattern(self.prefill)}
        elif self.guided == "json":
            found["response_format"] = make_schema()
        elif self.is_vllm:
            found |= {"stop": _STOP_STRINGS, "include_stop_str_in_output": True}
        return found


class ServedRequests:
    """Sends the requests of one model to its server."""

    def __init__(self, *, client: ChatClient, model: ServedModel, decoding: Decoding) -> None:
        self.client = client
        self.model = model
        self._decoding = decoding

    async def post_label(self, dialect: Dialect, item: Item) -> ChatReply:
        """Ask for the first token of a label."""
        return await self.client.chat(
            self.render(item, self._read_picture(item), "label"),
            temperature=0.0,
            max_tokens=1,
            extra={**self.model.options.extra_body, **dialect.make_label_fields()},
        )

    async def post_rationale(
        self, dialect: Dialect, item: Item, *, max_tokens: int | None = None
    ) -> ChatReply:
        """Ask for a rationale, of fewer tokens than the settings allow where that is said."""
        messages = self.render(item, self._read_picture(item), "rationale")
        if dialect.prefill:
            messages.append({"role": "assistant", "content": dialect.prefill})
        return await self.client.chat(
            messages,
            temperature=0.0,
            max_tokens=max_tokens or self._decoding.max_rationale_tokens,
            extra={
                **self.model.options.extra_body,
                **dialect.make_rationale_fields(self._decoding),
            },
        )

    def render(self, item: Item, jpeg: bytes | None, purpose: Purpose) -> list[Message]:
        """The messages of a request: plain strings, which every server takes, but for a picture."""
        limit = self.model.options.max_characters
        if len(item.text) > limit:
            n_head = limit * 2 // 3
            head, tail = item.text[:n_head], item.text[n_head - limit :]
            item = replace(item, text=f"{head.rstrip()}{CUT_MARK}{tail.lstrip()}")
        messages = render_messages(item, purpose, with_image=jpeg is not None)
        if jpeg is None:
            return flatten_messages(messages)
        system, user = messages
        return [*flatten_messages([system]), *embed_picture([user], jpeg)]

    def _read_picture(self, item: Item) -> bytes | None:
        if item.image_path is None or not self.model.accepts_images:
            return None
        # A server may judge what is no picture all the same, and the memo would keep that.
        return read_picture(item.image_path)
