"""Engine `vllm`: continuous batching and prefix caching, in process.

Loaded by `load_engine("vllm", ...)`. On a CPU the model runs inside this
process: with few cores, the processes that vLLM starts otherwise spend their
time waiting for each other (measured in docs/engines.md).
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from analytics.contract.decoding import Decoding
from analytics.contract.engine import EngineFacts, LabelReply, TextReply
from analytics.contract.errors import (
    CompileError,
    ConfigError,
    EngineDiedError,
    EngineError,
    MissingExtraError,
)
from analytics.contract.extras import install_hint
from analytics.contract.labels import LabelCalibration
from analytics.contract.prompts import RATIONALE_PREFILL, Purpose, make_reply_pattern
from analytics.contract.records import Item
from analytics.contract.rendering import Prompt, PromptMaker, open_picture
from analytics.engine.devices import choose_dtype
from analytics.engine.model_files import limit_model_len, list_eos_ids, load_tokenizer
from analytics.engine.models import ModelFolder
from analytics.engine.option_names import check_option_names
from analytics.engine.quiet import quiet_libraries
from analytics.engine.replies import STOP_STRINGS, make_label_reply, make_text_reply
from analytics.engine.request_pump import RequestPump
from analytics.engine.vllm_cpu import NO_AHEAD, list_cpu_arguments, pays_to_compile

logger = logging.getLogger(__name__)

_INSTALL = f"{install_hint('vllm')} on a GPU machine, `make vllm-cpu` elsewhere"
_MULTIPROCESSING = "VLLM_ENABLE_V1_MULTIPROCESSING"
# Labels of the next posts, and rationales of some gathered before.
_MAX_CALLS = 4
# A picture takes a megabyte or two there, and is read again soon or not at all.
_IMAGE_ARGUMENTS: dict[str, Any] = {
    "limit_mm_per_prompt": {"image": 1},
    "mm_processor_cache_gb": 1,
}
_OWN_OPTIONS = ("isolated", "guided")
# Advice on builds and kernels that a user cannot act on; errors still show.
_NOISY_LOGGERS = (
    "vllm.config.vllm",
    "vllm.engine.arg_utils",
    "vllm.platforms.cpu",
    "vllm.triton_utils.importing",
    "vllm.v1.worker.cpu_worker",
)


def prepare_environment() -> None:
    """Settings that vLLM reads when it is first imported; those that are set are kept."""
    for key, value in {
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "VLLM_LOGGING_LEVEL": "WARNING",
        "VLLM_LOGGING_STREAM": "ext://sys.stderr",
        # The notes of its C++ part go to stderr unasked.
        "TORCH_CPP_LOG_LEVEL": "ERROR",
    }.items():
        os.environ.setdefault(key, value)
    for name in _NOISY_LOGGERS:
        noisy = logging.getLogger(name)
        if not noisy.filters:  # a level would be undone when vLLM sets up its logging
            noisy.addFilter(lambda record: record.levelno >= logging.ERROR)


def find_platform() -> str | None:
    """The device that vLLM would use, or None where it cannot be imported."""
    prepare_environment()
    try:
        with quiet_libraries():
            import vllm  # noqa: F401  (its parts import one another only after it)
            from vllm.platforms import current_platform
    except Exception as exc:  # a build for another machine fails in many ways
        logger.info("vLLM cannot be imported (%s: %s)", type(exc).__name__, exc)
        return None
    return str(current_platform.device_type) or None


def list_option_names() -> list[str]:
    """The names of the options; vLLM must be there."""
    prepare_environment()
    with quiet_libraries():
        from vllm.engine.arg_utils import EngineArgs
    return [*EngineArgs.__dataclass_fields__, *_OWN_OPTIONS]


def load(
    folder: ModelFolder,
    *,
    decoding: Decoding,
    dtype: str,
    batch_size: int | None,
    options: Mapping[str, Any],
    n_rationales: int = 0,
) -> "VllmEngine":
    """Start vLLM with a model. `options` are vLLM's engine arguments, and two of ours.

    On a CPU the model is compiled where some `n_rationales` are expected that pay for it.

    `isolated` runs the model in processes of its own (always so by default on
    GPUs, not on CPUs). `guided` (default true) holds rationales to their form.

    Raises:
        ConfigError: an option is unknown.
        MissingExtraError: vLLM is not installed.
        CompileError: it did not start, and was to compile by its own choice.
        EngineError: vLLM cannot run here, or the folder cannot be loaded.
    """
    prepare_environment()
    try:
        with quiet_libraries():
            import torch
            import vllm
            from vllm.platforms import current_platform
            from vllm.v1.engine.exceptions import EngineDeadError
    except ImportError as exc:
        raise MissingExtraError(
            f"engine vllm: {exc.name or exc} cannot be imported. {_INSTALL}"
        ) from exc
    device = str(current_platform.device_type)
    if not device:
        raise EngineError(f"engine vllm: this build finds no device to run on. {_INSTALL}")
    check_option_names("vllm", options, list_option_names())
    for name in _OWN_OPTIONS:  # "no" would count as true
        if not isinstance(options.get(name, True), bool):
            raise ConfigError(
                f"engine vllm: {name} in [model.options] is {options[name]!r}:"
                " must be true or false"
            )
    if options.get("speculative_config"):
        raise ConfigError(
            "engine vllm: with speculative_config vLLM gives no log-probabilities of the labels."
            " Leave it out of [model.options]"
        )
    dtype = choose_dtype(dtype, device=device)
    max_model_len = limit_model_len(folder.path, options.get("max_model_len"))
    with quiet_libraries():
        tokenizer, processor = load_tokenizer(folder)
    maker = PromptMaker(
        tokenizer,
        processor=processor,
        max_model_len=max_model_len,
        max_new_tokens=decoding.max_rationale_tokens,
    )
    is_cpu = device == "cpu"
    compiles = is_cpu and "enforce_eager" not in options and pays_to_compile(n_rationales)
    arguments: dict[str, Any] = {
        "max_model_len": max_model_len,
        "enable_prefix_caching": True,
        "seed": 0,
        "disable_log_stats": False,  # the cache's counters come with it
        "use_tqdm_on_load": False,
        **(list_cpu_arguments(compiles=compiles) if is_cpu else {}),
        **(_IMAGE_ARGUMENTS if folder.accepts_images else {}),
        **({"max_num_seqs": batch_size} if batch_size else {}),
        **{k: v for k, v in options.items() if k not in (*_OWN_OPTIONS, "max_model_len")},
    }
    is_isolated = bool(options.get("isolated", not is_cpu))
    settings = {_MULTIPROCESSING: "1" if is_isolated else "0", "HF_HUB_OFFLINE": "1"}
    if is_cpu:
        os.environ.setdefault(*NO_AHEAD)  # asked at each step, not at the start alone
    if is_isolated:
        settings["PYTHONWARNINGS"] = "ignore"  # of vLLM's processes, for their imports
    set_num_threads = torch.set_num_threads  # vLLM's CPU worker puts a stub there
    pump = RequestPump(
        lambda: vllm.LLM(model=str(folder.path), dtype=cast(Any, dtype), **arguments),
        _shut_down,
        prepare=_render,
        fatal=(EngineDeadError,),
    )
    with _environment(settings), quiet_libraries():
        try:
            llm = pump.start()
        except Exception as exc:  # vLLM raises many kinds, some from its processes
            raise (CompileError if compiles else EngineError)(
                f"engine vllm: model {folder.name!r} cannot be started on {device} "
                f"({type(exc).__name__}: {exc})"
            ) from exc
    return VllmEngine(
        pump=pump,
        llm=llm,
        tokenizer=tokenizer,
        eos_ids=list_eos_ids(folder.path, tokenizer),
        maker=maker,
        decoding=decoding,
        is_guided=bool(options.get("guided", True)),
        calibration=folder.calibration,
        undo=lambda: setattr(torch, "set_num_threads", set_num_threads),
        facts=EngineFacts(
            name="vllm",
            version=str(vllm.__version__),
            model_id=folder.model_id,
            device=device,
            dtype=dtype,
            accepts_images=folder.accepts_images,
            max_calls=_MAX_CALLS,
        ),
    )


class VllmEngine:
    """One vLLM instance. Several threads may ask at once: their requests share its steps."""

    def __init__(
        self,
        *,
        pump: RequestPump,
        llm: Any,
        tokenizer: Any,
        eos_ids: list[int],
        maker: PromptMaker,
        decoding: Decoding,
        is_guided: bool,
        calibration: LabelCalibration,
        undo: Callable[[], None],
        facts: EngineFacts,
    ) -> None:
        self._pump = pump
        self._llm = llm
        self._tokenizer = tokenizer
        self._eos_ids = eos_ids
        self._maker = maker
        self._decoding = decoding
        self._is_guided = is_guided
        self._calibration = calibration
        self._undo = undo
        self._facts = facts

    @property
    def facts(self) -> EngineFacts:
        """What is known of the loaded engine."""
        return self._facts

    def label(self, items: Sequence[Item]) -> list[LabelReply]:
        """The label probabilities of items, in order, by one forward pass each.

        Raises:
            EngineError: the batch cannot be computed.
        """
        ids = self._maker.label_ids
        outputs = self._generate(
            items,
            "label",
            {"max_tokens": 1, "logprob_token_ids": list(ids), "detokenize": False},
        )
        replies = []
        for output in outputs:
            found = output.outputs[0].logprobs[0]
            logprobs = [float(found[i].logprob) for i in ids]
            replies.append(make_label_reply(logprobs, self._calibration))
        return replies

    def rationalize(self, items: Sequence[Item]) -> list[TextReply]:
        """The rationales of items, in order, decoded greedily.

        Raises:
            EngineError: the batch cannot be computed.
        """
        from vllm.sampling_params import StructuredOutputsParams

        form = StructuredOutputsParams(regex=make_reply_pattern(RATIONALE_PREFILL))
        outputs = self._generate(
            items,
            "rationale",
            {
                "structured_outputs": form if self._is_guided else None,
                "max_tokens": self._decoding.max_rationale_tokens,
                "repetition_penalty": self._decoding.repetition_penalty,
                "stop": list(STOP_STRINGS),
                "include_stop_str_in_output": True,
                "stop_token_ids": self._eos_ids,
            },
        )
        return [
            make_text_reply(
                self._tokenizer,
                prefill_ids=self._maker.prefill_ids,
                output_ids=list(output.outputs[0].token_ids),
                eos_ids=self._eos_ids,
                n_prompt_tokens=len(output.prompt_token_ids) - len(self._maker.prefill_ids),
            )
            for output in outputs
        ]

    def clear_caches(self) -> None:
        """Forget prompts and pictures that it was asked, while it is asked nothing: to measure."""
        clear_caches(self._llm)

    def close(self) -> None:
        """Stop vLLM and let go of its memory and processes."""
        if self._llm is None:
            return
        self._llm = None
        self._pump.close()
        os.environ.pop("VLLM_DIST_IDENT", None)  # else the next engine warns of it
        self._undo()

    def _generate(
        self, items: Sequence[Item], purpose: Purpose, sampling: dict[str, Any]
    ) -> list[Any]:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        if self._llm is None:
            raise EngineError("engine vllm: it was closed. Load it again")
        if not items:
            return []
        prompts = [_make_input(prompt) for prompt in self._maker.prepare(items, purpose)]
        try:
            outputs = self._pump.ask(
                prompts,
                SamplingParams(
                    temperature=0.0, output_kind=RequestOutputKind.FINAL_ONLY, **sampling
                ),
            )
        except EngineDiedError as exc:
            raise EngineDiedError(
                f"engine vllm: the process of its model ended while it had {len(items)} {purpose}"
                f" prompts ({exc}). Load it again"
            ) from exc
        except Exception as exc:  # vLLM raises many kinds, some from its processes
            raise EngineError(
                f"engine vllm: a batch of {len(items)} {purpose} prompts failed "
                f"({type(exc).__name__}: {exc})"
            ) from exc
        if failed := {o.outputs[0].finish_reason for o in outputs} - {"stop", "length"}:
            raise EngineError(
                f"engine vllm: {purpose} prompts of a batch of {len(items)} ended with "
                f"{', '.join(map(str, failed))}; the log above says why"
            )
        return outputs


def _shut_down(llm: Any) -> None:
    from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

    llm.llm_engine.engine_core.shutdown()
    cleanup_dist_env_and_memory()


def _make_input(prompt: Prompt) -> dict[str, Any]:
    """Token ids, not text: what the model reads is then the same in all engines."""
    if prompt.image_path is None:
        return {"prompt_token_ids": prompt.token_ids}
    picture = open_picture(prompt.image_path)
    return {"prompt_token_ids": prompt.token_ids, "multi_modal_data": {"image": picture}}


def _render(llm: Any, prompt: dict[str, Any]) -> Any:
    """A prompt as the engine takes it: its picture as numbers."""
    from vllm.renderers.inputs.preprocess import parse_model_prompt

    # The cache of this side alone: one shared with the engine must see requests in its order,
    # also those that are given up after they were prepared.
    (rendered,) = llm.renderer.render_cmpl(
        [parse_model_prompt(llm.model_config, prompt)], skip_mm_cache=True
    )
    return rendered


def clear_caches(llm: Any) -> None:
    """Let an idle `vllm.LLM` forget the prompts and pictures that it was asked."""
    llm.reset_prefix_cache()
    llm.reset_mm_cache()
    llm.llm_engine.reset_encoder_cache()


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
