"""Learning-rate schedules: a linear warm-up, then a decay to zero."""

import math


def rate_factor(step: int, n_steps: int, *, share_warmup: float, decay: str) -> float:
    """What the peak rate is multiplied with at a step (counted from 0) of `n_steps`."""
    n_warmup = math.ceil(n_steps * share_warmup)
    if step < n_warmup:
        return (step + 1) / n_warmup
    done = (step - n_warmup) / max(1, n_steps - n_warmup)
    if decay == "linear":
        return 1.0 - done
    if decay == "cosine":
        return 0.5 * (1.0 + math.cos(math.pi * done))
    return 1.0
