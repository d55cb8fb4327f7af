"""The digests of a model folder's files, from which its id is made."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from analytics.contract.json_files import write_object
from analytics.contract.model_folder import CONTRACT_FILE
from analytics.engine.assembly import hash_file

logger = logging.getLogger(__name__)

_CACHE_FILE = "model_cache.json"
# What changes a model's replies: weights, configurations, tokenizer, template.
_HASHED_PATTERNS = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "*.jinja",
    "chat_template.json",
    "preprocessor_config.json",
    "processor_config.json",
    CONTRACT_FILE,
    "calibration.json",
)


def list_file_digests(folder: Path, cache: "FactCache | None" = None) -> dict[str, str]:
    """The sha256 by name of the files that change replies, sorted by name."""
    files = {file for pattern in _HASHED_PATTERNS for file in folder.glob(pattern)}
    return _hash_files(files, cache)


def list_all_digests(folder: Path, cache: "FactCache | None" = None) -> dict[str, str]:
    """The sha256 by name of every file directly in a folder, sorted by name."""
    return _hash_files((file for file in folder.iterdir() if file.is_file()), cache)


def _hash_files(files: Iterable[Path], cache: "FactCache | None") -> dict[str, str]:
    digests, fresh = {}, {}
    for file in sorted(files):
        stat = file.stat()
        key = f"sha256:{file}:{stat.st_size}:{stat.st_mtime_ns}"
        digest = cache.get(key) if cache else None
        if digest is None:
            digest = fresh[key] = hash_file(file)
        digests[file.name] = digest
    if fresh and cache:
        cache.put(fresh)
    return digests


def make_model_id(name: str, file_digests: Mapping[str, str]) -> str:
    """`<name>@<12 hex digits of the sha256 over names and digests>`."""
    lines = [f"{file} {digest}\n" for file, digest in sorted(file_digests.items())]
    return f"{name}@{hashlib.sha256(''.join(lines).encode()).hexdigest()[:12]}"


class FactCache:
    """A small JSON file of facts that are slow to find out. Losing it costs time only."""

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / _CACHE_FILE
        self._values = self._read()

    def _read(self) -> dict[str, str]:
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def get(self, key: str) -> str | None:
        """A fact, or None if it is not known."""
        value = self._values.get(key)
        return value if isinstance(value, str) else None

    def put(self, values: dict[str, str]) -> None:
        """Add facts, to the file too."""
        # Read again: another process may have added facts meanwhile.
        self._values = dict(sorted({**self._read(), **values}.items()))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_object(self._path, self._values, indent=0)
        except OSError as exc:
            logger.warning("%s: cannot be written (%s); hashes are made anew", self._path, exc)
