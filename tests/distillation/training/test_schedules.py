import pytest

from distillation.training.schedules import rate_factor


@pytest.mark.parametrize("decay", ["linear", "cosine", "constant"])
def test_warm_up_is_linear_and_reaches_the_peak(decay: str) -> None:
    factors = [rate_factor(i, 100, share_warmup=0.1, decay=decay) for i in range(11)]
    assert factors[:10] == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert factors[10] == pytest.approx(1.0)


@pytest.mark.parametrize(("decay", "half"), [("linear", 0.5), ("cosine", 0.5), ("constant", 1.0)])
def test_decay_from_one_to_nothing(decay: str, half: float) -> None:
    assert rate_factor(50, 100, share_warmup=0.0, decay=decay) == pytest.approx(half)
    last = rate_factor(99, 100, share_warmup=0.0, decay=decay)
    assert (last == 1.0) if decay == "constant" else (0 < last < 0.02)


def test_one_step_and_no_warm_up() -> None:
    assert rate_factor(0, 1, share_warmup=0.0, decay="linear") == 1.0
