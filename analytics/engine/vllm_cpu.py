"""vLLM on a CPU: its arguments, and whether it compiles the model: slower to start, faster after.

torch.compile of the embedded student takes a minute the first time on two cores, and some 15 s
from its cache; a rationale then takes a sixth less time (docs/engines.md, "vLLM on a CPU").
"""

import os
import shutil
import sysconfig
from pathlib import Path
from typing import Any

# Sequences that run at once; more of them do not go faster there.
_MAX_NUM_SEQS = 64
# The default of 128 on CPUs is longer than a post: nothing would be shared.
_BLOCK_SIZE = 32
_GIB = 2**30
# What a first start costs, won back.
MIN_RATIONALES = 2000
# vLLM 0.32 stores what it compiled for a CPU but cannot load it (`finalize_loading`), so that each
# start compiles anew; without that, the cache of torch.compile serves.
NO_AHEAD = ("VLLM_USE_AOT_COMPILE", "0")


def pays_to_compile(n_rationales: int) -> bool:
    """Whether so many rationales pay for it, and torch has what it needs to compile here."""
    return n_rationales >= MIN_RATIONALES and _can_compile()


def list_cpu_arguments(*, compiles: bool) -> dict[str, Any]:
    """Engine arguments for CPUs: a quick start where it pays, and a cache that shares prefixes."""
    arguments: dict[str, Any] = {
        "enforce_eager": not compiles,
        "block_size": _BLOCK_SIZE,
        "max_num_seqs": _MAX_NUM_SEQS,
    }
    if not os.environ.get("VLLM_CPU_KVCACHE_SPACE"):
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        arguments["kv_cache_memory_bytes"] = (4 if free > 32 * _GIB else 1) * _GIB
    return arguments


def _can_compile() -> bool:
    compiler = os.environ.get("CXX") or "g++"
    header = Path(sysconfig.get_paths()["include"], "Python.h")
    return shutil.which(compiler) is not None and header.exists()
