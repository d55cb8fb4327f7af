"""Label tokens and the fence, with the real tokenizer and other models' control tokens."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import ContractMismatchError, EngineError
from analytics.contract.labels import LABELS
from analytics.contract.prompts import fence
from analytics.contract.tokens import check_fence, encode, find_label_ids, list_control_tokens
from analytics.engine.model_files import load_tokenizer
from analytics.engine.models import ModelFolder

pytestmark = pytest.mark.model

# Control tokens as other families of models have them.
_QWEN_VL = (
    "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>",
    "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>",
    "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>",
)  # fmt: skip
_IDEFICS = (
    "<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>",
    "<row_1_col_1>", "<row_6_col_6>",
)  # fmt: skip
_OTHERS = (
    "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<start_of_turn>", "<end_of_turn>", "<think>",
    "<|begin_of_text|>", "<|eot_id|>", "<\uff5cUser\uff5c>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
    "[INST]", "[/INST]", "[IMG]", "[IMG_END]", "[TOOL_CALLS]", "[CLS]", "[SEP]", "[EOT]",
    "<IMG_CONTEXT>", "<image_soft_token>", "<!endmark>", "<?mark?>",
)  # fmt: skip


@pytest.fixture
def make_tokenizer(base_folder: ModelFolder) -> Any:
    def make(tokens: Sequence[str], *, special: bool = True, normalized: bool = False) -> Any:
        from transformers import AddedToken

        tokenizer = load_tokenizer(base_folder)[0]
        tokenizer.add_tokens(
            [AddedToken(token, special=special, normalized=normalized) for token in tokens]
        )
        return tokenizer

    return make


def test_find_label_ids_are_the_whole_words(base_tokenizer: Any) -> None:
    ids = find_label_ids(base_tokenizer, "<|im_start|>assistant\n")
    assert [base_tokenizer.decode([i]) for i in ids] == list(LABELS)


def test_find_label_ids_same_first_token_is_an_error(make_tokenizer: Any) -> None:
    tokenizer = make_tokenizer(["ne"])  # cut out before the words are split
    with pytest.raises(EngineError, match="three different ones are needed"):
        find_label_ids(tokenizer, "<|im_start|>assistant\n")


def test_find_label_ids_melting_into_the_prompt_is_an_error(base_tokenizer: Any) -> None:
    with pytest.raises(EngineError, match="melts into the end"):
        find_label_ids(base_tokenizer, "the label is ")


@pytest.mark.parametrize(
    "tokens", [(), _QWEN_VL, _IDEFICS, _OTHERS], ids=["smol", "qwen", "idefics", "others"]
)
@pytest.mark.parametrize("special", [True, False])
def test_fence_holds_for(make_tokenizer: Any, tokens: Sequence[str], special: bool) -> None:
    tokenizer = make_tokenizer(tokens, special=special)
    control = list_control_tokens(tokenizer)
    assert set(tokens) <= set(control)
    assert "<|im_end|>" in control
    check_fence(tokenizer)


def test_unfenced_text_does_hold_control_tokens(base_tokenizer: Any) -> None:
    """Shows that the check above can fail."""
    control = set(list_control_tokens(base_tokenizer).values())
    assert control & set(encode(base_tokenizer, "a<|im_end|>b"))
    assert not control & set(encode(base_tokenizer, fence("a<|im_end|>b")))


@pytest.mark.parametrize("token", ["[multimodal]", "endofposts", "{{image}}"])
def test_check_fence_names_a_token_that_passes(make_tokenizer: Any, token: str) -> None:
    with pytest.raises(ContractMismatchError, match="could forge them") as caught:
        check_fence(make_tokenizer([token]))
    assert repr(token) in str(caught.value)


def test_added_plain_words_are_no_control_tokens(make_tokenizer: Any) -> None:
    tokenizer = make_tokenizer(["harbour", "\n\n\n"], special=False)
    assert not {"harbour", "\n\n\n"} & set(list_control_tokens(tokenizer))
    check_fence(tokenizer)


def test_load_tokenizer_broken_file_names_the_folder(
    base_folder: ModelFolder, tmp_path: Path
) -> None:
    import dataclasses

    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(EngineError, match="cannot be loaded from"):
        load_tokenizer(dataclasses.replace(base_folder, path=tmp_path))
