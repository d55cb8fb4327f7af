"""A model behind an OpenAI-compatible server: its options, what it is, and its id.

No weights are here to be hashed. The id is made of what the server says of the
model, or of what the configuration says that it serves.
"""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from analytics.chat.backoff import Backoff
from analytics.chat.client import ChatClient, RefusedError, UnavailableError
from analytics.contract.digests import digest_of
from analytics.contract.errors import ConfigError, EngineDownError
from analytics.contract.labels import LABELS, NO_CALIBRATION, LabelCalibration
from analytics.engine.calibration import is_number
from analytics.engine.models import resolve_model
from analytics.engine.option_names import check_option_names

KEY_VARIABLE = "OPENAI_API_KEY"
URL_VARIABLE = "OPENAI_BASE_URL"
URL_SETTING = f"url in [model.options] (or {URL_VARIABLE})"
# Where the server is and how it is asked, but not what it says.
_RUNTIME_ONLY = frozenset(
    {"url", "max_concurrent", "timeout_s", "max_retries", "weights", "folder"}
)
# The longest wait for a reply of one who only looks.
_HASTY_S = 10.0
_CHOICES = {
    "server": ("auto", "vllm", "other"),
    "guided": ("auto", "regex", "json", "none"),
}
# Fields of a request that are the engine's own; another value would change what a reply means.
_OWN_FIELDS = frozenset(
    {
        *("model", "messages", "stream", "n", "max_tokens", "max_completion_tokens"),
        *("temperature", "logprobs", "top_logprobs", "logprob_token_ids", "stop"),
        *("continue_final_message", "add_generation_prompt", "response_format"),
        *("structured_outputs", "include_stop_str_in_output", "return_tokens_as_token_ids"),
        *("echo", "repetition_penalty"),
    }
)
# What of a server's list tells one model from another; times and counters do not.
_TELLING = ("id", "root", "parent", "owned_by", "meta")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedOptions:
    """`[model.options]` of the engine `openai`.

    `max_concurrent` None leaves it to `batch_size`, else 16. `accepts_images` None is
    false, or what `folder` says. A post longer than `max_characters` loses its middle.
    """

    url: str = field(repr=False)  # it may hold a password
    max_concurrent: int | None = None
    timeout_s: float = 180.0
    max_retries: int = 6
    accepts_images: bool | None = None
    server: str = "auto"
    guided: str = "auto"
    weights: str = ""
    folder: str = ""
    max_characters: int = 6000
    calibration_temperature: float | None = None
    calibration_bias: Sequence[float] | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model behind a server; `name` is its name there.

    `model_id` is `<name>@<12 hex digits>`. `calibration` makes
    probabilities of the labels' logits. `models` is the server's list, where it has been
    asked for the id.
    """

    name: str
    model_id: str
    description: str
    is_distilled: bool
    accepts_images: bool
    calibration: LabelCalibration
    options: ServedOptions
    models: tuple[Mapping[str, Any], ...] | None = None


def parse_options(options: Mapping[str, Any]) -> ServedOptions:
    """The options, checked; the address comes from the environment where they name none.

    Raises:
        ConfigError: one is unknown, or its value is none.
    """
    known = [entry.name for entry in fields(ServedOptions)]
    check_option_names("openai", options, known)
    values = dict(options)
    values.setdefault("url", os.environ.get(URL_VARIABLE, "").strip())
    faults = [
        f"{name} is {values[name]!r}: {fault}"
        for name, check in _CHECKS.items()
        if name in values and (fault := check(values[name]))
    ]
    if values["url"] == "":
        faults.append(
            f"url is missing: give the server's address, e.g. 'http://localhost:8000/v1', or set "
            f"{URL_VARIABLE}"
        )
    if values.get("weights") and values.get("folder"):
        faults.append("weights and folder are both given: folder tells all that weights would")
    if faults:
        raise ConfigError("engine openai, [model.options]: " + "; ".join(faults))
    return ServedOptions(**values)


def find_served_model(name: str, options: Mapping[str, Any], *, cache_dir: Path) -> ServedModel:
    """What is known of a model by its name at the server.

    With `folder`, it is taken for the model in that folder. With `weights`, its id is
    made of name and weights alone. Else the server is asked: the id is made of its
    address, what its list says of the model, and the name in a reply of one token.

    Raises:
        ConfigError: an option is wrong, or there is no such folder.
        EngineError: the server does not answer, or the model in `folder` cannot be used.
        ContractMismatchError: the model in `folder` was trained under another contract.
    """
    parsed = parse_options(options)
    if parsed.folder:
        folder = resolve_model(parsed.folder, cache_dir=cache_dir)
        return ServedModel(
            name=name,
            model_id=folder.model_id,
            description=folder.description,
            is_distilled=folder.is_distilled,
            accepts_images=_choose(parsed.accepts_images, folder.accepts_images),
            calibration=_choose_calibration(parsed, folder.calibration),
            options=parsed,
        )
    models, facts = None, {"weights": parsed.weights}
    if not parsed.weights:
        models, facts = asyncio.run(_ask_facts(name, parsed))
    return ServedModel(
        name=name,
        model_id=f"{name}@{digest_of({'name': name, **facts})[:12]}",
        description=f"{name}: a model behind a server, of which nothing says that it is distilled "
        "for sentiment: its labels and rationales are not to be trusted without evaluation",
        is_distilled=False,
        accepts_images=_choose(parsed.accepts_images, False),
        calibration=_choose_calibration(parsed, NO_CALIBRATION),
        options=parsed,
        models=models,
    )


def list_served_result_options(options: ServedOptions) -> dict[str, Any]:
    """The options that change results, and the engine: it asks otherwise than the others do."""
    defaults = ServedOptions(url="")
    names = [entry.name for entry in fields(options) if entry.name not in _RUNTIME_ONLY]
    changed = [name for name in names if getattr(options, name) != getattr(defaults, name)]
    return {"engine": "openai", **{name: getattr(options, name) for name in changed}}


def limit_patience(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of one who only looks: no retries, and no wait of more than 10 seconds.

    What is wrong in them stays wrong, to be told by `parse_options`.
    """
    timeout_s = options.get("timeout_s", _HASTY_S)
    if not _check_positive(timeout_s):
        timeout_s = min(timeout_s, _HASTY_S)
    max_retries = options.get("max_retries", 0)
    return {
        **options,
        "timeout_s": timeout_s,
        "max_retries": max_retries if _check_count(0)(max_retries) else 0,
    }


def make_client(
    name: str,
    options: ServedOptions,
    *,
    models: tuple[Mapping[str, Any], ...] | None = None,
    max_concurrent: int = 1,
) -> ChatClient:
    """A client of the server for one model. The key comes from the environment alone.

    `models` is the server's list where it is known; it is not asked for again then.
    """
    return ChatClient(
        url=options.url,
        model=name,
        models=models,
        url_setting=URL_SETTING,
        api_key=os.environ.get(KEY_VARIABLE, ""),
        timeout_s=options.timeout_s,
        max_connections=max_concurrent,
        backoff=Backoff(max_retries=options.max_retries),
    )


@contextmanager
def name_server(client: ChatClient) -> Iterator[None]:
    """A request that stays without reply before any content is judged is the server's fault.

    Raises:
        EngineDownError: in place of an UnavailableError.
    """
    try:
        yield
    except UnavailableError as exc:
        raise EngineDownError(
            f"{client.shown_url}: {exc}",
            fix="Mend the server (its log says more), or give it more time by timeout_s in "
            "[model.options]",
        ) from exc


async def _ask_facts(
    name: str, options: ServedOptions
) -> tuple[tuple[Mapping[str, Any], ...] | None, dict[str, Any]]:
    """The server's list, and what tells the served model from others, as far as it says."""
    async with make_client(name, options) as client:
        await client.check_server()
        listed = {key: client.listed[key] for key in _TELLING if client.listed.get(key)}
        try:
            with name_server(client):
                reply = await client.chat(
                    [{"role": "user", "content": "positive?"}],
                    temperature=0.0,
                    max_tokens=1,
                    extra=options.extra_body,
                )
        except RefusedError as exc:
            raise EngineDownError(
                f"{client.shown_url}: model {name!r} takes no chat request ({exc})",
                fix="Serve an instruction model with a chat template, or mend extra_body in "
                "[model.options]",
            ) from exc
        return client.models, {"url": client.shown_url, "listed": listed, "model": reply.model}


def _choose(given: Any, otherwise: Any) -> Any:
    return otherwise if given is None else given


def _choose_calibration(options: ServedOptions, stored: LabelCalibration) -> LabelCalibration:
    negative, neutral, positive = _choose(options.calibration_bias, stored.bias)
    return LabelCalibration(
        float(_choose(options.calibration_temperature, stored.temperature)),
        (float(negative), float(neutral), float(positive)),
    )


def _check_text(value: Any) -> str:
    return "" if isinstance(value, str) else "must be text"


def _check_count(low: int) -> Any:
    def check(value: Any) -> str:
        is_count = isinstance(value, int) and not isinstance(value, bool) and value >= low
        return "" if is_count else f"must be a whole number, {low} or more"

    return check


def _check_positive(value: Any) -> str:
    return "" if is_number(value) and value > 0 else "must be a number above 0"


def _check_bias(value: Any) -> str:
    is_bias = isinstance(value, list | tuple) and len(value) == len(LABELS)
    return (
        ""
        if is_bias and all(is_number(entry) for entry in value)
        else f"must be a list of {len(LABELS)} numbers, for {', '.join(LABELS)}"
    )


def _check_choice(name: str) -> Any:
    def check(value: Any) -> str:
        return "" if value in _CHOICES[name] else f"must be one of {', '.join(_CHOICES[name])}"

    return check


def _check_extra_body(value: Any) -> str:
    if not isinstance(value, Mapping):
        return "must be a table"
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as exc:
        return f"must be what JSON can say ({exc})"
    own = sorted(_OWN_FIELDS.intersection(value))
    return f"{', '.join(own)} is set by the engine: leave it out" if own else ""


_CHECKS: dict[str, Any] = {
    "url": _check_text,
    "max_concurrent": _check_count(1),
    "timeout_s": _check_positive,
    "max_retries": _check_count(0),
    "accepts_images": lambda value: "" if isinstance(value, bool) else "must be true or false",
    "server": _check_choice("server"),
    "guided": _check_choice("guided"),
    "weights": _check_text,
    "folder": _check_text,
    "max_characters": _check_count(100),
    "calibration_temperature": _check_positive,
    "calibration_bias": _check_bias,
    "extra_body": _check_extra_body,
}
