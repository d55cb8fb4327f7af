"""Faults of `distill assistant` and `distill student` that are found before anything is loaded."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.contract.errors import ConfigError


def test_soft_labels_are_at_least_one_token_a_position(tmp_path: Path) -> None:
    """-1 once trained to the end, then failed without a model."""
    command = ["distill", "assistant", "--recipe", "tiny-assistant", "--data", "none:train"]
    output = ["--output", str(tmp_path / "out"), "--soft-labels", str(tmp_path / "soft")]
    for k in ("-1", "0"):
        done = CliRunner().invoke(cli, [*command, *output, "--top-k", k])
        assert done.exit_code == 2
        assert "x>=1" in done.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", ["--assistant", "--soft-labels"])
def test_soft_labels_without_a_weight_are_refused(tmp_path: Path, option: str) -> None:
    """Every pass of the assistant would be paid for, and change nothing."""
    command = ["distill", "student", "--recipe", "tiny-assistant", "--model", "smol-135m-base"]
    rest = ["--data", "none:train", "--output", str(tmp_path / "out"), option, str(tmp_path)]
    with pytest.raises(ConfigError, match=r"has loss\.kd_weight = 0: .* \(--set loss\.kd_weight"):
        CliRunner().invoke(cli, [*command, *rest], catch_exceptions=False)
