"""The engine `ray` on a real cluster of two nodes: what is lost, what is not."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.engine import SomeFailedError
from analytics.contract.errors import ConfigError, DeadlyItemError, EngineDownError, EngineError
from analytics.contract.records import Item
from analytics.engine.ray_options import RayOptions
from tests.conftest import REPOSITORY
from tests.engine import ray_cluster
from tests.engine.ray_cluster import (
    is_alive,
    list_answerers,
    load_faulty,
    load_logging,
    make_items,
    wait_for_answerer,
)
from tests.scripted import probabilities_of

pytestmark = [
    pytest.mark.ray,
    pytest.mark.slow,
    # Ray 2.60 warns of its own defaults.
    pytest.mark.filterwarnings(r"ignore::DeprecationWarning:ray\..*"),
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None, reason="Ray is not installed (`make ray`)"
    ),
]
OPTIONS: dict[str, Any] = {
    "num_replicas": 2,
    "num_cpus": 1,
    "rows_per_batch": 4,
    "max_concurrent_batches": 2,
    "start_timeout_s": 60,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the replicas say what they do."""
    path = tmp_path / "calls"
    path.mkdir()
    return path


@pytest.fixture
def make_engine(ray_nodes: Any) -> Iterator[Any]:
    """Makes engines of replicas on the cluster; they are closed after the test."""
    from analytics.engine.ray_engine import RayEngine

    made = []

    def make(load: Any, **options: Any) -> RayEngine:
        engine = RayEngine(load, RayOptions(**OPTIONS | {"address": ray_nodes.address} | options))
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()


def assert_right(replies: list[Any], items: list[Item]) -> None:
    assert [reply.probabilities for reply in replies] == [probabilities_of(i) for i in items]


def test_both_nodes_answer_and_order_is_kept(make_engine: Any, folder: Path) -> None:
    items = make_items(60)
    engine = make_engine(partial(load_logging, folder, seconds=0.05))
    assert engine.facts.name == "ray"
    assert engine.facts.device == "2 x none"
    assert_right(engine.label(items), items)
    assert len({node for _, node in list_answerers(folder)}) == 2
    texts = engine.rationalize(items[:10])
    for item, text in zip(items, texts, strict=False):
        assert f"{len(item.text)} letters" in text.text
    pids = {pid for pid, _ in list_answerers(folder)}
    assert_right(engine.label(items), items)
    assert {pid for pid, _ in list_answerers(folder)} == pids  # the same replicas
    engine.close()
    with pytest.raises(EngineError, match="was closed"):
        engine.label(items)


def test_a_bad_row_fails_alone(make_engine: Any, folder: Path, tmp_path: Path) -> None:
    items = make_items(20)
    items[7] = Item(content_key="bad", text="this one FAILS")
    items[9] = Item(content_key="gone", text="x", image_path=tmp_path / "gone.jpg")
    there = tmp_path / "there.jpg"
    there.write_bytes(b"picture")
    items[11] = Item(content_key="there", text="x", image_path=there)
    engine = make_engine(partial(load_logging, folder, fails_on="FAILS"))
    with pytest.raises(SomeFailedError) as caught:
        engine.label(items)
    faults = caught.value.faults
    assert faults.keys() == {"bad", "gone"}
    assert str(faults["bad"]) == "scripted failure"
    assert "gone.jpg: cannot be read" in str(faults["gone"])
    good = [item for item in items if item.content_key not in faults]
    assert_right([caught.value.replies[item.content_key] for item in good], good)


def test_pictures_are_read_from_where_the_nodes_find_them(
    make_engine: Any, folder: Path, tmp_path: Path
) -> None:
    there = tmp_path / "bucket"
    there.mkdir()
    (there / "0.jpg").write_bytes(b"picture")
    here = Path("/no/such/folder")
    items = [Item(content_key=str(n), text="x", image_path=here / f"{n}.jpg") for n in range(2)]
    engine = make_engine(
        partial(load_logging, folder), picture_paths={str(here): f"file://{there}"}
    )
    with pytest.raises(SomeFailedError) as caught:
        engine.label(items)
    assert caught.value.replies.keys() == {"0"}
    assert f"file://{there}/1.jpg: cannot be read" in str(caught.value.faults["1"])


def test_killed_replica_and_lost_node_lose_nothing(
    ray_nodes: Any, make_engine: Any, folder: Path
) -> None:
    """First a process is killed, then a whole node, both with batches in them."""
    items = make_items(120)
    node = next(iter(ray_nodes.worker_nodes))
    engine = make_engine(partial(load_logging, folder, seconds=0.2))
    found: list[Any] = []
    asking = threading.Thread(target=lambda: found.extend(engine.label(items)))
    asking.start()
    pid = wait_for_answerer(folder)
    os.kill(pid, signal.SIGKILL)
    wait_for_answerer(folder, node.node_id)
    ray_nodes.remove_node(node, allow_graceful=False)
    asking.join(120)
    assert not asking.is_alive()
    assert_right(found, items)
    assert len({pid for pid, _ in list_answerers(folder)}) >= 3
    ray_cluster.add_node(ray_nodes)
    assert_right(engine.label(items[:8]), items[:8])


def test_content_that_kills_replicas_is_found(make_engine: Any, folder: Path) -> None:
    items = make_items(24)
    items[13] = Item(content_key="deadly", text="this is POISON")
    engine = make_engine(partial(load_logging, folder, poison="POISON"))
    with pytest.raises(SomeFailedError) as caught:
        engine.label(items)
    assert caught.value.faults.keys() == {"deadly"}
    assert isinstance(caught.value.faults["deadly"], DeadlyItemError)
    good = [item for item in items if item.content_key != "deadly"]
    assert_right([caught.value.replies[item.content_key] for item in good], good)


def test_replicas_that_die_on_everything_end_the_run(
    make_engine: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is lowered: each death costs seconds."""
    monkeypatch.setattr("analytics.engine.ray_courier._MAX_DEADLY", 1)
    engine = make_engine(partial(load_logging, folder, poison="text"))
    with pytest.raises(EngineDownError, match="replicas died on 1 contents"):
        engine.label(make_items(1))


def test_replicas_end_with_a_run_that_is_killed(ray_nodes: Any, folder: Path) -> None:
    call = f"ask_for_ever({ray_nodes.address!r}, {str(folder)!r})"
    run = subprocess.Popen(
        [sys.executable, "-c", f"from tests.engine.ray_cluster import *; {call}"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.DEVNULL,
    )
    try:
        pid = wait_for_answerer(folder)
    finally:
        run.kill()
        run.wait()
    deadline = time.monotonic() + 30
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_alive(pid)


def test_a_fault_at_loading_keeps_its_kind(make_engine: Any, folder: Path) -> None:
    with pytest.raises(ConfigError, match=f"nothing in {folder} pleases"):
        make_engine(partial(load_faulty, folder))


def test_needs_that_no_node_meets_are_told(make_engine: Any, folder: Path) -> None:
    with pytest.raises(EngineError, match=r"of 1 replicas started .* needs 64 CPU; .* has 4 CPU"):
        make_engine(partial(load_logging, folder), num_replicas=1, num_cpus=64, start_timeout_s=2)
