"""Which contents an engine was asked for when this process died: a small file beside the warehouse.

It is there only while contents are judged, so that the next run finds one only if this one
was killed, or died with its engine. That run halves what it names; a content that it died on
alone, twice, is given up. The file is not synced: it has to outlive the process, not the
machine.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import duckdb

from analytics.store.predictions import ResultKey

logger = logging.getLogger(__name__)

_DEADLY_AFTER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """`count_alone` says how often the one content was asked for alone without an end."""

    model_id: str
    result_digest: str
    contents: tuple[str, ...]
    count_alone: int


class InFlight:
    """The note of an earlier run that died, and that of this one; without a path, neither."""

    def __init__(self, path: Path | None, key: ResultKey) -> None:
        self._path = path
        self._key = key
        self._before = _read_note(path, key) if path is not None else None

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
            and before.count_alone >= _DEADLY_AFTER
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
        )
        try:
            self._path.write_text(json.dumps(asdict(note)), encoding="utf-8")
        except OSError as exc:  # the run does not hang on it
            logger.debug("%s: cannot be written: %s", self._path, exc)

    def end(self) -> None:
        """Nothing is asked for any more."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

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


def _read_note(path: Path, key: ResultKey) -> _Note | None:
    """The note of a run that died under the same model and contract."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        note = _Note(
            model_id=str(found["model_id"]),
            result_digest=str(found["result_digest"]),
            contents=tuple(str(content) for content in found["contents"]),
            count_alone=int(found["count_alone"]),
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        logger.debug("%s: cannot be used: %s", path, exc)
        return None
    is_ours = (note.model_id, note.result_digest) == (key.model_id, key.result_digest)
    return note if is_ours else None
