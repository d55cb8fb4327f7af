"""Delta folders: small, close to what was trained, and refused when they do not fit."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import EngineError
from analytics.engine.delta import (
    FORMAT_VERSION,
    GROUP,
    MANIFEST_FILE,
    apply_delta,
    restore_difference,
)
from analytics.engine.delta_writing import copy_small_files, pack_delta
from analytics.engine.models import ModelFolder, resolve_model
from analytics.engine.rounding import round_fitted, round_nearest, sum_outputs
from tests.engine.tiny_models import make_tiny_idefics3

pytestmark = pytest.mark.model


def test_a_delta_does_not_say_where_the_model_was_trained(tmp_path: Path) -> None:
    for name in ("model", "delta"):
        (tmp_path / name).mkdir()
    inner = {"_name_or_path": "/home/me/models/base", "hidden_size": 8}
    config = {"model_type": "idefics3", "text_config": inner}
    (tmp_path / "model/config.json").write_text(json.dumps(config))
    copy_small_files(tmp_path / "model", tmp_path / "delta")
    kept = json.loads((tmp_path / "delta/config.json").read_text())
    assert kept == {"model_type": "idefics3", "text_config": {"hidden_size": 8}}


def test_two_bits_keep_the_error_of_a_normal_variable_near_max_1960() -> None:
    """The best 2-bit quantiser leaves 0.1175 of the energy; one scale a group costs little."""
    import torch

    torch.manual_seed(0)
    difference = torch.randn(64, 3 * GROUP) * torch.rand(64, 1)
    codes, scales = round_nearest(difference)
    assert codes.dtype == torch.uint8
    assert codes.shape == (64, 3 * GROUP // 4)
    restored = restore_difference(codes, scales)
    share = float((restored - difference).square().sum() / difference.square().sum())
    assert 0.10 < share < 0.125


def test_zero_and_constant_groups_are_restored() -> None:
    import torch

    difference = torch.zeros(2, GROUP)
    difference[1] = 0.25
    restored = restore_difference(*round_nearest(difference))
    assert float(restored[0].abs().max()) < 1e-6
    torch.testing.assert_close(restored[1], difference[1], rtol=1e-3, atol=0)


def test_fitted_rounding_keeps_outputs_that_nearest_rounding_does_not() -> None:
    """Inputs of few directions, as in a transformer: most of the error can hide elsewhere."""
    import torch

    torch.manual_seed(0)
    difference = torch.randn(64, 2 * GROUP)
    inputs = torch.randn(2000, 48) @ torch.randn(48, 2 * GROUP) + 0.1 * torch.randn(2000, 2 * GROUP)
    moments = inputs.T @ inputs
    losses = {}
    for name, packed in (
        ("nearest", round_nearest(difference)),
        ("fitted", round_fitted(difference, moments)),
    ):
        restored = restore_difference(*packed)
        error, total = (sum_outputs(m, moments) for m in (restored - difference, difference))
        outputs = inputs @ (restored - difference).T
        assert error == pytest.approx(float(outputs.square().sum()), rel=1e-3)
        losses[name] = error / total
    assert 0.10 < losses["nearest"] < 0.13
    assert losses["fitted"] < losses["nearest"] / 5


def test_inputs_that_are_all_alike_change_no_code() -> None:
    """With independent inputs there is nothing to make up for."""
    import torch

    torch.manual_seed(0)
    difference = torch.randn(8, 2 * GROUP)
    codes, scales = round_nearest(difference)
    for moments in (torch.eye(2 * GROUP) * 7.0, torch.zeros(2 * GROUP, 2 * GROUP)):
        fitted, fitted_scales = round_fitted(difference, moments)
        torch.testing.assert_close(fitted_scales, scales)
        # Scales are half precision: a number between two levels may fall to either.
        assert float((fitted != codes).float().mean()) < 0.01


@pytest.fixture(scope="module")
def folders(base_folder: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A base, and a model trained from it in all its matrices, with more words."""
    import torch
    import transformers

    root = tmp_path_factory.mktemp("delta")
    base = make_tiny_idefics3(root / "base", tokenizer_from=base_folder.path)
    kind: Any = transformers.Idefics3ForConditionalGeneration
    model = kind.from_pretrained(base, dtype=torch.bfloat16)
    model.save_pretrained(base)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embed_tokens" not in name and "lm_head" not in name:
                parameter.add_(0.05 * parameter.std() * torch.randn_like(parameter))
    tuned = root / "tuned"
    processor: Any = transformers.AutoProcessor.from_pretrained(base)
    processor.tokenizer.add_tokens(["<new>"])
    model.resize_token_embeddings(len(processor.tokenizer), mean_resizing=False)
    model.save_pretrained(tuned)
    processor.save_pretrained(tuned)
    (tuned / "contract.json").write_text('{"a": 1}', encoding="utf-8")
    return root, base, tuned


def test_a_delta_gives_the_model_back(folders: Any) -> None:
    import torch
    import transformers
    from safetensors.torch import load_file

    root, base, tuned = folders
    manifest = pack_delta(tuned, base, root / "packed", renames={}, about={"name": "x"})
    assert manifest["added_tokens"] == ["<new>"]
    assert manifest["count_tensors_of_base"] == manifest["count_tensors"]
    whole = root / "whole"
    whole.mkdir()
    apply_delta(root / "packed", base, whole)
    for weights in (root / "packed/delta.safetensors", whole / "model.safetensors"):
        assert weights.stat().st_mode == weights.with_name("contract.json").stat().st_mode
    ours, theirs = (load_file(path / "model.safetensors") for path in (whole, tuned))
    assert set(ours) >= set(theirs)
    start = load_file(base / "model.safetensors")
    for name, value in theirs.items():
        assert ours[name].shape == value.shape
        if value.shape == start[name].shape and value.dim() > 1:
            change = (value.float() - start[name].float()).norm()
            if float(change):
                error = (value.float() - ours[name].float()).norm() / change
                assert float(error) < 0.5, name
    kind: Any = transformers.AutoProcessor
    assert len(kind.from_pretrained(whole).tokenizer) == len(kind.from_pretrained(tuned).tokenizer)
    assert (whole / "contract.json").read_text(encoding="utf-8") == '{"a": 1}'
    loader: Any = transformers.AutoModelForImageTextToText
    assert loader.from_pretrained(whole).dtype == torch.bfloat16


def test_another_format_and_another_base_are_errors(folders: Any, tmp_path: Path) -> None:
    _, base, tuned = folders
    packed = tmp_path / "packed"
    pack_delta(tuned, base, packed, renames={}, about={})
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(EngineError, match=r"no \*\.safetensors"):
        apply_delta(packed, empty, tmp_path / "out")
    manifest = json.loads((packed / "delta.json").read_text(encoding="utf-8"))
    manifest["format_version"] = 99
    (packed / "delta.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(EngineError, match="delta format 99"):
        apply_delta(packed, base, tmp_path / "out")


def test_a_base_with_other_weights_is_an_error(folders: Any, tmp_path: Path) -> None:
    """Same names and shapes: without the digest it would give another model in silence."""
    _, base, tuned = folders
    pack_delta(tuned, base, tmp_path / "packed", renames={}, about={})
    with pytest.raises(EngineError, match="was made against a base with weights"):
        apply_delta(tmp_path / "packed", _copy_with_noise(base, tmp_path), tmp_path)
    assert not (tmp_path / "model.safetensors").exists()


def test_a_flipped_byte_is_an_error(folders: Any, tmp_path: Path) -> None:
    _, base, tuned = folders
    packed = tmp_path / "packed"
    pack_delta(tuned, base, packed, renames={}, about={})
    weights = bytearray((packed / "delta.safetensors").read_bytes())
    weights[-7] ^= 1
    (packed / "delta.safetensors").write_bytes(weights)
    with pytest.raises(EngineError, match=r"delta\.safetensors: sha256 is .* damaged"):
        apply_delta(packed, base, tmp_path)


def test_an_unrelated_base_and_a_large_difference_are_refused(folders: Any, tmp_path: Path) -> None:
    _, base, tuned = folders
    packed = tmp_path / "packed"
    with pytest.raises(EngineError, match=r"none of its \d+ tensors .*model\.=typo\.") as caught:
        pack_delta(tuned, base, packed, renames={"model.": "typo.", "lm_head.": "typo."}, about={})
    assert "--rename" in str(caught.value)
    with pytest.raises(EngineError, match=r"MB, more than 0\.001 MB; .*--max-megabytes"):
        pack_delta(tuned, base, packed, renames={}, about={}, max_bytes=1000)
    assert not packed.exists()


def test_packing_leaves_no_small_file_of_an_earlier_model(folders: Any, tmp_path: Path) -> None:
    _, base, tuned = folders
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "calibration.json").write_text('{"temperature": 2.0}', encoding="utf-8")
    (packed / "README.md").write_text("card", encoding="utf-8")
    pack_delta(tuned, base, packed, renames={}, about={})
    assert not (packed / "calibration.json").exists()
    assert (packed / "README.md").exists()


def test_a_file_added_to_a_shipped_folder_reaches_the_assembled_model(
    base_folder: ModelFolder, cache_dir: Path, tmp_path: Path
) -> None:
    """A temperature that is stored after the first assembly counts from then on."""
    own_cache, shipped = tmp_path / "cache", tmp_path / "shipped"
    (own_cache / "models").mkdir(parents=True)
    (own_cache / "models" / base_folder.path.name).symlink_to(base_folder.path)
    pack_delta(
        base_folder.path,
        base_folder.path,
        shipped / "mine",
        renames={},
        about={"base": base_folder.name},
    )
    first = resolve_model("mine", cache_dir=own_cache, shipped=shipped)
    assert first.calibration.temperature == 1.0
    assert resolve_model("mine", cache_dir=own_cache, shipped=shipped) == first
    # Any folder that `distill ship` made can be named, too.
    assert resolve_model(str(shipped / "mine"), cache_dir=own_cache, shipped=shipped) == first
    shutil.rmtree(first.path)  # 270 MB
    (shipped / "mine" / "calibration.json").write_text('{"temperature": 2.0}', encoding="utf-8")
    second = resolve_model("mine", cache_dir=own_cache, shipped=shipped)
    assert second.calibration.temperature == 2.0
    assert second.path != first.path
    assert second.model_id != first.model_id


def _copy_with_noise(base: Path, tmp_path: Path) -> Path:
    from safetensors.torch import load_file, save_file

    other = tmp_path / "other"
    shutil.copytree(base, other)
    tensors = load_file(other / "model.safetensors")
    name = sorted(tensors)[0]
    tensors[name] = tensors[name] + 0.01
    save_file(tensors, other / "model.safetensors")
    return other


def test_difference_to_an_unknown_model_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / MANIFEST_FILE).write_text(
        json.dumps({"format_version": FORMAT_VERSION, "base": "smol-1b", "sha256": ""}),
        encoding="utf-8",
    )
    with pytest.raises(EngineError, match=r"'smol-1b', which this version does not have"):
        resolve_model(str(folder), cache_dir=tmp_path / "cache")
