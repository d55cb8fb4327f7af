"""A toy model and a few hand-made examples with drawn pictures."""

from pathlib import Path

import pytest
from PIL import Image

from analytics.contract.labels import LABELS
from analytics.contract.records import Rationale
from analytics.engine.models import ModelFolder
from distillation.data.examples import make_example
from distillation.data.pictures import PictureFolder
from distillation.training.sequences import TrainingItem
from tests.engine.tiny_models import (
    TOY_WORDS,
    make_tiny_idefics3,
    make_tiny_qwen2_5_vl,
    skip_without_torchvision,
)

TEXTS = (
    ("The new tram is great, thank you city", "tram"),
    ("The new tram is great, thank you city", "city"),
    ("Broken again. I hate this lift", "lift"),
    ("The library opens at nine", ""),
    ("Best soup in town", "soup"),
    ("Worst soup in town", "soup"),
    ("Rain tomorrow, says the forecast", ""),
    ("Never buying that phone again", "phone"),
)


@pytest.fixture(scope="session")
def toy_folder(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Idefics3 of two layers."""
    path = tmp_path_factory.mktemp("toy")
    return make_tiny_idefics3(path, tokenizer_from=base_folder.path, n_words=TOY_WORDS)


@pytest.fixture(scope="session")
def toy_qwen_folder(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Qwen2.5-VL of two layers, with positions on three axes."""
    skip_without_torchvision()
    path = tmp_path_factory.mktemp("qwen")
    return make_tiny_qwen2_5_vl(path, tokenizer_from=base_folder.path, n_words=TOY_WORDS)


@pytest.fixture(scope="session")
def training_items(tmp_path_factory: pytest.TempPathFactory) -> list[TrainingItem]:
    """Eight items: two aspects of one post, pictures and none, rationales and none."""
    folder = tmp_path_factory.mktemp("drawn")
    pictures = PictureFolder(folder / "prepared")
    found = []
    for n, (text, aspect) in enumerate(TEXTS):
        path = folder / f"{n // 2}.png"
        if not path.exists():
            Image.linear_gradient("L").rotate(45 * n).convert("RGB").save(path)
        label = LABELS[(n * 2) % 3]
        example = make_example(
            example_id=str(n),
            text=text,
            aspect=aspect,
            label=label,
            picture=path if n not in (3, 7) else None,
            pictures=pictures,
        )
        rationale = Rationale(
            text_analysis=f"The words are about {aspect or 'a place'}.",
            image_analysis="A grey slope.",
            conflict_resolution="None.",
            final_conclusion=f"It is {label}.",
            label=label,
        )
        found.append(
            TrainingItem(key=str(n), example=example, rationale=rationale if n % 3 != 2 else None)
        )
    return found
