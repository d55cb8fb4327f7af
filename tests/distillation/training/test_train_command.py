"""Faults of `distill assistant` and `distill student` that are found before anything is loaded."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from analytics.cli import cli
from analytics.contract.errors import ConfigError


def test_soft_labels_are_at_least_one_token_a_position(tmp_path: Path) -> None:
    command = ["distill", "soft-labels", "--recipe", "tiny-student", "--data", "none:train"]
    rest = ["--model", "smol-135m-base", "--output", str(tmp_path / "out")]
    for k in ("-1", "0"):
        done = CliRunner().invoke(cli, [*command, *rest, "--top-k", k])
        assert done.exit_code == 2
        assert "x>=1" in done.output
    assert not (tmp_path / "out").exists()


def test_soft_labels_that_no_student_reads_are_refused(tmp_path: Path) -> None:
    command = ["distill", "soft-labels", "--recipe", "tiny-assistant", "--data", "none:train"]
    rest = ["--model", "smol-135m-base", "--output", str(tmp_path / "out")]
    with pytest.raises(ConfigError, match=r"has loss\.kd_weight = 0: .* Give the student's recipe"):
        CliRunner().invoke(cli, [*command, *rest], catch_exceptions=False)


def test_weight_of_soft_labels_without_any_is_refused_at_once(tmp_path: Path) -> None:
    command = ["distill", "student", "--recipe", "tiny-student", "--model", "smol-135m-base"]
    rest = ["--data", "none:train", "--output", str(tmp_path / "out")]
    with pytest.raises(ConfigError, match=r"kd_weight = 0\.3, but .* Give --assistant or"):
        CliRunner().invoke(cli, [*command, *rest], catch_exceptions=False)


@pytest.mark.parametrize("option", ["--assistant", "--soft-labels"])
def test_soft_labels_without_a_weight_are_refused(tmp_path: Path, option: str) -> None:
    """Every pass of the assistant would be paid for, and change nothing."""
    command = ["distill", "student", "--recipe", "tiny-assistant", "--model", "smol-135m-base"]
    rest = ["--data", "none:train", "--output", str(tmp_path / "out"), option, str(tmp_path)]
    with pytest.raises(ConfigError, match=r"has loss\.kd_weight = 0: .* \(--set loss\.kd_weight"):
        CliRunner().invoke(cli, [*command, *rest], catch_exceptions=False)
