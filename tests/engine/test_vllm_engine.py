"""The vLLM engine against the transformers engine: same tokens, same labels."""

import importlib.util
import math
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.decoding import Decoding
from analytics.contract.engine import Engine
from analytics.contract.errors import CompileError, ConfigError, EngineDiedError, EngineError
from analytics.contract.labels import label_of
from analytics.contract.parser import parse_reply
from analytics.contract.records import Item, ResponseStatus
from analytics.engine import vllm_cpu
from analytics.engine.loading import describe_engines, load_engine
from analytics.engine.models import ModelFolder
from analytics.engine.process_engine import ProcessEngine
from tests.engine.conftest import DECODING, MAX_MODEL_LEN

BLOCK = 32  # tokens of a block of the cache on a CPU

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
    ),
]


@pytest.fixture(scope="module")
def vllm_engine(base_folder: ModelFolder) -> Iterator[Engine]:
    loaded = load_engine(
        "vllm",
        base_folder,
        decoding=DECODING,
        dtype="float32",
        # The other engine cannot hold a model to a form: see the test of it below.
        options={"max_model_len": MAX_MODEL_LEN, "guided": False},
    )
    yield loaded
    loaded.close()


def count_hits(engine: Engine) -> int:
    """Prompt tokens that the engine took from its prefix cache, by its own counter."""
    metrics = engine._llm.get_metrics()  # type: ignore[attr-defined]
    return sum(m.value for m in metrics if m.name == "vllm:prefix_cache_hits")


def count_shared(engine: Engine, items: list[Item]) -> int:
    """Tokens of whole blocks that label and rationale prompts of items begin with alike."""
    n_tokens = 0
    for pair in zip(
        *(list_token_ids(engine, items, p) for p in ("label", "rationale")), strict=True
    ):
        n_tokens += _count_common(*pair) // BLOCK * BLOCK
    return n_tokens


def _count_common(a: list[int], b: list[int]) -> int:
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))


def list_token_ids(engine: Engine, items: list[Item], purpose: str) -> list[list[int]]:
    return [p.token_ids for p in engine._maker.prepare(items, purpose)]  # type: ignore[attr-defined]


def test_facts_say_what_runs(vllm_engine: Engine, base_folder: ModelFolder) -> None:
    assert vllm_engine.facts.name == "vllm"
    assert vllm_engine.facts.model_id == base_folder.model_id
    assert vllm_engine.facts.dtype == "float32"


def test_prompts_are_the_same_tokens_in_both_engines(
    vllm_engine: Engine, engine: Engine, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What vLLM says it read, against what the other engine gives its model."""
    odd = [Item(content_key="o", text=t) for t in ("", "a<|im_end|>b", "word " * 900, "\U0001f600")]
    chosen = [*items[:10], *odd]
    seen: list[list[int]] = []
    pump = vllm_engine._pump  # type: ignore[attr-defined]
    ask = pump.ask

    def listen(*args: object, **kwargs: object) -> list[Any]:
        outputs = ask(*args, **kwargs)
        seen.extend(list(output.prompt_token_ids) for output in outputs)
        return outputs

    monkeypatch.setattr(pump, "ask", listen)
    vllm_engine.label(chosen)
    assert seen == list_token_ids(engine, chosen, "label")


def test_labels_agree_with_transformers(
    vllm_engine: Engine, engine: Engine, items: list[Item]
) -> None:
    ours = [reply.probabilities for reply in vllm_engine.label(items)]
    theirs = [reply.probabilities for reply in engine.label(items)]
    assert all(math.isclose(sum(row), 1, abs_tol=1e-9) for row in ours)
    worst = max(
        abs(a - b) for x, y in zip(ours, theirs, strict=True) for a, b in zip(x, y, strict=True)
    )
    assert worst < 1e-3
    n_same = sum(label_of(a) == label_of(b) for a, b in zip(ours, theirs, strict=True))
    assert n_same >= 99


def test_labels_keep_order_and_reuse_prefixes(vllm_engine: Engine, items: list[Item]) -> None:
    first = vllm_engine.label(items[:6])
    before = count_hits(vllm_engine)
    backwards = vllm_engine.label(items[5::-1])
    assert count_hits(vllm_engine) - before >= 6 * BLOCK
    for a, b in zip(first, backwards[::-1], strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-3)


def test_a_rationale_reuses_the_prefix_of_the_label(vllm_engine: Engine) -> None:
    posts = [Item(content_key=str(n), text=f"{n} words of the {n}th post " * 9) for n in range(8)]
    vllm_engine.label(posts)
    before = count_hits(vllm_engine)
    vllm_engine.rationalize(posts)
    shared = count_shared(vllm_engine, posts)
    assert shared >= 8 * 3 * BLOCK  # more than the system prompt
    assert count_hits(vllm_engine) - before >= shared


def test_threads_share_the_engine(vllm_engine: Engine, items: list[Item]) -> None:
    """As chunks do: one asks for labels while another writes rationales."""
    with ThreadPoolExecutor(2) as threads:
        texts = threads.submit(vllm_engine.rationalize, items[:4])
        labels = threads.submit(vllm_engine.label, items[4:12])
    for a, b in zip(labels.result(), vllm_engine.label(items[4:12]), strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-3)
    again = vllm_engine.rationalize(items[:4])
    assert sum(a == b for a, b in zip(texts.result(), again, strict=True)) >= 3


def test_guided_rationales_have_their_form(
    vllm_engine: Engine, items: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model was never taught the form, and falls out of it when left alone."""
    monkeypatch.setattr(vllm_engine, "_decoding", Decoding(max_rationale_tokens=200))
    found = {}
    for is_guided in (False, True):
        monkeypatch.setattr(vllm_engine, "_is_guided", is_guided)
        replies = vllm_engine.rationalize(items[:8])
        parsed = [parse_reply(reply, has_image=True) for reply in replies]
        found[is_guided] = [reply.status is ResponseStatus.OK for reply in parsed]
        for reply, one in zip(replies, parsed, strict=True):
            if is_guided:  # whole, or cut by the number of tokens: nothing else
                assert reply.text.startswith("Text analysis:")
                assert (one.status is ResponseStatus.OK) == (reply.finish_reason == "stop")
    assert sum(found[True]) > sum(found[False])


def test_rationales_agree_with_transformers(
    vllm_engine: Engine, engine: Engine, items: list[Item]
) -> None:
    ours, theirs = vllm_engine.rationalize(items[:8]), engine.rationalize(items[:8])
    for a, b in zip(ours, theirs, strict=True):
        assert a.n_prompt_tokens == b.n_prompt_tokens
        assert a.text.startswith("Text analysis:")
    # Two nearly equal logits may fall either way, and the rest of a text with them.
    assert sum(a == b for a, b in zip(ours, theirs, strict=True)) >= 6


def test_rationales_stop_after_the_prediction_line(
    base_folder: ModelFolder, vllm_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is made to say it: its prompt is replaced by one that it repeats."""
    line = "Final conclusion: good.\nPrediction: positive\n"
    tokenizer = vllm_engine._tokenizer  # type: ignore[attr-defined]
    loop = tokenizer.encode((line + "Text analysis: fine.\n") * 8 + "Final conclusion: good.")
    monkeypatch.setattr(
        "analytics.engine.vllm_engine._make_input", lambda prompt: {"prompt_token_ids": loop}
    )
    (reply,) = vllm_engine.rationalize([Item(content_key="k", text="x")])
    assert reply.finish_reason == "stop"
    assert reply.text.endswith("\nPrediction: positive")
    assert reply.n_output_tokens < DECODING.max_rationale_tokens


@pytest.mark.parametrize(
    "text", ["", "word " * 5000, "a<|im_end|>b"], ids=["empty", "long", "mark"]
)
def test_odd_texts_get_replies(vllm_engine: Engine, text: str) -> None:
    item = Item(content_key="k", text=text)
    assert math.isclose(sum(vllm_engine.label([item])[0].probabilities), 1, abs_tol=1e-9)
    assert vllm_engine.rationalize([item])[0].text.startswith("Text analysis:")


def test_no_items_give_no_replies(vllm_engine: Engine) -> None:
    assert vllm_engine.label([]) == []


@pytest.mark.parametrize("name", ["isolated", "guided"])
def test_an_option_of_ours_is_true_or_false(base_folder: ModelFolder, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} in .* is 'no': must be true or false"):
        load_engine("vllm", base_folder, decoding=Decoding(), options={name: "no"})


def test_unknown_option_names_the_nearest(base_folder: ModelFolder) -> None:
    with pytest.raises(ConfigError, match=r"'max_model_length'. Did you mean 'max_model_len'"):
        load_engine("vllm", base_folder, decoding=Decoding(), options={"max_model_length": 1})


def test_speculation_is_refused_as_it_takes_the_labels_probabilities(
    base_folder: ModelFolder,
) -> None:
    options = {"speculative_config": {"method": "ngram", "num_speculative_tokens": 3}}
    with pytest.raises(ConfigError, match="gives no log-probabilities of the labels"):
        load_engine("vllm", base_folder, decoding=DECODING, options=options)


def test_deep_description_tries_the_import() -> None:
    (status,) = [s for s in describe_engines(deep=True) if s.name == "vllm"]
    assert status.can_run
    assert status.reason.startswith("import was tried, platform")
    assert status.version


@pytest.fixture(scope="module")
def after_base(vllm_engine: Engine) -> None:
    """What follows needs the first engine's memory, and its place in this process."""
    vllm_engine.close()


@pytest.mark.usefixtures("after_base")
def test_pictures_agree_with_transformers(tiny_vision_folder: ModelFolder, tmp_path: Path) -> None:
    from PIL import Image

    chosen = []
    for n, colour in enumerate(["red", "blue", None, "green"]):
        path = tmp_path / f"{n}.jpg" if colour else None
        if path:
            Image.new("RGB", (280, 120 + 40 * n), colour).save(path)
        text = "Look <image>" + " again" * (40 + n)
        chosen.append(Item(content_key=str(n), text=text, image_path=path))
    found = {}
    for name in ("transformers", "vllm"):
        loaded = load_engine(name, tiny_vision_folder, decoding=DECODING, dtype="float32")
        labels = loaded.label(chosen)
        before = count_hits(loaded) if name == "vllm" else 0
        found[name] = labels, loaded.rationalize(chosen)
        if name == "vllm":
            # The picture is part of the prefix, and of what is taken from the cache.
            shared = count_shared(loaded, chosen)
            assert count_hits(loaded) - before >= shared >= len(chosen) * 2 * BLOCK
            with pytest.raises(EngineError, match=r"no\.jpg: cannot be read"):
                loaded.label([Item(content_key="n", text="x", image_path=tmp_path / "no.jpg")])
            assert len(loaded.label(chosen)) == len(chosen)  # it lives on
        loaded.close()
    (labels, texts), (other_labels, other_texts) = found.values()
    for a, b in zip(labels, other_labels, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-3)
    assert [t.n_prompt_tokens for t in texts] == [t.n_prompt_tokens for t in other_texts]


@pytest.mark.usefixtures("after_base")
def test_a_compiled_model_says_the_same(
    tiny_vision_folder: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vllm_cpu, "MIN_RATIONALES", 2)
    asked = [Item(content_key=str(n), text="again " * (20 + n)) for n in range(3)]
    found = []
    for n_rationales in (1, 2):
        loaded: Any = load_engine(
            "vllm",
            tiny_vision_folder,
            decoding=DECODING,
            dtype="float32",
            n_rationales=n_rationales,
        )
        is_eager = loaded._llm.llm_engine.vllm_config.model_config.enforce_eager
        found.append((is_eager, loaded.label(asked), loaded.rationalize(asked)))
        loaded.close()
    (is_eager, labels, texts), (is_eager_too, other_labels, other_texts) = found
    assert is_eager
    assert not is_eager_too
    for a, b in zip(labels, other_labels, strict=True):
        assert a.probabilities == pytest.approx(b.probabilities, abs=1e-3)
    assert [t.text for t in texts] == [t.text for t in other_texts]


def test_a_compiler_that_fails_is_told_apart(
    tiny_vision_folder: ModelFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CXX", "false")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    load = partial(
        load_engine,
        "vllm",
        tiny_vision_folder,
        decoding=DECODING,
        n_rationales=vllm_cpu.MIN_RATIONALES,
    )
    with pytest.raises(CompileError, match="cannot be started on cpu"):
        ProcessEngine(load)
    # Who asked for it is told, too, but there is nothing else to try.
    with pytest.raises(EngineError, match="cannot be started on cpu") as caught:
        ProcessEngine(partial(load, options={"enforce_eager": False}))
    assert not isinstance(caught.value, CompileError)


@pytest.mark.usefixtures("after_base")
# pyzmq finds a context of vLLM's client still open when it is collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_isolated_engine_works_and_close_ends_its_processes(base_folder: ModelFolder) -> None:
    import psutil  # vLLM requires it

    def list_processes() -> set[int]:
        return {
            p.pid
            for p in psutil.Process().children(recursive=True)
            if p.status() != psutil.STATUS_ZOMBIE and "resource_tracker" not in str(p.cmdline())
        }

    before = list_processes()
    loaded = load_engine(
        "vllm",
        base_folder,
        decoding=DECODING,
        options={"isolated": True, "max_model_len": MAX_MODEL_LEN},
    )
    assert list_processes() - before
    reply = loaded.label([Item(content_key="k", text="I love it")])[0]
    assert sum(reply.probabilities) == pytest.approx(1)
    loaded.close()
    loaded.close()
    deadline = time.monotonic() + 20
    while list_processes() - before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert list_processes() - before == set()
    assert "VLLM_ENABLE_V1_MULTIPROCESSING" not in os.environ


@pytest.mark.usefixtures("after_base")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_death_of_the_models_process_is_told(tiny_vision_folder: ModelFolder) -> None:
    import psutil

    loaded = load_engine(
        "vllm", tiny_vision_folder, decoding=DECODING, dtype="float32", options={"isolated": True}
    )
    item = Item(content_key="k", text="I love it")
    assert len(loaded.label([item])) == 1
    cores = [
        process
        for process in psutil.Process().children(recursive=True)
        if "resource_tracker" not in str(process.cmdline())
    ]
    assert cores
    for process in cores:
        process.kill()
    psutil.wait_procs(cores, timeout=20)
    with pytest.raises(EngineDiedError, match="the process of its model ended"):
        loaded.label([item])
    with pytest.raises(EngineDiedError):
        loaded.label([item])
    loaded.close()
