"""Whether vLLM compiles a model on a CPU: slower to start, faster after.

torch.compile of the embedded student takes a minute the first time on two cores, and some 15 s
from its cache; a rationale then takes a sixth less time (docs/engines.md, "vLLM on a CPU").
"""

import os
import shutil
import sysconfig
from pathlib import Path

# What a first start costs, won back.
MIN_RATIONALES = 2000
# vLLM 0.32 stores what it compiled for a CPU but cannot load it (`finalize_loading`), so that each
# start compiles anew; without that, the cache of torch.compile serves.
NO_AHEAD = ("VLLM_USE_AOT_COMPILE", "0")


def pays_to_compile(n_rationales: int) -> bool:
    """Whether so many rationales pay for it, and torch has what it needs to compile here."""
    return n_rationales >= MIN_RATIONALES and _can_compile()


def _can_compile() -> bool:
    compiler = os.environ.get("CXX") or "g++"
    header = Path(sysconfig.get_paths()["include"], "Python.h")
    return shutil.which(compiler) is not None and header.exists()
