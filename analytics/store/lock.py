"""One writer at a time: a lock file that the kernel frees when its holder dies."""

import fcntl
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from analytics.contract.errors import StoreError, WarehouseBusyError

_PATIENCE_S = 1.0


class WriterLock:
    """An exclusive lock on a warehouse, with a note of who holds it."""

    def __init__(self, warehouse: Path, command: str) -> None:
        self.path = warehouse.with_name(warehouse.name + ".lock")
        self._command = command
        self._descriptor: int | None = None

    def __enter__(self) -> "WriterLock":
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as exc:
            raise StoreError(
                f"{self.path.parent}: the warehouse's folder cannot be written ({exc.strerror})."
                " Make it writable, or set [warehouse] path."
            ) from exc
        try:
            self._acquire(self._descriptor)
        except BlockingIOError as exc:
            holder = read_holder(self.path)
            os.close(self._descriptor)
            self._descriptor = None
            raise WarehouseBusyError(
                f"{self.path.with_suffix('')}: another process is writing:"
                f" pid {holder.get('pid', 'unknown')}, `analytics {holder.get('command', '?')}`,"
                f" since {holder.get('since', 'unknown')}. Wait for it, or end that process."
                " Reading (`analytics sql`, `analytics report`) works meanwhile."
            ) from exc
        note = {
            "pid": os.getpid(),
            "command": self._command,
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(note).encode(), 0)
        except OSError as exc:
            os.close(self._descriptor)
            self._descriptor = None
            raise StoreError(
                f"{self.path}: cannot be written ({exc.strerror}). Free some space, or set"
                " [warehouse] path to another disk."
            ) from exc
        return self

    @staticmethod
    def _acquire(descriptor: int) -> None:
        # `status` holds the lock for a moment while it reads: try for a while.
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            # The file stays: removing it would let two writers lock two inodes.
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def read_holder(lock_path: Path) -> dict[str, Any]:
    """The note of the process that holds the lock; {} when nobody does."""
    try:
        with lock_path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return {}
            except BlockingIOError:
                note = json.loads(file.read() or b"{}")
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}
