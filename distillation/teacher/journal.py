"""The journal of a teacher or of augmentation: one JSON line for each example that was finished.

The first line says what the answers were made with (model, prompts, settings);
a run goes on only under the same. A last line that was cut by a crash is taken
off; its example is asked again.
"""

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from analytics.contract.errors import TrainingError
from analytics.contract.labels import Label
from analytics.contract.records import Rationale
from distillation.data.examples import Example
from distillation.data.locks import lock_file
from distillation.teacher.stages import Outcome

logger = logging.getLogger(__name__)

JOURNAL_FILE = "journal.jsonl"
# What a journal's maker is called on the command line.
_COMMANDS = {"assistant": "augment"}
# Each line is handed to the operating system at once; the disk is waited for
# after this many, which is what a power cut can cost.
_LINES_PER_SYNC = 16


@dataclass(slots=True, kw_only=True)
class Totals:
    """Sums over all that the journal holds, examples that were asked again included."""

    n_prompt_tokens: int = 0
    n_output_tokens: int = 0
    n_attempts: int = 0
    n_retries: int = 0
    n_without_usage: int = 0
    n_runs: int = 0
    wall_s: float = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        self.n_prompt_tokens += outcome.n_prompt_tokens
        self.n_output_tokens += outcome.n_output_tokens
        self.n_attempts += outcome.n_attempts
        self.n_retries += outcome.n_retries
        self.n_without_usage += outcome.n_without_usage


@dataclass(slots=True, kw_only=True)
class Journal:
    """An open journal; `outcomes` holds the last outcome of each key."""

    path: Path
    file: Any
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    n_unsynced: int = 0

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sync()
        self.file.close()

    def is_done(self, key: str) -> bool:
        """Whether an example needs no more asking."""
        return key in self.outcomes and self.outcomes[key].is_final

    def list_open(
        self, keys: Sequence[str], examples: Sequence[Example]
    ) -> list[tuple[str, Example]]:
        """The examples that are still to be asked, with their keys."""
        pairs = zip(keys, examples, strict=True)
        return [(key, example) for key, example in pairs if not self.is_done(key)]

    def append(self, outcome: Outcome) -> None:
        """Keep an outcome."""
        self.outcomes[outcome.key] = outcome
        self.totals.add(outcome)
        self._write({"kind": "example", **asdict(outcome)})

    def end_run(self, wall_s: float) -> None:
        """Note that a run ended, after `wall_s` seconds."""
        self.totals.n_runs += 1
        self.totals.wall_s += wall_s
        self._write({"kind": "run", "wall_s": round(wall_s, 3)})
        self._sync()

    def _write(self, value: Mapping[str, Any]) -> None:
        line = json.dumps(value, ensure_ascii=False) + "\n"
        try:
            self.file.write(line.encode("utf-8"))
            self.file.flush()
        except OSError as exc:
            raise _name_failure(self.path, exc) from exc
        self.n_unsynced += 1
        if self.n_unsynced >= _LINES_PER_SYNC:
            self._sync()

    def _sync(self) -> None:
        os.fsync(self.file.fileno())
        self.n_unsynced = 0


def open_journal(folder: Path, identity: Mapping[str, Any]) -> Journal:
    """Open or begin the journal of an output folder, for this process alone.

    Raises:
        TrainingError: another process writes it, it was made with another
            model, prompt or setting, or it is no journal.
    """
    path = folder / JOURNAL_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("a+b")
    except OSError as exc:
        raise _name_failure(path, exc) from exc
    try:
        maker = str(identity.get("maker", "teacher"))
        lock_file(file, path, writer=f"`distill {_COMMANDS.get(maker, maker)}`")
        _drop_cut_line(file, path)
        journal = Journal(path=path, file=file)
        file.seek(0)
        lines = file.read().splitlines()
        if lines:
            _check_identity(lines[0], identity, path)
            _load(journal, lines)
        else:
            journal._write({"kind": "identity", "identity": dict(identity)})
    except BaseException:
        file.close()
        raise
    return journal


def check_journal(folder: Path, identity: Mapping[str, Any]) -> None:
    """See that a folder's journal, if it has one, can go on; before what costs time.

    Raises:
        TrainingError: it was made with another model, prompt or setting, or it is none.
    """
    path = folder / JOURNAL_FILE
    try:
        with path.open("rb") as file:
            line = file.readline()
    except FileNotFoundError:
        return
    except OSError as exc:
        raise _name_failure(path, exc) from exc
    if line.endswith(b"\n"):  # a first line that is cut is written anew
        _check_identity(line, identity, path)


def read_maker(folder: Path) -> str | None:
    """Which command began the journal of a folder; None where that cannot be read."""
    with (folder / JOURNAL_FILE).open("rb") as file:
        header = _parse_line(file.readline()) or {}
    maker = (header.get("identity") or {}).get("maker")
    return str(maker) if maker else None


def _name_failure(path: Path, exc: OSError) -> TrainingError:
    return TrainingError(
        f"{path}: cannot be written ({exc.strerror or exc}). Make room or give another --output; "
        "what it holds is kept"
    )


def _drop_cut_line(file: Any, path: Path) -> None:
    """Take off what stands after the last line break."""
    file.seek(0)
    data = file.read()
    end = data.rfind(b"\n") + 1
    if end < len(data):
        logger.warning("%s: the last line is cut; its example is asked again", path)
        file.truncate(end)


def _check_identity(line: bytes, identity: Mapping[str, Any], path: Path) -> None:
    header = _parse_line(line)
    if header is None or header.get("kind") != "identity":
        raise TrainingError(
            f"{path}: this is no journal of a teacher or of augmentation. Give another --output"
        )
    before = dict(header.get("identity") or {})
    changed = [
        f"{name} = {before.get(name)!r}, now {identity.get(name)!r}"
        for name in sorted({*before, *identity})
        if before.get(name) != identity.get(name)
    ]
    if changed:
        raise TrainingError(
            f"{path}: it was begun with {'; '.join(changed)}. Give another --output, go on with "
            "the old values, or remove the folder to begin anew"
        )


def _load(journal: Journal, lines: list[bytes]) -> None:
    for number, line in enumerate(lines[1:], start=2):
        value = _parse_line(line)
        try:
            if value is None:
                raise ValueError("no JSON object")
            if value.pop("kind") == "run":
                journal.totals.n_runs += 1
                journal.totals.wall_s += float(value["wall_s"])
                continue
            outcome = _parse_outcome(value)
        except (KeyError, TypeError, ValueError) as exc:
            logger.warning(
                "%s, line %d: cannot be read (%s); its example is asked again",
                journal.path,
                number,
                exc,
            )
            continue
        journal.outcomes[outcome.key] = outcome
        journal.totals.add(outcome)


def _parse_outcome(value: dict[str, Any]) -> Outcome:
    parts = value.pop("rationale")
    if parts is not None:
        parts = Rationale(**{**parts, "label": Label(parts["label"])})
    return Outcome(**value, rationale=parts)


def _parse_line(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
