"""Engine `ray`: vLLM on the machines of a Ray cluster.

Loaded by `load_engine("ray", ...)`. Ray Data streams batches of items to couriers
(`ray_courier`), which read pictures and bring the batches to replicas (`ray_replica`):
actors with the engine `vllm` in them that live as long as this engine. Why these are not
the actors of Ray Data LLM is told in docs/decisions/0009.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from analytics.contract.decoding import Decoding
from analytics.contract.digests import result_digest
from analytics.contract.engine import (
    Engine,
    EngineFacts,
    LabelReply,
    Reply,
    SomeFailedError,
    TextReply,
)
from analytics.contract.errors import AnalyticsError, EngineError, MissingExtraError
from analytics.contract.extras import install_hint
from analytics.contract.records import Item
from analytics.engine.beats import beat
from analytics.engine.models import ModelFolder
from analytics.engine.ray_options import RayOptions, split_ray_options
from analytics.engine.restarting import Method

logger = logging.getLogger(__name__)

_CONTROL_CALLS = 16
_FEWEST_STRAGGLER_S = 60.0
_CLOSE_S = 30.0
# What Ray reads at its first import; those that are set are kept.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Its C++ part warns on stderr of each pool of couriers; Ray's own log files stay.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}


def load(
    folder: ModelFolder,
    *,
    decoding: Decoding,
    dtype: str,
    batch_size: int | None,
    options: Mapping[str, Any],
) -> "RayEngine":
    """Start replicas on a cluster. `options` are those of `RayOptions` and of engine `vllm`.

    Raises:
        ConfigError: an option is unknown or wrong.
        MissingExtraError: Ray is not installed here, or vLLM on no machine of the cluster.
        EngineError: the cluster cannot be reached, or no replica started.
    """
    ours, theirs = split_ray_options(options)
    n_devices = int(theirs.get("tensor_parallel_size", 1)) * int(
        theirs.get("pipeline_parallel_size", 1)
    )
    if n_devices > 1:
        # All processes of a replica are on one machine. Beside Ray, vLLM would choose otherwise.
        theirs = {"distributed_executor_backend": "mp", **theirs}
    # Imported on the other machines, by name.
    from analytics.engine.ray_replica import load_here

    return RayEngine(
        partial(
            load_here,
            folder,
            decoding=decoding,
            dtype=dtype,
            batch_size=batch_size,
            options=theirs,
            model_source=ours.model_source,
            contract=result_digest(decoding),
        ),
        ours,
        n_devices=n_devices,
    )


class RayEngine:
    """Replicas of the engine that `load` makes; `load` is pickled. Threads may share it.

    Raises:
        AnalyticsError: what `load` raised, where no replica started.
    """

    def __init__(
        self, load: Callable[[], Engine], options: RayOptions, *, n_devices: int = 1
    ) -> None:
        self._options = options
        self._is_closed = False
        self._lock = threading.Lock()
        self._replicas: list[Any] = []
        self._starting: dict[Any, Any] = {}  # the replica by its call of `describe`
        self._ends_ray = _connect(options.address)
        try:
            self._start(load, n_devices)
            self._facts = self._await_first()
        except BaseException:
            self.close()
            raise

    @property
    def facts(self) -> EngineFacts:
        """What is known of the engine, the number of replicas in its device."""
        return self._facts

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """The label probabilities of items, in order.

        Raises:
            SomeFailedError: some items have none; the others' replies are in it.
            EngineDiedError: no replica is left.
            EngineDownError: replicas die on everything.
        """
        replies: list[LabelReply] = self._ask("label", items)
        return replies

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """The rationales of items, in order; raises as `label` does."""
        replies: list[TextReply] = self._ask("rationalize", items)
        return replies

    def close(self) -> None:
        """End the replicas, and Ray where it was started here."""
        if self._is_closed:
            return
        self._is_closed = True
        import ray

        everything = [*self._replicas, *self._starting.values()]
        with suppress(Exception):  # the cluster may be gone, and so what is to be closed
            calls = [one.close.remote() for one in self._replicas]
            ray.wait(calls, num_returns=len(calls), timeout=_CLOSE_S) if calls else None
            for replica in everything:
                ray.kill(replica)
        if self._ends_ray:
            ray.shutdown()

    def _start(self, load: Callable[[], Engine], n_devices: int) -> None:
        import ray

        from analytics.engine.ray_courier import CONTROL
        from analytics.engine.ray_replica import Replica

        options = self._options
        n_gpus = options.num_gpus
        if n_gpus is None:
            n_gpus = n_devices if ray.cluster_resources().get("GPU") else 0
        n_replicas = options.num_replicas or _count_replicas(n_gpus)
        actor: Any = ray.remote(concurrency_groups={CONTROL: _CONTROL_CALLS})(Replica)
        actor = actor.options(
            num_cpus=self._count_cpus(n_gpus),
            num_gpus=n_gpus,
            accelerator_type=options.accelerator_type,
            max_concurrency=options.max_concurrent_batches,
            max_restarts=-1,
            # What was lost with one is asked anew by the courier, who knows what killed it.
            max_task_retries=0,
            scheduling_strategy="SPREAD",
        )
        replicas = [actor.remote(load) for _ in range(n_replicas)]
        self._starting = {
            one.describe.options(concurrency_group=CONTROL).remote(): one for one in replicas
        }

    def _await_first(self) -> EngineFacts:
        """The facts of the replicas, once one is ready and the others had as long again."""
        import ray

        started, n_wanted = time.monotonic(), len(self._starting)
        deadline = started + self._options.start_timeout_s
        faults: list[Exception] = []
        facts: EngineFacts | None = None
        while self._starting and (left := deadline - time.monotonic()) > 0:
            ready, _ = ray.wait(list(self._starting), timeout=left)
            for call in ready:
                found = self._admit(call)
                if isinstance(found, Exception):
                    faults.append(found)
                elif facts is None:
                    facts = found
                    took = time.monotonic() - started
                    deadline = min(deadline, time.monotonic() + max(took, _FEWEST_STRAGGLER_S))
        if facts is None:
            if faults:
                raise faults[0]
            raise EngineError(
                f"engine ray: none of {n_wanted} replicas started within"
                f" {self._options.start_timeout_s:.0f} s (start_timeout_s). One needs"
                f" {self._describe_needs()}; the cluster has {_describe_cluster()}"
            )
        if len(self._replicas) < n_wanted:
            logger.warning("%d of %d replicas run", len(self._replicas), n_wanted)
        for fault in faults:
            logger.warning("a replica could not be loaded: %s", fault)
        return replace(
            facts,
            name="ray",
            version=f"{ray.__version__} ({facts.name} {facts.version})",
            device=f"{len(self._replicas)} x {facts.device}",
        )

    def _admit(self, call: Any) -> EngineFacts | Exception:
        """The facts of a replica that has started, or why it did not."""
        import ray

        from analytics.engine.ray_courier import find_cause

        replica = self._starting.pop(call)
        try:
            facts: EngineFacts = ray.get(call)
        except Exception as exc:  # Ray's, around the engine's
            with suppress(Exception):
                ray.kill(replica)
            return find_cause(exc)
        self._replicas.append(replica)
        return facts

    def _ask(self, method: Method, items: Sequence[Item]) -> list[Any]:
        if self._is_closed:
            raise EngineError("engine ray: it was closed. Load it again")
        if not items:
            return []
        from analytics.engine.ray_courier import find_cause
        from analytics.engine.ray_rows import make_rows, make_tables, read_replies

        self._admit_late()
        rows, unread = make_rows(
            items,
            with_pictures=self._facts.accepts_images,
            picture_paths=self._options.picture_paths,
        )
        faults: dict[int, Exception] = dict(unread)
        replies: dict[int, Any] = {}
        tables = make_tables(rows, self._options.rows_per_batch)
        try:
            for answer in self._carry(method, tables):
                beat()
                for position, found in read_replies(answer):
                    if isinstance(found, Exception):
                        faults[position] = found
                    else:
                        replies[position] = found
        except AnalyticsError:
            raise
        except Exception as exc:  # Ray Data wraps what couriers raise in kinds of its own
            raise find_cause(exc) from exc
        return _order(items, replies, faults)

    def _carry(self, method: Method, tables: list[Any]) -> Any:
        """The answers to some batches, as they come."""
        import ray

        from analytics.engine.ray_courier import Courier

        arguments = (self._replicas, method, self._options.start_timeout_s)
        if len(tables) <= 1:  # a dataset costs seconds
            return map(Courier(*arguments), tables)
        n_couriers = min(len(self._replicas), len(tables))
        return (
            ray.data.from_blocks(tables)
            .map_batches(
                Courier,
                fn_constructor_args=arguments,
                batch_size=None,
                batch_format="pyarrow",
                num_cpus=0,  # they wait for replicas, and must not take their place
                compute=ray.data.ActorPoolStrategy(
                    size=n_couriers,
                    max_tasks_in_flight_per_actor=self._options.max_concurrent_batches,
                    max_concurrent_calls_per_actor=self._options.max_concurrent_batches,
                    enable_true_multi_threading=True,
                ),
            )
            .iter_batches(batch_size=None, batch_format="pyarrow")
        )

    def _admit_late(self) -> None:
        """Take in the replicas that have started since."""
        import ray

        with self._lock:
            if not self._starting:
                return
            ready, _ = ray.wait(list(self._starting), num_returns=len(self._starting), timeout=0)
            for call in ready:
                fault = self._admit(call)
                if isinstance(fault, Exception):
                    logger.warning("a replica could not be loaded: %s", fault)

    def _describe_needs(self) -> str:
        options = self._options
        gpus = "" if not options.num_gpus else f", {options.num_gpus:g} GPU"
        kind = f" of kind {options.accelerator_type}" if options.accelerator_type else ""
        return f"{self._count_cpus(options.num_gpus or 0):g} CPU{gpus}{kind}"

    def _count_cpus(self, n_gpus: float) -> float:
        """The CPUs of a replica: Ray gives its process as many threads."""
        if self._options.num_cpus is not None:
            return self._options.num_cpus
        if n_gpus:
            return 1.0
        import ray

        found = [node["Resources"].get("CPU", 0.0) for node in ray.nodes() if node["Alive"]]
        return float(min((n for n in found if n >= 1), default=1.0))


def _connect(address: str | None) -> bool:
    """Connect to a cluster, or start one here; whether it is ours to end.

    Raises:
        MissingExtraError: Ray is not installed.
        EngineError: the cluster cannot be reached.
    """
    for key, value in _ENVIRONMENT.items():
        os.environ.setdefault(key, value)
    try:
        import ray
        import ray.data
    except ImportError as exc:
        raise MissingExtraError(
            f"engine ray: {exc.name or exc} cannot be imported. {install_hint('ray')}"
        ) from exc
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)  # else three lines a dataset
    logging.getLogger("ray.data._internal.progress").setLevel(logging.ERROR)  # no bars: it says so
    if ray.is_initialized():
        return False
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            **({} if address else {"include_dashboard": False}),
        )
    except Exception as exc:  # no cluster, no token, another version: many kinds
        raise EngineError(
            f"engine ray: cluster {address or 'here'!r} cannot be used"
            f" ({type(exc).__name__}: {exc}). Start it (`ray start`), or set address in"
            " [model.options]"
        ) from exc
    return True


def _count_replicas(n_gpus: float) -> int:
    """As many replicas as the GPUs of the cluster hold; one a machine where none are used."""
    import ray

    if n_gpus:
        return max(1, int(ray.cluster_resources().get("GPU", 0) // n_gpus))
    return max(1, sum(bool(node["Alive"]) for node in ray.nodes()))


def _describe_cluster() -> str:
    import ray

    found = ray.cluster_resources()
    kinds = [key.partition(":")[2] for key in found if key.startswith("accelerator_type:")]
    gpus = f", {found.get('GPU', 0):g} GPU" + (f" ({', '.join(kinds)})" if kinds else "")
    return f"{found.get('CPU', 0):g} CPU{gpus} on {len(ray.nodes())} machines"


def _order(
    items: Sequence[Item], replies: Mapping[int, Reply], faults: Mapping[int, Exception]
) -> list[Reply]:
    """The replies in the order of their items.

    Raises:
        SomeFailedError: some have none.
    """
    for position in set(range(len(items))) - replies.keys() - faults.keys():
        faults = {**faults, position: EngineError("engine ray: no reply came for it")}
    if faults:
        raise SomeFailedError(
            {items[n].content_key: reply for n, reply in replies.items()},
            {items[n].content_key: fault for n, fault in faults.items()},
        )
    return [replies[n] for n in range(len(items))]
