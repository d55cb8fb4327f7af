"""Which device and number type a model runs in."""

import os
from pathlib import Path

from analytics.contract.errors import ConfigError

DTYPES = ("auto", "float32", "bfloat16", "float16")
# CPU flags under which bfloat16 is faster than float32 (x86, x86, Arm).
_BF16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}


def share_cores() -> None:
    """Let waiting threads of torch sleep; to be called before torch is imported.

    They spin by default: with one other busy process on the machine, a step of 0.1 s
    then takes several seconds.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def choose_device() -> str:
    """`cuda` where torch finds a GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def choose_dtype(dtype: str, *, device: str) -> str:
    """The number type by name: `auto` is bfloat16 where the device computes in it.

    Raises:
        ConfigError: no such number type.
    """
    if dtype not in DTYPES:
        raise ConfigError(f"dtype {dtype!r} is not known. Give one of {', '.join(DTYPES)}")
    if dtype != "auto":
        return dtype
    if device != "cpu":
        return "bfloat16"
    return "bfloat16" if _BF16_FLAGS & _read_cpu_flags() else "float32"


def _read_cpu_flags(path: Path = Path("/proc/cpuinfo")) -> set[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # no Linux: float32 is always right
        return set()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()
