"""Small random models of real architectures, made in seconds."""

import json
from pathlib import Path
from typing import Any

from analytics.engine.quiet import quiet_libraries

_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_IMAGE_TOKENS = ("<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>")


def make_tiny_idefics3(path: Path, *, tokenizer_from: Path) -> Path:
    """A two-layer Idefics3 with 4 tokens a picture; head size 32, as vLLM wants on CPUs."""
    with quiet_libraries():
        import torch
        import transformers

        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(tokenizer_from)
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
        torch.manual_seed(0)
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
