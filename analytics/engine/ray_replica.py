"""What runs on the machines of a cluster: an engine in a Ray actor, and where its model is."""

import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import platformdirs
import pyarrow as pa

from analytics.contract.decoding import Decoding
from analytics.contract.digests import digest_of, result_digest
from analytics.contract.engine import Engine, EngineFacts, ask_each
from analytics.contract.errors import AnalyticsError, EngineDiedError, EngineError
from analytics.engine.assembly import assemble_once
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from analytics.engine.option_names import check_option_names
from analytics.engine.ray_options import RAY_OPTION_NAMES
from analytics.engine.ray_rows import replies_to_table, table_to_rows, write_pictures
from analytics.engine.remote_files import fetch_folder, is_uri
from analytics.engine.restarting import Method
from analytics.engine.turns import Turns
from analytics.engine.vllm_engine import list_option_names
from analytics.engine.worker import make_portable

logger = logging.getLogger(__name__)

_DRAIN_S = 600.0


class Replica:
    """An engine that `load` makes; Ray starts the process again when it dies.

    What `load` raises is kept and raised by each method: an actor whose constructor
    raises would be gone for good, with its reason in a traceback only.
    """

    def __init__(self, load: Callable[[], Engine]) -> None:
        self._turns = Turns()
        self._engine: Engine | None = None
        self._fault: Exception | None = None
        try:
            self._engine = load()
        except Exception as exc:  # all of them are the caller's to judge
            self._fault = make_portable(exc)

    def describe(self) -> EngineFacts:
        """What is known of the engine.

        Raises:
            AnalyticsError: what loading it raised.
        """
        return self._get_engine().facts

    def count_batches(self) -> int:
        """The batches that it has now; raises as `describe` does."""
        self._get_engine()
        return self._turns.n_inside

    def reserve(self, holder: str) -> bool:
        """Let all other batches run out, so that the next one of `holder` is alone."""
        return self._turns.reserve(holder, timeout_s=_DRAIN_S)

    def ask(self, method: Method, table: pa.Table, holder: str | None = None) -> pa.Table | None:
        """Replies and faults of a batch; None where another batch is, or will be, alone."""
        engine = self._get_engine()
        with (
            self._turns.enter(holder) as may_enter,
            tempfile.TemporaryDirectory(prefix="analytics-") as folder,
        ):
            if not may_enter:
                return None
            rows = table_to_rows(table)
            items = write_pictures(rows, Path(folder))
            asks: Callable[..., list[Any]] = (
                engine.label if method == "label" else engine.rationalize
            )
            try:
                replies, faults = ask_each(asks, items)
            except EngineDiedError:
                # Ray loads it again only when the process ends, and then retries elsewhere.
                logger.exception("the engine of this replica has died")
                os._exit(1)
        by_key = {row.position: row.item.content_key for row in rows}
        return replies_to_table(
            {n: replies[key] for n, key in by_key.items() if key in replies},
            {n: faults[key] for n, key in by_key.items() if key not in replies},
        )

    def close(self) -> None:
        """Let go of the engine, and of processes that it has started."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _get_engine(self) -> Engine:
        if self._fault is not None:
            raise self._fault
        if self._engine is None:
            raise EngineError("the replica was closed")
        return self._engine


def load_here(
    folder: ModelFolder,
    *,
    decoding: Decoding,
    dtype: str,
    batch_size: int | None,
    options: Mapping[str, Any],
    model_source: str | None,
    contract: str,
    name: str = "vllm",
) -> Engine:
    """Load the engine on a machine of the cluster, if it has what the caller has.

    `contract` is the caller's digest of results: other prompts, or a picture prepared
    in another way, must not get into one table with its results.

    Raises:
        AnalyticsError: versions or weights differ, or as `load_engine` does.
    """
    machine = os.uname().nodename
    if (ours := result_digest(decoding)) != contract:
        raise EngineError(
            f"machine {machine}: its installed analytics has contract {ours[:12]}, that of the "
            f"run has {contract[:12]}. Install the same version on all machines"
        )
    if name == "vllm":
        _check_options(options)
    found = find_folder(folder, model_source=model_source, machine=machine)
    return load_engine(
        name, found, decoding=decoding, dtype=dtype, batch_size=batch_size, options=options
    )


def _check_options(options: Mapping[str, Any]) -> None:
    """See whether vLLM here knows all options; near names may be those of `RayOptions`, too."""
    try:
        known = list_option_names()
    except ImportError:  # told better where it is loaded
        return
    check_option_names("ray", options, [*known, *RAY_OPTION_NAMES])


def find_folder(folder: ModelFolder, *, model_source: str | None, machine: str) -> ModelFolder:
    """The model of the caller's folder on this machine, with the same weights.

    Looked for are `model_source`, the same path, then the model's name (a hub id, or a
    built-in one, which is assembled here once).

    Raises:
        EngineError: it is not here, or is another one.
    """
    cache_dir = Path(
        os.environ.get("ANALYTICS_CACHE_DIR") or platformdirs.user_cache_dir("analytics")
    )
    if model_source is not None and is_uri(model_source):
        # One copy for each model: what lies there may change, a running one may not.
        name = f"fetched-{digest_of([model_source, folder.model_id])[:12]}"
        path = cache_dir / "models" / name
        assemble_once(path, lambda target: fetch_folder(model_source, target), needed_bytes=2**30)
        source = str(path)
    elif model_source is not None:
        source = model_source
    else:
        source = str(folder.path) if folder.path.is_dir() else folder.name
    try:
        found = resolve_model(source, cache_dir=cache_dir)
    except AnalyticsError as exc:
        raise EngineError(
            f"machine {machine}: model {folder.name!r} is not found as {source!r} ({exc}). Put it "
            f"on a file system that all machines have at {folder.path}, or set model_source to a"
            " path, hub id or object store (s3://...) that they can read"
        ) from exc
    theirs, ours = (model.model_id.rpartition("@")[2] for model in (found, folder))
    if theirs != ours:
        raise EngineError(
            f"machine {machine}: the model at {source} has other files than that of the run: their"
            f" digest is {theirs}, not {ours}. Copy the folder {folder.path} there"
        )
    return replace(found, name=folder.name, model_id=folder.model_id)
