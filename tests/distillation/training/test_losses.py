"""Losses against values computed by hand and against their definitions."""

import math

import pytest

torch = pytest.importorskip("torch")

from distillation.training.losses import (  # noqa: E402
    kd_loss,
    kd_loss_top_k,
    label_loss,
    mix_losses,
    response_loss,
    soft_label_loss,
)
from distillation.training.recipe import LossRecipe  # noqa: E402


def _logits(*rows: tuple[float, ...]) -> "torch.Tensor":
    return torch.tensor(rows, dtype=torch.float64).float()


def test_label_loss_is_the_softmax_over_three_tokens_alone() -> None:
    logits = _logits((9.0, math.log(1), math.log(2), 9.0, math.log(5)))
    loss = label_loss(logits, torch.tensor([1, 2, 4]), torch.tensor([2]))
    assert loss.item() == pytest.approx(-math.log(5 / 8))


def test_response_loss_sums_over_positions() -> None:
    logits = _logits((0.0, math.log(3)), (math.log(7), 0.0))
    loss = response_loss(logits, torch.tensor([1, 0]))
    assert loss.item() == pytest.approx(-math.log(3 / 4) - math.log(7 / 8))


def test_kd_loss_by_hand() -> None:
    """Assistant (1/4, 3/4), student (1/2, 1/2): KL = ln 2 + 1/4 ln 1/4 + 3/4 ln 3/4."""
    wanted = math.log(2) + 0.25 * math.log(0.25) + 0.75 * math.log(0.75)
    loss = kd_loss(_logits((0.0, 0.0)), _logits((0.0, math.log(3))), 1.0)
    assert loss.item() == pytest.approx(wanted, rel=1e-5)


def test_kd_loss_is_zero_for_equal_logits_and_sums_over_positions() -> None:
    same = torch.randn(4, 9, generator=torch.Generator().manual_seed(0))
    assert kd_loss(same, same + 3.0, 2.0).item() == pytest.approx(0.0, abs=1e-5)
    other = same.flip(-1)
    parts = sum(kd_loss(same[i : i + 1], other[i : i + 1], 2.0).item() for i in range(4))
    assert kd_loss(same, other, 2.0).item() == pytest.approx(parts, rel=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
def test_kd_loss_follows_its_definition_with_t_squared(temperature: float) -> None:
    generator = torch.Generator().manual_seed(1)
    ours, theirs = (torch.randn(3, 7, generator=generator) for _ in range(2))
    p = torch.softmax(theirs / temperature, -1)
    q = torch.softmax(ours / temperature, -1)
    wanted = temperature**2 * (p * (p.log() - q.log())).sum()
    assert kd_loss(ours, theirs, temperature).item() == pytest.approx(wanted.item(), rel=1e-4)


def test_gradient_of_kd_loss_keeps_its_size_at_high_temperature() -> None:
    """Hinton et al. 2015: for large T the gradient tends to (z - v) / n, whatever T is."""
    generator = torch.Generator().manual_seed(2)
    theirs = torch.randn(1, 6, generator=generator)
    ours = torch.randn(1, 6, generator=generator)
    gradients = []
    for temperature in (50.0, 200.0):
        student = ours.clone().requires_grad_()
        kd_loss(student, theirs, temperature).backward()
        gradients.append(student.grad)
    wanted = ((ours - ours.mean()) - (theirs - theirs.mean())) / 6
    torch.testing.assert_close(gradients[1], wanted, rtol=0.05, atol=2e-3)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=0.1, atol=5e-3)


def test_unequal_vocabulary_padding_is_cut_off() -> None:
    """Two sizes of one family pad to different lengths; padding logits must not count."""
    generator = torch.Generator().manual_seed(3)
    ours, theirs = (torch.randn(2, 10, generator=generator) for _ in range(2))
    wanted = kd_loss(ours, theirs, 1.0)
    padded = torch.cat([theirs, torch.full((2, 6), 4.0)], dim=1)
    assert kd_loss(ours, padded, 1.0).item() == pytest.approx(wanted.item(), rel=1e-6)
    padded = torch.cat([ours, torch.full((2, 3), 4.0)], dim=1)
    assert kd_loss(padded, theirs, 1.0).item() == pytest.approx(wanted.item(), rel=1e-6)


def test_top_k_meets_the_whole_vocabulary_from_below() -> None:
    generator = torch.Generator().manual_seed(4)
    ours = torch.randn(5, 40, generator=generator)
    theirs = 3 * torch.randn(5, 40, generator=generator)
    whole = kd_loss(ours, theirs, 2.0).item()
    found = []
    for k in (1, 4, 16, 39, 40):
        log_probs, ids = (theirs / 2.0).log_softmax(-1).topk(k)
        found.append(kd_loss_top_k(ours, ids, log_probs, 2.0).item())
    assert found == sorted(found)
    assert all(value <= whole * (1 + 1e-4) for value in found)
    assert found[-1] == pytest.approx(whole, rel=1e-3)
    assert found[2] == pytest.approx(whole, rel=0.1)


def test_top_k_survives_a_certain_assistant_and_a_certain_student() -> None:
    sure = torch.tensor([[60.0, 0.0, 0.0, 0.0]])
    log_probs, ids = sure.log_softmax(-1).topk(2)
    for student in (sure, -sure, torch.zeros(1, 4)):
        student = student.clone().requires_grad_()
        loss = kd_loss_top_k(student, ids, log_probs, 1.0)
        loss.backward()
        assert math.isfinite(loss.item())
        assert student.grad is not None
        assert bool(student.grad.isfinite().all())


def test_soft_label_loss_is_over_the_three_labels() -> None:
    logits = torch.randn(2, 8, generator=torch.Generator().manual_seed(5))
    ids = torch.tensor([6, 1, 3])
    theirs = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]).log()
    wanted = kd_loss(logits[:, ids], theirs, 1.5)
    assert soft_label_loss(logits, ids, theirs, 1.5).item() == pytest.approx(wanted.item())


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        # L = (1 - l) (a L_cls + (1 - a) L_rea) + l (a K_cls + (1 - a) K_rea)
        (LossRecipe(alpha=0.25, kd_weight=0.5), 0.5 * (0.25 + 0.75 * 2) + 0.5 * (0.25 * 3 + 3)),
        (LossRecipe(alpha=0.25), 0.25 + 0.75 * 2),
        (LossRecipe(alpha=0.25, kd_weight=0.5, kd_tasks=("label",)), 0.25 * 2 + 0.75 * 2),
        (LossRecipe(alpha=0.25, kd_weight=0.5, kd_tasks=("rationale",)), 0.25 + 0.75 * 3),
    ],
)
def test_mixture_of_the_four_losses(loss: LossRecipe, expected: float) -> None:
    assert mix_losses([1.0, 2.0, 3.0, 4.0], loss) == pytest.approx(expected)
