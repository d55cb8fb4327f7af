"""Lets a CUDA build of torchvision be imported beside a CPU build of torch.

Copied into site-packages by `requirements/torchvision_cpu.py`, with a `.pth` file
that imports it at the start of every process, vLLM's own processes among them.

The C++ part of torchvision 0.28.0 from PyPI cannot be loaded beside a CPU build
of torch. Its Python part, the transforms that Qwen's processors use, needs none
of it, but at import it describes two operators that the C++ part would have
defined. Here they are defined without code: calling one is still an error. Where
the C++ part loads, or torch itself is a CUDA build, nothing is done.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_MODULE = "torchvision.extension"  # the module that tries to load the C++ part
_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
_libraries: list[Any] = []  # a library that is collected takes its operators with it


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        import torch

        if module._has_ops() or torch.version.cuda is not None:
            return
        library = torch.library.Library("torchvision", "DEF")
        _libraries.append(library)
        for name, schema in _SCHEMAS.items():
            if not hasattr(torch.ops.torchvision, name):
                library.define(schema)


class _Finder:
    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


sys.meta_path.insert(0, _Finder)
