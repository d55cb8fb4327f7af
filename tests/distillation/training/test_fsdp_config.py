"""The configuration that docs/distillation/fsdp.yaml gives is what accelerate reads."""

from typing import Any

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.model


def launch_with_our_configuration(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, str]]:
    """`accelerate launch` up to the start of processes: its arguments and their environment."""
    from accelerate.commands import launch
    from accelerate.utils import prepare_multi_gpu_env

    launched: list[Any] = []
    monkeypatch.setattr(launch, "multi_gpu_launcher", launched.append)
    path = REPOSITORY / "docs/distillation/fsdp.yaml"
    command = ["--config_file", str(path), "-m", "analytics", "distill", "student"]
    launch.launch_command(launch.launch_command_parser().parse_args(command))
    (arguments,) = launched
    return arguments, prepare_multi_gpu_env(arguments)


def test_accelerate_reads_our_fsdp_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin as each process makes it. `test_distributed` trains with the same."""
    from accelerate.utils import FullyShardedDataParallelPlugin

    arguments, environment = launch_with_our_configuration(monkeypatch)
    assert (arguments.num_processes, arguments.num_machines) == (4, 1)
    assert arguments.mixed_precision == "bf16"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward is True
    assert "FULL_STATE_DICT" in str(plugin.state_dict_type)
    assert plugin.cpu_ram_efficient_loading is False
    assert "transformer_auto_wrap_policy" in str(plugin.auto_wrap_policy)
