"""Authors are stored as keyed hashes; the key stays in the user's config folder."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import duckdb
import platformdirs

from analytics.contract.errors import StoreError
from analytics.store.settings import read_setting, write_setting

_SETTING = "author_key_fingerprint"
_KEY_BYTES = 32


def key_path() -> Path:
    """Where the key is: ANALYTICS_AUTHOR_KEY_FILE, else the user's config folder."""
    named = os.environ.get("ANALYTICS_AUTHOR_KEY_FILE")
    if named:
        return Path(named)
    return Path(platformdirs.user_config_dir("analytics")) / "author.key"


def load_author_key(path: Path | None = None) -> bytes:
    """The secret key, made on first use with mode 600.

    Raises:
        StoreError: the file cannot be read or written, or is no key.
    """
    path = path or key_path()
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{path.name}.{os.getpid()}")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(_KEY_BYTES) + "\n")
            try:
                os.link(temporary, path)  # fails if another process was first
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as exc:
        raise StoreError(
            f"{path}: the key for author hashes cannot be used: {exc}. It holds 64 hex digits;"
            " without the old key, authors of new posts get other hashes than before."
        ) from exc
    if len(key) < _KEY_BYTES:
        raise StoreError(f"{path}: the key for author hashes is shorter than 64 hex digits")
    return key


def check_author_key(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Refuse another key than the one that this warehouse was begun with.

    Raises:
        StoreError: with another key, authors would get other hashes, and what
            was forgotten would come back.
    """
    fingerprint = hash_text(key, "fingerprint")
    known = read_setting(connection, _SETTING)
    if known is None:
        write_setting(connection, _SETTING, fingerprint)
    elif known != fingerprint:
        raise StoreError(
            f"{key_path()}: not the key for author hashes that this warehouse was begun with."
            " Run as the same user, or copy that user's key here (ANALYTICS_AUTHOR_KEY_FILE"
            " names another place)."
        )


def hash_author(key: bytes, platform: str, author: str) -> str:
    """The keyed hash of an author (HMAC-SHA256, 32 hex digits)."""
    return hash_text(key, f"{platform}:{author}")


def hash_text(key: bytes, text: str) -> str:
    """The keyed hash of any id (HMAC-SHA256, 32 hex digits)."""
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:32]
