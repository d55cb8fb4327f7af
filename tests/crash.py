"""Real `analytics` processes with a scripted engine, for tests and benchmarks that kill them.

    python -m tests.crash run --config FOLDER/analytics.toml

The engine runs where a real one would, in its own process. The environment says what it
does: SCRIPTED_LOG names a file that gets a line for each call, SCRIPTED_POISON a text it
dies on, SCRIPTED_DEATH how (a signal's name, or `exit`), SCRIPTED_S how long a batch takes,
SCRIPTED_CALLS how many calls it takes at once, SCRIPTED_LOAD_S how long it loads, of which
SCRIPTED_LOADING, a file, gets a line with the process; only from the SCRIPTED_SLOW_FROMth time.
"""

import fcntl
import os
import random
import signal
import subprocess
import sys
import termios
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from PIL import Image

from analytics.contract.engine import Engine, LabelReply, TextReply
from analytics.contract.records import Item
from tests.scripted import ScriptedEngine, rows, write_config

CHUNK_ITEMS = 8
CONFIG = """
[[sources]]
path = "dumps"
format = "table"
platform = "test"

[[aspects]]
name = "tram"

[model]
name = "MODEL"
engine = "transformers"

[infer]
chunk_items = CHUNK_ITEMS
max_bad_share = 0.2
"""
# What two runs of the same work may differ in.
_OF_THE_RUN = ("run_id", "ingested_at", "rejected_at", "read_at", "first_used_at")
_TABLES: dict[str, tuple[str, ...]] = {
    "posts": (),
    "media": (),
    "aspects": (),
    "source_aspects": (),
    "source_files": (),
    "rejects": (),
    "predictions": ("created_at",),
    "memo": ("created_at",),
    "deadly_contents": ("found_at",),
    "current_model": (),
    "daily_sentiment": (),
    "top_posts": (),
    "conflicts": (),
    "reject_summary": (),
    "media_facts": (),
}


class DyingEngine(ScriptedEngine):
    """A scripted engine that writes down its calls, takes its time, and may die."""

    def label(self, items: list[Item]) -> list[LabelReply]:  # type: ignore[override]
        self._begin("label", items)
        return super().label(items)

    def rationalize(self, items: list[Item]) -> list[TextReply]:  # type: ignore[override]
        self._begin("rationalize", items)
        return super().rationalize(items)

    def _begin(self, method: str, items: list[Item]) -> None:
        log = os.environ.get("SCRIPTED_LOG")
        if log:
            line = " ".join([method, *(item.content_key for item in items)])
            with open(log, "a", encoding="utf-8") as file:
                file.write(line + "\n")
        poison = os.environ.get("SCRIPTED_POISON")
        if poison and any(poison in item.text for item in items):
            die(os.environ.get("SCRIPTED_DEATH", "SIGSEGV"))
        time.sleep(float(os.environ.get("SCRIPTED_S", "0")))


def die(how: str) -> None:
    """End this process as no handler can see."""
    if how == "exit":
        os._exit(7)
    os.kill(os.getpid(), signal.Signals[how])
    time.sleep(10)


def load_dying(name: str, folder: Any, **options: Any) -> Engine:
    """What `load_engine` is to a run."""
    if note := os.environ.get("SCRIPTED_LOADING"):
        with open(note, "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        if len(Path(note).read_text(encoding="utf-8").splitlines()) >= int(
            os.environ.get("SCRIPTED_SLOW_FROM", "1")
        ):
            time.sleep(float(os.environ.get("SCRIPTED_LOAD_S", "0")))
    return DyingEngine(max_calls=int(os.environ.get("SCRIPTED_CALLS", "1")))


def make_project(folder: Path, n_posts: int = 60) -> Path:
    """Three dumps with copies, pictures and rejects, and a folder that passes for a model."""
    dumps, model = folder / "dumps", folder / "model"
    dumps.mkdir(parents=True)
    model.mkdir()
    (model / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}', encoding="utf-8")
    (model / "model.safetensors").write_bytes(b"none")
    for n in range(4):
        Image.new("RGB", (300 + n, 200), (60 * n, 90, 90)).save(dumps / f"{n}.png")
    for part in range(3):
        lines = ["id,text,created_at,image"]
        for i in range(part, n_posts, 3):
            picture = ("gone.png" if i % 20 == 7 else f"{i % 4}.png") if i % 5 == 2 else ""
            topic = "the tram" if i % 4 == 1 else "the weather"
            text = f"On {topic} once more" if i % 11 == 10 else f"Number {i} says of {topic}"
            lines.append(f"{i},{text},2026-03-{1 + i % 20:02d}T10:00:00Z,{picture}")
        lines.append(f"{900 + part},from the far future,9999-01-01T00:00:00Z,")
        (dumps / f"{part}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    text = CONFIG.replace("MODEL", str(model)).replace("CHUNK_ITEMS", str(CHUNK_ITEMS))
    return write_config(folder, text)


def start(
    config: Path, command: str, *, terminal: int | None = None, **settings: str
) -> subprocess.Popen[str]:
    """A process of its own session, as that of a terminal is; `settings` are SCRIPTED_...

    With `terminal`, the descriptor of a pseudo-terminal, it is really run in that.
    """
    environment = {
        **os.environ,
        "ANALYTICS_AUTHOR_KEY_FILE": str(config.parent / "author.key"),
        "ANALYTICS_CACHE_DIR": str(config.parent / "cache"),
        **{f"SCRIPTED_{name.upper()}": value for name, value in settings.items()},
    }
    words = command.split()
    return subprocess.Popen(
        [sys.executable, "-m", "tests.crash", words[0], "--config", str(config), *words[1:]],
        stdin=terminal,
        stdout=subprocess.PIPE if terminal is None else terminal,
        stderr=subprocess.PIPE if terminal is None else terminal,
        text=True,
        env=environment,
        start_new_session=True,
        preexec_fn=None if terminal is None else _take_terminal,
    )


def _take_terminal() -> None:
    """Make stdin the terminal of this session: its Ctrl-C is a signal then."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def read_tables(config: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that a run leaves for its users, in the warehouse and alike in the snapshot."""
    found = []
    for name in ("warehouse.duckdb", "warehouse.snapshot.duckdb"):
        with duckdb.connect(str(config.parent / name), read_only=True) as connection:
            tables = {}
            for table, times in _TABLES.items():
                columns = {c for (c, *_) in rows(connection, f"describe {table}")}
                left_out = ", ".join(sorted(columns & {*_OF_THE_RUN, *times}))
                select = f"* exclude ({left_out})" if left_out else "*"
                tables[table] = rows(connection, f"select {select} from {table} order by all")
            found.append(tables)
    assert found[0] == found[1], "the snapshot is not what the warehouse holds"
    return found[0]


def read_log(log: Path, method: str) -> Counter[str]:
    """How often each content was sent."""
    sent: Counter[str] = Counter()
    if log.exists():
        for line in log.read_text(encoding="utf-8").splitlines():
            name, *keys = line.split()
            if name == method:
                sent.update(keys)
    return sent


def kill_until_done(
    config: Path, log: Path, rng: random.Random, *, span_s: float, max_kills: int, batch_s: str
) -> list[int]:
    """Start `analytics run`, kill it, and start again, until one ends.

    The processes of the engine are not killed with it: they must see to that themselves.
    Given is, for each kill, how many contents the start after it sent that were sent before.
    """
    counts: list[int] = []
    while True:
        before = read_log(log, "label")
        process = start(config, "run --json", log=str(log), s=batch_s)
        is_last = len(counts) >= max_kills
        is_killed = False
        try:
            _, errors = process.communicate(timeout=300 if is_last else rng.uniform(0, span_s))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            is_killed = True
        if not is_killed and process.returncode not in (0, 3):  # the dumps hold rejects
            raise AssertionError(f"exit code {process.returncode}: {errors}")
        sent = read_log(log, "label") - before
        counts.append(sum(before[key] > 0 for key in sent))
        if not is_killed:
            return counts[1:]


def count_statuses(config: Path) -> Mapping[str, int]:
    """How runs ended, and in how many no engine was loaded (yet)."""
    with duckdb.connect(str(config.parent / "warehouse.duckdb"), read_only=True) as connection:
        return dict(
            rows(
                connection,
                "select status || if(engine is null, ', no engine', ''), count(*)"
                " from runs group by all order by all",
            )
        )


def main() -> None:
    """The command line, but for the engine."""
    import analytics.pipeline
    from analytics.cli import main as run_command
    from tests import crash  # the name that the engine's process knows this module by

    analytics.pipeline.run_steps = partial(analytics.pipeline.run_steps, load=crash.load_dying)
    run_command()


if __name__ == "__main__":
    main()
