"""The folder of an untrained `smol-139m`: Idefics3 around an existing language model.

The language model and its tokenizer come from a folder (SmolLM2-135M-Instruct);
the vision tower and the connector are new and random.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from analytics.contract.model_folder import share_weights

Result = TypeVar("Result")

# The tokens that Idefics3's processor needs; they take unused rows of the vocabulary
# where there are some, else new ones.
IMAGE_TOKENS = ("<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>")

# One picture part becomes <image>, which the processor expands.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionShape:
    """The vision tower: a ViT whose patches are shuffled into few image tokens.

    With 256 px, patches of 16 px and a pixel shuffle of 4 a picture is
    (256 / 16 / 4)^2 = 16 tokens.
    """

    image_size: int = 256
    patch_size: int = 16
    hidden_size: int = 192
    intermediate_size: int = 768
    num_hidden_layers: int = 6
    num_attention_heads: int = 6  # head size 32, the least that vLLM's CPU attention takes
    scale_factor: int = 4

    @property
    def n_image_tokens(self) -> int:
        """Tokens of one picture."""
        return (self.image_size // self.patch_size // self.scale_factor) ** 2


def build_untrained(folder: Path, *, language_model: Path, shape: VisionShape, seed: int) -> None:
    """Write the folder: float32 weights, processor with pictures, generation settings."""
    import torch
    import transformers

    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(language_model)
    tokenizer.add_tokens(
        [transformers.AddedToken(t, special=True, normalized=False) for t in IMAGE_TOKENS]
    )
    text: Any = transformers.AutoModelForCausalLM.from_pretrained(
        language_model, dtype=torch.float32
    )
    text.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    text_config = text.config.to_dict()
    ids = {name: text_config[f"{name}_token_id"] for name in ("bos", "eos")}
    vision = {k: v for k, v in asdict(shape).items() if k != "scale_factor"}
    config = transformers.Idefics3Config(
        text_config=text_config,
        vision_config=vision,
        scale_factor=shape.scale_factor,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=ids["eos"],
        tie_word_embeddings=True,
    )
    torch.manual_seed(seed)
    kind: Any = transformers.Idefics3ForConditionalGeneration
    model = kind(config)
    model.model.text_model.load_state_dict(text.model.state_dict())
    model.tie_weights()
    with torch.no_grad():
        # Image tokens begin about as long as word embeddings, not fifty times as long.
        scale = model.model.text_model.embed_tokens.weight.std()
        weight = model.model.connector.modality_projection.proj.weight
        weight.normal_(0.0, float(scale) / weight.shape[1] ** 0.5)
    pictures = transformers.Idefics3ImageProcessorPil(
        size={"longest_edge": shape.image_size},
        max_image_size={"longest_edge": shape.image_size},
        do_image_splitting=False,
    )
    processor = transformers.Idefics3Processor(
        pictures, tokenizer, image_seq_len=shape.n_image_tokens, chat_template=CHAT_TEMPLATE
    )
    # As its language model is stored; float32 would take twice the disk for nothing.
    model.to(torch.bfloat16).save_pretrained(folder)
    share_weights(folder)
    processor.save_pretrained(folder)
    generation = {f"{name}_token_id": value for name, value in ids.items()}
    generation["pad_token_id"] = ids["eos"]
    (folder / "generation_config.json").write_text(json.dumps(generation), encoding="utf-8")


def replace_tower(folder: Path, teach: Callable[[Any], Result]) -> Result:
    """Let `teach` change the vision tower of a model folder in place; what it gave."""
    import torch
    import transformers

    kind: Any = transformers.Idefics3ForConditionalGeneration
    model = kind.from_pretrained(folder, dtype=torch.float32)
    result = teach(model.model.vision_model)
    model.to(torch.bfloat16).save_pretrained(folder)
    share_weights(folder)
    return result
