"""Which contents an engine was asked for when this process died: a small file beside the warehouse.

It is there only while contents are judged, so that the next run finds one only if this one
was killed, or died with its engine. That run halves what it names; a content that runs died on
alone, `DEADLY_AFTER` times, is given up. A run that is asked to stop takes it away at once, since
it may be killed next, and one of before the machine's start does not count: neither says anything
of a content. So the file is not synced.
"""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from threading import Event, Lock, Thread

import duckdb

from analytics.store.predictions import ResultKey

logger = logging.getLogger(__name__)

DEADLY_AFTER = 3
_LOOK_S = 0.1
# Another one after each start of the machine; other systems than Linux have none.
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """`count_alone` says how often the one content was asked for alone without an end."""

    model_id: str
    result_digest: str
    contents: tuple[str, ...]
    count_alone: int
    boot_id: str


class InFlight:
    """The note of an earlier run that died, and that of this one; without a path, neither."""

    def __init__(self, path: Path | None, key: ResultKey) -> None:
        self._path = path
        self._key = key
        self._boot_id = _read_boot_id()
        self._is_over = False
        self._lock = Lock()
        self._before = _read_note(path, key, self._boot_id) if path is not None else None

    def list_parts(
        self, connection: duckdb.DuckDBPyConnection, count_contents: int
    ) -> Iterator[tuple[int, int]]:
        """Ranges of the plan's contents, in order; what a run died on is halved."""
        return pairwise(sorted({0, count_contents, *self._find_cuts(connection)}))

    def is_deadly(self, contents: Sequence[str]) -> bool:
        """Whether runs died on this content alone so often that it is given up."""
        before = self._before
        return (
            before is not None
            and before.contents == tuple(contents)
            and before.count_alone >= DEADLY_AFTER
        )

    def begin(self, contents: Sequence[str]) -> None:
        """Note what the engine is asked for now."""
        if self._path is None:
            return
        count_alone = 1 if len(contents) == 1 else 0
        if count_alone and self._before is not None and self._before.contents == tuple(contents):
            count_alone += self._before.count_alone
        note = _Note(
            model_id=self._key.model_id,
            result_digest=self._key.result_digest,
            contents=tuple(contents),
            count_alone=count_alone,
            boot_id=self._boot_id,
        )
        with self._lock:
            if self._is_over:
                return
            try:
                self._path.write_text(json.dumps(asdict(note)), encoding="utf-8")
            except OSError as exc:  # the run does not hang on it
                logger.debug("%s: cannot be written: %s", self._path, exc)

    def end(self) -> None:
        """Nothing is asked for any more, or what is asked for is not to be held against it."""
        with self._lock:
            self._is_over = True
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    @contextmanager
    def watch(self, is_stopped: Callable[[], bool]) -> Iterator[None]:
        """End at the end of the block, or soon after `is_stopped`, which is asked by a thread."""
        is_done = Event()

        def look() -> None:
            while not is_done.wait(_LOOK_S):
                if is_stopped():
                    self.end()
                    return

        watcher = Thread(target=look, name="in-flight", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            is_done.set()
            watcher.join()
            self.end()

    def _find_cuts(self, connection: duckdb.DuckDBPyConnection) -> list[int]:
        if self._before is None:
            return []
        rows = connection.execute(
            "select position from plan_contents where content_key in (select unnest(?::varchar[]))"
            " order by position",
            [list(self._before.contents)],
        ).fetchall()
        found = [int(position) for (position,) in rows]
        if not found:
            return []
        logger.warning(
            "an earlier run died while it judged %d contents: they are judged in smaller parts",
            len(found),
        )
        return [found[0], found[len(found) // 2], found[-1] + 1]


def _read_boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _read_note(path: Path, key: ResultKey, boot_id: str) -> _Note | None:
    """The note of a run that died under the same model and contract, since the machine's start."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        note = _Note(
            model_id=str(found["model_id"]),
            result_digest=str(found["result_digest"]),
            contents=tuple(str(content) for content in found["contents"]),
            count_alone=int(found["count_alone"]),
            boot_id=str(found["boot_id"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        logger.debug("%s: cannot be used: %s", path, exc)
        return None
    same = (key.model_id, key.result_digest, boot_id)
    return note if (note.model_id, note.result_digest, note.boot_id) == same else None
