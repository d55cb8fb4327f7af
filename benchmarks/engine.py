"""Posts a second: this engine against what a user would run instead.

    python benchmarks/engine.py --json [--data T15] [--posts 96] [--rounds 3]

Sides, each in a process of its own, in turns, on the same posts and the same weights:

- `paper`: the loop of MulCoT-RD as published: `generate` of transformers, a label prompt and a
  rationale prompt a post, batches of 24 in the order given, padded on the left to the longest of
  the set, pictures of 280 x 280.
- `plain_vllm`: `LLM.chat` with vLLM's defaults, two requests a post, all given at once.
- `ours`: `infer` into a warehouse (memo, chunks, commits), by `--engine`. `full` writes every
  rationale, `nightly` those of uncertain posts and a sample of 2 %, `labels` none.

Rationales run to their natural end (at most 320 tokens), labels of the other sides to at most 8.
`repeats`: 30 % of the posts are copies. Before each measurement vLLM forgets what it was asked, as
posts of a night are new. Loading is not measured; `ours` is loaded as for a night, so compiled as
`plain_vllm` is. All figures are medians over rounds; posts are drawn by a fixed seed.
"""

import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click
from PIL import Image

from analytics.config.loading import cache_folder, load_config
from analytics.contract.decoding import Decoding
from analytics.contract.policy import ALL_RATIONALES, RationalePolicy
from analytics.contract.prompts import render_messages, render_prefill
from analytics.contract.records import Item
from analytics.engine.devices import choose_device, choose_dtype
from analytics.engine.loading import load_engine
from analytics.engine.models import ModelFolder, resolve_model
from analytics.engine.vllm_cpu import MIN_RATIONALES
from analytics.infer import InferSettings, infer
from analytics.pipeline import run_steps
from analytics.store.runs import start_run
from analytics.store.warehouse import open_writer
from benchmarks.engine_posts import Post, draw_posts, repeat

MAX_NEW_TOKENS = {"label": 8, "rationale": 320}
PAPER_BATCH = 24
PAPER_SIDE = 280
POLICIES = {
    "full": ALL_RATIONALES,
    "repeats": ALL_RATIONALES,
    "nightly": RationalePolicy(sample_share=0.02, uncertain_below=0.2),
    "labels": RationalePolicy(),
}
_CHUNK = 256


def run_paper(folder: ModelFolder, work: dict[str, list[Post]], place: Path) -> Callable[..., Any]:
    """The published loop, on transformers alone."""
    import torch
    import transformers

    device = choose_device()
    dtype = getattr(torch, choose_dtype("auto", device=device))
    loader: Any = transformers.AutoProcessor
    processor = loader.from_pretrained(folder.path, padding_side="left")
    model: Any = transformers.AutoModelForImageTextToText.from_pretrained(folder.path, dtype=dtype)
    model = model.to(device).eval()

    def run(variant: str) -> dict[str, float]:
        posts = work[variant]
        n_tokens = 0
        started = time.perf_counter()
        pictures = [
            [Image.open(post["image"]).convert("RGB").resize((PAPER_SIDE, PAPER_SIDE))]
            for post in posts
        ]
        for purpose in ("label", "rationale"):
            texts = [
                processor.apply_chat_template(
                    render_messages(_make_item(post), purpose, with_image=True),
                    add_generation_prompt=True,
                )
                + render_prefill(purpose)
                for post in posts
            ]
            # Padded to the longest of the set; Idefics3 has one row a post in all that it reads.
            encoded = processor(text=texts, images=pictures, padding=True, return_tensors="pt")
            encoded = encoded.to(device, dtype=dtype)
            longest = encoded["input_ids"].shape[1]
            for first in range(0, len(posts), PAPER_BATCH):
                inputs = {
                    name: values[first : first + PAPER_BATCH] for name, values in encoded.items()
                }
                with torch.inference_mode():
                    found = model.generate(
                        **inputs, max_new_tokens=MAX_NEW_TOKENS[purpose], do_sample=False
                    )
                replies = found[:, longest:]
                processor.batch_decode(replies, skip_special_tokens=True)
                n_tokens += int((replies != processor.tokenizer.pad_token_id).sum())
        return _measure(started, posts, n_tokens)

    return run


def run_plain_vllm(
    folder: ModelFolder, work: dict[str, list[Post]], place: Path
) -> Callable[..., Any]:
    """vLLM as its manual shows it; replies begin as ours do, since the student was taught so."""
    if choose_device() == "cpu":  # its own processes poll, and would slow the other sides
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
    import vllm

    from analytics.engine.vllm_engine import clear_caches

    # By default it takes all memory, and here it is not alone.
    llm = vllm.LLM(model=str(folder.path), max_model_len=2048, seed=0, gpu_memory_utilization=0.3)
    sampling = {
        purpose: vllm.SamplingParams(temperature=0.0, max_tokens=limit)
        for purpose, limit in MAX_NEW_TOKENS.items()
    }

    def run(variant: str) -> dict[str, float]:
        posts = work[variant]
        clear_caches(llm)
        started = time.perf_counter()
        chats = []
        for post in posts:
            picture = Image.open(post["image"]).convert("RGB")
            for purpose in ("label", "rationale"):
                messages = render_messages(_make_item(post), purpose, with_image=True)  # type: ignore[arg-type]
                for message in messages:
                    message["content"] = [
                        {"type": "image_pil", "image_pil": picture} if p["type"] == "image" else p
                        for p in message["content"]
                    ]
                start = [{"type": "text", "text": render_prefill(purpose)}]  # type: ignore[arg-type]
                chats.append([*messages, {"role": "assistant", "content": start}])
        limits = [sampling["label"], sampling["rationale"]] * len(posts)
        outputs = llm.chat(
            chats,  # type: ignore[arg-type]
            limits,
            use_tqdm=False,
            add_generation_prompt=False,
            continue_final_message=True,
        )
        return _measure(started, posts, sum(len(o.outputs[0].token_ids) for o in outputs))

    return run


def run_ours(
    folder: ModelFolder,
    work: dict[str, list[Post]],
    place: Path,
    engine_name: str,
    options: dict[str, Any],
) -> Callable[..., Any]:
    """`infer` on a fresh copy of a warehouse that holds the posts; the engine stays loaded."""
    decoding = Decoding(max_rationale_tokens=MAX_NEW_TOKENS["rationale"])
    engine = load_engine(  # as for a night of many posts; `plain_vllm` compiles, too
        engine_name, folder, decoding=decoding, options=options, n_rationales=MIN_RATIONALES
    )
    engine.close = lambda: None  # type: ignore[method-assign]
    homes = {name: _ingest(posts, place / name) for name, posts in work.items()}

    def judge(path: Path, variant: str) -> dict[str, float]:
        settings = InferSettings(
            model_id=folder.model_id,
            result_digest="benchmark",
            data_dir=path.parent / "data",
            post_level=False,
            rationales=POLICIES[variant],
            chunk_items=_CHUNK,
        )
        started = time.perf_counter()
        with open_writer(path, "benchmark") as connection:
            run = start_run(connection, command="infer", config_json={}, config_digest="")
            infer(connection, lambda: engine, run, settings)
        found = _measure(started, work[_posts_of(variant)], run.counts.count_output_tokens)
        calls = run.counts.count_engine_labels + run.counts.count_engine_rationales
        return {**found, "calls": calls, "rationales": run.counts.count_engine_rationales}

    def run(variant: str) -> dict[str, float]:
        home = homes[_posts_of(variant)]
        path = home / "round.duckdb"
        path.unlink(missing_ok=True)
        shutil.copy(home / "warehouse.duckdb", path)
        if hasattr(engine, "clear_caches"):
            engine.clear_caches()
        first = judge(path, variant)
        again = judge(path, variant)
        return {**first, "again_s": again["seconds"], "again_calls": again["calls"]}

    return run


def _posts_of(variant: str) -> str:
    return "repeats" if variant == "repeats" else "full"


def _ingest(posts: list[Post], home: Path) -> Path:
    home.mkdir(parents=True)
    lines = [
        json.dumps(
            {**post, "image": str(post["image"]), "created_at": "2026-03-01T12:00:00Z"},
            ensure_ascii=False,
        )
        for post in posts
    ]
    (home / "posts.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (home / "analytics.toml").write_text(
        '[warehouse]\npath = "warehouse.duckdb"\ndata_dir = "data"\n'
        f"picture_folders = [{json.dumps(str(home.parents[1]))}]\n"
        '[[sources]]\npath = "posts.jsonl"\nformat = "table"\nplatform = "benchmark"\n'
        'mapping = { id = "id", text = "text", aspect = "aspect", created_at = "created_at",'
        ' image = "image" }\n',
        encoding="utf-8",
    )
    run_steps(load_config(home / "analytics.toml"), "benchmark", ("ingest", "media"))
    return home


def _make_item(post: Post) -> Item:
    return Item(
        content_key=post["id"],
        text=post["text"],
        aspect=post["aspect"],
        image_path=post["image"],
        image_sha256="0" * 64,
    )


def _measure(started: float, posts: list[Post], n_tokens: int) -> dict[str, float]:
    return {
        "seconds": time.perf_counter() - started,
        "posts": len(posts),
        "output_tokens": n_tokens,
    }


def _work(
    side: str,
    model: str,
    engine: str,
    options: dict[str, Any],
    work: dict[str, list[Post]],
    place: Path,
    pipe: Connection,
) -> None:
    """A side's process: loads, then does what it is told until it is told to close."""
    folder = resolve_model(model, cache_dir=cache_folder())
    if side == "ours":
        run = run_ours(folder, work, place, engine, options)
    else:
        run = {"paper": run_paper, "plain_vllm": run_plain_vllm}[side](folder, work, place)
    pipe.send("ready")
    while (variant := pipe.recv()) is not None:
        pipe.send(run(variant))


def compare(found: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    """Medians of each side and variant, and the ratios."""
    sides = {
        name: {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
        for name, rounds in found.items()
    }
    rate = {name: side["posts"] / side["seconds"] for name, side in sides.items()}
    ours = sides["ours full"]

    def over(a: str, b: str) -> float | None:
        return round(rate[a] / rate[b], 2) if a in rate and b in rate else None

    return {
        "vs_reference": over("ours full", "paper full"),
        "vs_reference_nightly": over("ours nightly", "paper full"),
        "vs_plain_vllm": over("ours full", "plain_vllm full"),
        "vs_plain_vllm_repeats": over("ours repeats", "plain_vllm repeats"),
        "label_only": over("ours labels", "ours full"),
        "second_run_calls": int(ours["again_calls"]),
        "second_run_share": round(ours["again_s"] / ours["seconds"], 4),
        "posts_per_second": {name: round(value, 2) for name, value in rate.items()},
        "sides": sides,
    }


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="Twitter-2015.")
@click.option("--posts", "n_posts", default=96, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--model", default="smol-139m", show_default=True)
@click.option("--engine", default="auto", show_default=True, help="What `ours` runs on.")
@click.option(
    "--options", default="{}", show_default=True, help="[model.options] of `ours`, as JSON."
)
@click.option("--without-vllm", is_flag=True, help="Leave `plain_vllm` out.")
@click.option("--without-paper", is_flag=True, help="Leave `paper` out.")
@click.option("--json", "as_json", is_flag=True, help="One line.")
def main(
    data: Path | None,
    n_posts: int,
    rounds: int,
    model: str,
    engine: str,
    options: str,
    without_vllm: bool,
    without_paper: bool,
    as_json: bool,
) -> None:
    """Measure and print."""
    plan = {
        "paper": ["full"],
        "plain_vllm": ["full", "repeats"],
        "ours": ["full", "nightly", "labels", "repeats"],
    }
    if without_vllm:
        del plan["plain_vllm"]
    if without_paper:
        del plan["paper"]
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        posts = draw_posts(data, n_posts, Path(name))
        work = {"full": posts, "repeats": repeat(posts)}
        pipes: dict[str, Connection] = {}
        processes = []
        for side in plan:
            pipes[side], theirs = context.Pipe()
            place = Path(name) / side
            process = context.Process(
                target=_work,
                args=(side, model, engine, json.loads(options), work, place, theirs),
            )
            process.start()
            processes.append(process)
            theirs.close()
            pipes[side].recv()  # one loads at a time
        found: dict[str, list[dict[str, float]]] = {}
        for number in range(rounds):
            for side, variants in plan.items():
                for variant in variants:
                    pipes[side].send(variant)
                    result = pipes[side].recv()
                    found.setdefault(f"{side} {variant}", []).append(result)
                    click.echo(f"round {number + 1}: {side} {variant} {result}", err=True)
        for pipe in pipes.values():
            pipe.send(None)
        for process in processes:
            process.join()
    about = {"n_posts": len(posts), "rounds": rounds, "model": model, "engine": engine}
    about |= {"options": json.loads(options), "data": "Twitter-2015 test" if data else "sample"}
    result = {**about, **compare(found)}
    click.echo(json.dumps(result, indent=None if as_json else 2))


if __name__ == "__main__":
    sys.exit(main())
