"""Two machines of a Ray cluster in this one, and engines that run on them."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from analytics.contract.engine import Engine, LabelReply
from analytics.contract.errors import ConfigError
from analytics.contract.records import Item
from analytics.engine.ray_options import RayOptions
from tests.crash import DyingEngine

_OBJECT_STORE = 100 * 2**20


@contextmanager
def start_cluster() -> Iterator[Any]:
    """A cluster of two nodes with two CPUs each."""
    before = os.environ.get("RAY_AUTH_MODE")
    os.environ["RAY_AUTH_MODE"] = "disabled"  # else a token is written to the user's folder
    from ray.cluster_utils import Cluster

    cluster = Cluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 2,
            "include_dashboard": False,
            "object_store_memory": _OBJECT_STORE,
        },
    )
    try:
        add_node(cluster)
        yield cluster
    finally:
        cluster.shutdown()
        os.environ.pop("RAY_AUTH_MODE")
        if before is not None:
            os.environ["RAY_AUTH_MODE"] = before


def add_node(cluster: Any) -> Any:
    """One more node."""
    return cluster.add_node(num_cpus=2, object_store_memory=_OBJECT_STORE)


class LoggingEngine(DyingEngine):
    """Says in a file of the folder who answered: `<pid> <node>`, and each of its calls."""

    def __init__(self, folder: Path, **values: Any) -> None:
        import ray

        super().__init__(**values)
        self._who = f"{os.getpid()} {ray.get_runtime_context().get_node_id()}"
        self._file = folder / f"{os.getpid()}.log"

    def label(self, items: Sequence[Item]) -> list[LabelReply]:  # type: ignore[override]
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{self._who}\n")
        return super().label(list(items))


def load_logging(
    folder: Path, *, poison: str = "", seconds: float = 0.0, fails_on: str | None = None
) -> Engine:
    """A scripted engine that dies on a text, and takes its time."""
    os.environ |= {
        "SCRIPTED_POISON": poison,
        "SCRIPTED_DEATH": "SIGKILL",
        "SCRIPTED_S": str(seconds),
    }
    return LoggingEngine(folder, fails_on=fails_on)


def load_faulty(folder: Path) -> Engine:
    """What an engine does that does not like its options."""
    raise ConfigError(f"nothing in {folder} pleases")


def list_answerers(folder: Path) -> list[tuple[int, str]]:
    """The process and the node of each call so far."""
    found = []
    for log in folder.glob("*.log"):
        for line in log.read_text(encoding="utf-8").splitlines():
            pid, node = line.split()
            found.append((int(pid), node))
    return found


def wait_for_answerer(folder: Path, node: str | None = None) -> int:
    """A process that has answered (on some node), as soon as there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for pid, where in list_answerers(folder):
            if node in (None, where):
                return pid
        time.sleep(0.05)
    raise AssertionError("nobody answers")


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def ask_for_ever(address: str, folder: str) -> None:
    """A run that does not end by itself, for a process of its own."""
    from analytics.engine.ray_engine import RayEngine

    engine = RayEngine(
        partial(load_logging, Path(folder), seconds=0.2),
        RayOptions(address=address, num_replicas=1, rows_per_batch=1),
    )
    while True:
        engine.label(make_items(8))


def make_items(n: int) -> list[Item]:
    return [Item(content_key=f"key-{i}", text=f"text {i}") for i in range(n)]
