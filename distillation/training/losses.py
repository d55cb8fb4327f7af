"""The losses of MulCoT-RD as pure functions over kept logits.

All sum over their positions; the caller divides by the number of positions of the
whole optimisation step, so that packing and accumulation do not change a loss. The
logits of a position are those that predict the response token in question, so no
shift is left to do here, and prompt positions are never among them.
"""

from collections.abc import Sequence
from typing import Any

from distillation.training.recipe import LossRecipe


def label_loss(logits: Any, label_ids: Any, classes: Any) -> Any:
    """Cross-entropy of the three-way softmax that serving uses, summed.

    logits: (n, vocabulary) after label prompts; label_ids: (3,); classes: (n,).
    """
    import torch

    return torch.nn.functional.cross_entropy(logits[:, label_ids].float(), classes, reduction="sum")


def response_loss(logits: Any, targets: Any) -> Any:
    """Next-token cross-entropy over response positions, summed.

    logits: (m, vocabulary); targets: (m,).
    """
    import torch

    return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum")


def soft_label_loss(logits: Any, label_ids: Any, teacher: Any, temperature: float) -> Any:
    """T^2 KL(assistant || student) over the three labels, summed.

    logits: (n, vocabulary); teacher: (n, 3) log-probabilities (or logits) of the labels.
    """
    return kd_loss(logits[:, label_ids], teacher, temperature)


def kd_loss(student: Any, teacher: Any, temperature: float) -> Any:
    """T^2 KL(assistant || student) over the whole vocabulary, summed over positions.

    student: (m, v), teacher: (m, w) logits. Model sizes of one family pad their
    vocabulary to different lengths; what only one of them has is cut off, and both
    are normalised over what is left. T^2 keeps the gradient's size independent of
    the temperature (Hinton et al. 2015, section 2).
    """
    import torch

    v = min(student.shape[-1], teacher.shape[-1])
    ours = (student[..., :v].float() / temperature).log_softmax(-1)
    theirs = (teacher[..., :v].float() / temperature).log_softmax(-1)
    kl = torch.nn.functional.kl_div(ours, theirs, log_target=True, reduction="sum")
    return kl * temperature**2


def kd_loss_top_k(student: Any, ids: Any, log_probs: Any, temperature: float) -> Any:
    """`kd_loss` from the assistant's k best tokens at `temperature`, summed.

    student: (m, v) logits; ids: (m, k); log_probs: (m, k), of the softmax at
    `temperature` over the whole vocabulary. All other tokens are one bucket, on both
    sides, so the result is at most `kd_loss` (data processing inequality) and meets it
    as the bucket's mass goes to 0.
    """
    import torch

    ours = (student.float() / temperature).log_softmax(-1)
    picked = ours.gather(-1, ids)
    theirs = log_probs.float()
    kl = (theirs.exp() * (theirs - picked)).sum(-1)
    rest = 1 - theirs.exp().sum(-1)
    # A probability of the bucket that is rounding error must not divide or take a log.
    has_rest = rest > 1e-6
    our_rest = torch.log1p(-picked.exp().sum(-1).clamp(max=1 - 1e-6))
    their_rest = rest.clamp(min=1e-6)
    kl = kl + torch.where(has_rest, their_rest * (their_rest.log() - our_rest), 0.0)
    return kl.sum() * temperature**2


def mix_losses(parts: Sequence[Any], loss: LossRecipe) -> Any:
    """One loss of four means: hard label, hard response, soft label, soft response.

    A task outside `kd_tasks` keeps its hard loss at full weight.
    """
    hard_label, hard_response, soft_label, soft_response = parts
    on_label = loss.kd_weight if "label" in loss.kd_tasks else 0.0
    on_response = loss.kd_weight if "rationale" in loss.kd_tasks else 0.0
    label = (1 - on_label) * hard_label + on_label * soft_label
    response = (1 - on_response) * hard_response + on_response * soft_response
    return loss.alpha * label + (1 - loss.alpha) * response
