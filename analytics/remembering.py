"""What the warehouse keeps of a model: its name, and what its inputs are compared with."""

import duckdb

from analytics.contract.reference import read_reference
from analytics.engine.models import ModelFolder
from analytics.engine.served import ServedModel
from analytics.store.predictions import store_model
from analytics.store.reference import store_reference


def remember_model(connection: duckdb.DuckDBPyConnection, model: ModelFolder | ServedModel) -> None:
    """Store how a model is named and described, its `errors.json` and `reference.json`."""
    store_model(
        connection,
        model_id=model.model_id,
        name=model.name,
        description=model.description,
        is_distilled=model.is_distilled,
        accepts_images=model.accepts_images,
        errors=model.errors if isinstance(model, ModelFolder) else None,
    )
    reference = read_reference(model.path) if isinstance(model, ModelFolder) else {}
    store_reference(connection, model.model_id, reference)
