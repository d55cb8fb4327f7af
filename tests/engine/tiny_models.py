"""Small random models of real architectures, made in seconds."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.labels import LABELS
from analytics.engine.quiet import quiet_libraries

_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Words of a toy that is trained, of the 49,152 of its tokenizer; those of our prompts are added.
TOY_WORDS = 2048
_IMAGE_TOKENS = ("<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>")


# The template of Qwen2.5-VL, without films.
_QWEN_TEMPLATE = (
    "{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
# Qwen's control tokens that SmolLM's tokenizer lacks; the last ones are not "special" there.
_QWEN_TOKENS = tuple(
    f"<|{name}|>"
    for name in (
        *("object_ref_start", "object_ref_end", "box_start", "box_end", "quad_start", "quad_end"),
        *("vision_start", "vision_end", "vision_pad", "image_pad", "video_pad"),
    )
)
_QWEN_MARKS = ("<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_suffix|>", "<|file_sep|>")


def skip_without_torchvision() -> None:
    """Skip a test that needs Qwen's processor where torchvision cannot be imported."""
    try:
        with quiet_libraries():
            import torchvision  # noqa: F401
    except (ImportError, RuntimeError) as exc:  # RuntimeError: it does not fit the torch
        pytest.skip(f"Qwen's processor needs torchvision, see docs/engines.md ({exc})")


def _load_tokenizer(folder: Path, n_words: int | None) -> Any:
    """The tokenizer of a folder, or one of its first `n_words` words and those of our prompts.

    Logits over all words are most of the work of training a model of two layers.
    """
    import tokenizers
    import transformers

    loaded: Any = transformers.AutoTokenizer.from_pretrained(folder)
    if n_words is None:
        return loaded
    table = json.loads(loaded.backend_tokenizer.to_str())
    vocab, merges = table["model"]["vocab"], table["model"]["merges"]
    parts = {"".join(pair): pair for pair in merges}
    kept = {word for word, n in vocab.items() if n < n_words}
    open_words = [*_list_prompt_words(loaded), *map(str, LABELS)]
    while open_words:
        word = open_words.pop()
        if word not in kept:
            kept.add(word)
            open_words += parts[word]
    table["model"]["vocab"] = {
        word: n for n, word in enumerate(sorted(kept, key=lambda word: int(vocab[word])))
    }
    table["model"]["merges"] = [pair for pair in merges if {"".join(pair), *pair} <= kept]
    made = tokenizers.Tokenizer.from_str(json.dumps(table))
    return type(loaded)(**loaded.init_kwargs | {"tokenizer_object": made})


def _list_prompt_words(tokenizer: Any) -> list[str]:
    templates = resources.files("analytics.contract") / "templates"
    texts = [file.read_text("utf-8") for file in templates.iterdir() if file.name.endswith(".txt")]
    found: list[str] = tokenizer.tokenize(" ".join(texts))
    return found


def make_tiny_idefics3(
    path: Path, *, tokenizer_from: Path, seed: int = 0, n_words: int | None = None
) -> Path:
    """A two-layer Idefics3 with 4 tokens a picture; head size 32, as vLLM wants on CPUs."""
    with quiet_libraries():
        import torch
        import transformers

        tokenizer = _load_tokenizer(tokenizer_from, n_words)
        tokenizer.add_tokens(
            [transformers.AddedToken(t, special=True, normalized=False) for t in _IMAGE_TOKENS]
        )
        config = transformers.Idefics3Config(
            text_config={
                "model_type": "llama",
                "hidden_size": 64,
                "intermediate_size": 128,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 1,
                "vocab_size": len(tokenizer),
                "max_position_embeddings": 1024,
                "bos_token_id": 1,
                "eos_token_id": 2,
                "pad_token_id": 2,
            },
            vision_config={
                "hidden_size": 64,
                "intermediate_size": 128,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "image_size": 64,
                "patch_size": 16,
            },
            scale_factor=2,
            image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
            pad_token_id=2,
        )
        torch.manual_seed(seed)
        model = transformers.Idefics3ForConditionalGeneration(config)
        with torch.no_grad():  # as initialised, all logits are nearly the same
            for parameter in model.parameters():
                parameter.mul_(4)
        pictures = transformers.Idefics3ImageProcessorPil(
            size={"longest_edge": 64}, max_image_size={"longest_edge": 64}, do_image_splitting=False
        )
        processor = transformers.Idefics3Processor(
            pictures, tokenizer, image_seq_len=4, chat_template=_TEMPLATE
        )
        model.save_pretrained(path)
        processor.save_pretrained(path)
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    (path / "generation_config.json").write_text(json.dumps(ids), encoding="utf-8")
    return path


def make_tiny_qwen2_5_vl(
    path: Path, *, tokenizer_from: Path, seed: int = 0, n_words: int | None = None
) -> Path:
    """A two-layer Qwen2.5-VL with 4 to 16 tokens a picture; its processor needs torchvision."""
    with quiet_libraries():
        import torch
        import transformers

        tokenizer = _load_tokenizer(tokenizer_from, n_words)
        tokenizer.add_tokens(
            [transformers.AddedToken(t, special=True, normalized=False) for t in _QWEN_TOKENS]
        )
        tokenizer.add_tokens(
            [transformers.AddedToken(t, special=False, normalized=False) for t in _QWEN_MARKS]
        )
        find_id = tokenizer.convert_tokens_to_ids
        config = transformers.Qwen2_5_VLConfig(
            text_config={
                "hidden_size": 128,
                "intermediate_size": 256,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "num_key_value_heads": 2,
                "vocab_size": len(tokenizer),
                "max_position_embeddings": 1024,
                # Sections of time, height and width: half a head together.
                "rope_parameters": {
                    "rope_type": "default",
                    "rope_theta": 10_000.0,
                    "mrope_section": [4, 6, 6],
                },
                "bos_token_id": 1,
                "eos_token_id": 2,
                "pad_token_id": 2,
            },
            vision_config={
                "depth": 2,
                "hidden_size": 64,
                "intermediate_size": 128,
                "num_heads": 2,
                "out_hidden_size": 128,
                "window_size": 56,
                "fullatt_block_indexes": [1],
            },
            image_token_id=find_id("<|image_pad|>"),
            video_token_id=find_id("<|video_pad|>"),
            vision_start_token_id=find_id("<|vision_start|>"),
            vision_end_token_id=find_id("<|vision_end|>"),
        )
        torch.manual_seed(seed)
        model = transformers.Qwen2_5_VLForConditionalGeneration(config)
        with torch.no_grad():  # as initialised, all logits are nearly the same
            for parameter in model.parameters():
                parameter.mul_(4)
        # Pixels of a picture: from 2 x 2 to 4 x 4 tokens of 28 x 28.
        sizes = {"shortest_edge": 56 * 56, "longest_edge": 112 * 112}
        processor = transformers.Qwen2_5_VLProcessor(
            transformers.Qwen2VLImageProcessor(size=sizes),
            tokenizer,
            transformers.Qwen2VLVideoProcessor(size=sizes),
            chat_template=_QWEN_TEMPLATE,
        )
        model.save_pretrained(path)
        processor.save_pretrained(path)
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    (path / "generation_config.json").write_text(json.dumps(ids), encoding="utf-8")
    return path
