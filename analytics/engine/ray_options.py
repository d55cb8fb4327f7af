"""Options of the engine `ray` that are its own; all others are vLLM's engine arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from analytics.contract.errors import ConfigError

_CLIENT_SCHEME = "ray://"


@dataclass(frozen=True, slots=True, kw_only=True)
class RayOptions:
    """Where and on how many replicas a model runs.

    `num_replicas` None is one for each `num_gpus` GPUs of the cluster, or one a machine
    where there are none. `num_cpus` and `num_gpus` are what one replica reserves; without
    GPUs, `num_cpus` is the number of its threads, and None is all of the smallest machine.
    `model_source` is where machines find the model that have no folder of the same path;
    `picture_paths` maps the start of a picture's path here to its start there, which may
    be a URI of an object store. `rows_per_batch` contents go to a replica at once, and
    `max_concurrent_batches` such batches are in one replica. `start_timeout_s` limits the
    wait for a first replica, and for another one where all died.
    """

    address: str | None = None
    num_replicas: int | None = None
    num_cpus: float | None = None
    num_gpus: float | None = None
    accelerator_type: str | None = None
    model_source: str | None = None
    picture_paths: Mapping[str, str] = field(default_factory=dict)
    rows_per_batch: int = 64
    max_concurrent_batches: int = 8
    start_timeout_s: float = 1800.0


RAY_OPTION_NAMES = frozenset(option.name for option in fields(RayOptions))
_TEXTS = ("address", "accelerator_type", "model_source")
_COUNTS = ("num_replicas", "rows_per_batch", "max_concurrent_batches")
_NUMBERS = {"num_cpus": 0.0, "num_gpus": 0.0, "start_timeout_s": 1.0}


def split_ray_options(options: Mapping[str, Any]) -> tuple[RayOptions, dict[str, Any]]:
    """Our options, and those that go on to vLLM.

    Raises:
        ConfigError: one of ours has a wrong value; all of them are named.
    """
    ours = {key: value for key, value in options.items() if key in RAY_OPTION_NAMES}
    faults = [fault for key, value in ours.items() if (fault := _find_fault(key, value))]
    if faults:
        raise ConfigError("\n".join(f"engine ray: [model] options: {fault}" for fault in faults))
    return RayOptions(**ours), {k: v for k, v in options.items() if k not in RAY_OPTION_NAMES}


def _find_fault(name: str, value: Any) -> str | None:
    shown = f"{name} = {value!r}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in _TEXTS and not (isinstance(value, str) and value):
        return f"{shown}: must be a text"
    if name == "address" and value.startswith(_CLIENT_SCHEME):
        return (
            f"{shown}: Ray Client is not for Ray Data. Run on a machine of the cluster, with "
            "address = 'auto', or submit the run as a job"
        )
    if name in _COUNTS and not (is_number and isinstance(value, int) and value >= 1):
        return f"{shown}: must be a whole number above 0"
    if name in _NUMBERS and not (is_number and value >= _NUMBERS[name]):
        return f"{shown}: must be a number of {_NUMBERS[name]:g} or more"
    if name == "picture_paths" and not (
        isinstance(value, Mapping)
        and all(isinstance(text, str) and text for pair in value.items() for text in pair)
    ):
        return f"{shown}: must be a table of path here = path there"
    return None
