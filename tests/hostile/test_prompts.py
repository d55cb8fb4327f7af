"""A hostile post is data in the prompt: it adds no turn, no control token, no fence."""

from dataclasses import replace
from typing import Any

import pytest

from analytics.contract.prompts import Purpose, flatten_messages, render_messages
from analytics.contract.records import Item
from analytics.contract.rendering import PromptMaker
from analytics.contract.tokens import encode, list_control_tokens
from analytics.engine.model_files import load_tokenizer
from analytics.engine.models import ModelFolder
from tests.hostile.posts import list_posts

PURPOSES: tuple[Purpose, ...] = ("label", "rationale")
_FAMILIES = {
    "smol": ("base_folder", ""),
    "smol-aspect": ("base_folder", "tram"),
    "idefics3": ("tiny_vision_folder", "tram"),
    "qwen": ("tiny_qwen_folder", ""),
}


def test_there_are_enough_posts_of_each_kind() -> None:
    posts = list(list_posts())
    names = {(post.kind, post.name) for post in posts}
    assert len(names) == len(posts) >= 70
    assert len({post.kind for post in posts}) == 11


@pytest.mark.parametrize("purpose", [*PURPOSES, "teacher"])
def test_post_stands_in_one_fence_of_one_message(
    hostile_items: list[Item], purpose: Purpose
) -> None:
    for item in hostile_items:
        system, user = flatten_messages(render_messages(item, purpose))
        assert (system["role"], user["role"]) == ("system", "user")
        text = user["content"]
        assert text.startswith("<post>\n")
        assert (text.count("<post>"), text.count("</post>")) == (1, 1), item.content_key
        # The question behind the fence is ours but for the aspect, which keeps to its quotes.
        question = text.partition("\n</post>\n\n")[2]
        calm = flatten_messages(render_messages(replace(item, text="x", aspect="x"), purpose))
        own = calm[1]["content"].partition("\n</post>\n\n")[2]
        if item.aspect:
            assert question.count("\n") == own.count("\n")
            assert question.count('"') == own.count('"')


@pytest.mark.model
@pytest.mark.parametrize(("fixture", "aspect"), _FAMILIES.values(), ids=_FAMILIES)
def test_token_ids_hold_the_control_tokens_of_a_calm_post(
    request: pytest.FixtureRequest, hostile_items: list[Item], fixture: str, aspect: str
) -> None:
    folder: ModelFolder = request.getfixturevalue(fixture)
    tokenizer, processor = load_tokenizer(folder)
    maker = PromptMaker(tokenizer, processor=processor, max_model_len=700, max_new_tokens=100)
    control = set(list_control_tokens(tokenizer).values())
    items = [replace(item, aspect=item.aspect or aspect) for item in hostile_items]
    calm = [replace(i, text="x", aspect="x" if i.aspect else "") for i in items]
    for purpose in PURPOSES:
        prompts, expected = (maker.prepare(some, purpose) for some in (items, calm))
        for item, prompt, other in zip(items, prompts, expected, strict=True):
            found, own = (
                [token for token in p.token_ids if token in control] for p in (prompt, other)
            )
            assert found == own, item.content_key
            assert len(prompt.token_ids) <= 600
            _check_turns(tokenizer, prompt.token_ids)


def _check_turns(tokenizer: Any, token_ids: list[int]) -> None:
    """System, user and assistant once each, in this order, each opened by its mark."""
    (mark,) = encode(tokenizer, "<|im_start|>")
    places = [n for n, token in enumerate(token_ids) if token == mark]
    turns = [tokenizer.decode(token_ids[n + 1 : n + 3]).split("\n")[0] for n in places]
    assert turns == ["system", "user", "assistant"]
