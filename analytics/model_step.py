"""Judges posts with the model and engine that the configuration names."""

import logging
from collections.abc import Callable
from functools import partial

import duckdb

from analytics.config.loading import cache_folder, decoding_of, mask_of, policy_of
from analytics.config.settings import Config
from analytics.contract.digests import result_digest
from analytics.contract.engine import Engine
from analytics.contract.errors import CompileError
from analytics.contract.model_folder import find_empty_parts
from analytics.engine.interruptible import run_unless_stopped
from analytics.engine.loading import (
    SERVED,
    check_choice,
    check_options,
    find_model,
    list_key_options,
)
from analytics.engine.models import ModelFolder
from analytics.engine.process_engine import ProcessEngine
from analytics.engine.restarting import RestartingEngine
from analytics.engine.served import ServedModel
from analytics.infer import InferSettings, infer
from analytics.remembering import remember_model
from analytics.store.predictions import Plan
from analytics.store.runs import Run
from analytics.store.warehouse import in_flight_path

logger = logging.getLogger(__name__)


def _find_model(config: Config) -> ModelFolder | ServedModel:
    return find_model(
        config.model.name,
        engine=config.model.engine,
        options=config.model.options,
        cache_dir=cache_folder(),
    )


def check_model(config: Config) -> None:
    """Refuse a model or option that cannot be: before hours of reading, not after them.

    Raises:
        AnalyticsError: there is no such model, engine or option.
    """
    check_choice(config.model.engine, batch_size=config.model.batch_size)
    check_options(config.model.engine, config.model.options)
    if config.model.engine != SERVED:  # whether a server is there says little of later
        _find_model(config)


def infer_configured(
    connection: duckdb.DuckDBPyConnection,
    config: Config,
    run: Run,
    *,
    load: Callable[..., Engine],
    retries_deadly: bool,
    on_plan: Callable[[Plan], None],
    on_items: Callable[[int], None],
    is_stopped: Callable[[], bool],
) -> Plan:
    """Judge what is new, in an engine that is restarted where it dies; see `infer`.

    `load` is called as `load_engine` is.

    Raises:
        AnalyticsError: the model cannot be found or loaded, or too many items fail.
        KeyboardInterrupt: `is_stopped` said so; all that was done is stored.
    """
    find = partial(_find_model, config)
    # A server may take minutes to answer.
    model = run_unless_stopped(find, is_stopped) if config.model.engine == SERVED else find()
    remember_model(connection, model)
    decoding = decoding_of(config)
    key_options = list_key_options(model, config.model.options)
    if config.infer.mask_mentions:
        key_options["mask_mentions"] = True
    settings = InferSettings(
        model_id=model.model_id,
        result_digest=result_digest(decoding, key_options),
        data_dir=config.warehouse.data_dir,
        post_level=config.infer.post_level,
        rationales=policy_of(config),
        chunk_items=config.infer.chunk_items,
        max_bad_share=config.infer.max_bad_share,
        in_flight=in_flight_path(config.warehouse.path),
        retries_deadly=retries_deadly,
        empty_parts=frozenset(
            find_empty_parts(model.path) if isinstance(model, ModelFolder) else ()
        ),
        mask=mask_of(config),
    )
    load_here = partial(
        load,
        config.model.engine,
        model,
        decoding=decoding,
        dtype=config.model.dtype,
        batch_size=config.model.batch_size,
        options=config.model.options,
    )
    n_rationales = 0

    def note_plan(plan: Plan) -> None:
        nonlocal n_rationales
        n_rationales = settings.rationales.expect_count(plan.count_contents)
        on_plan(plan)

    def load_apart(n_rationales: int) -> Engine:
        return ProcessEngine(
            partial(load_here, n_rationales=n_rationales),
            silence_s=config.infer.engine_timeout_s or None,
            is_stopped=is_stopped,
        )

    def make() -> Engine:
        nonlocal n_rationales
        # One that asks a server has nothing to take this process along.
        if isinstance(model, ServedModel):
            from analytics.engine.openai_engine import heed_stop

            engine = run_unless_stopped(load_here, is_stopped)
            heed_stop(engine, is_stopped)
            return engine
        try:
            return load_apart(n_rationales)
        except CompileError as exc:
            # A compiler finds much to fail on: a full /tmp, one that forbids to run files.
            logger.warning("the engine is loaded again, without compiling the model: %s", exc)
            n_rationales = 0
            return load_apart(n_rationales)

    def count_restart() -> None:
        run.counts.count_engine_restarts += 1

    return infer(
        connection,
        lambda: RestartingEngine(make, on_restart=count_restart, is_stopped=is_stopped),
        run,
        settings,
        on_plan=note_plan,
        on_items=on_items,
        is_stopped=is_stopped,
    )
