"""The posts that engines are measured on: Twitter-2015 test, else the bundled sample."""

import random
from pathlib import Path
from typing import Any

from analytics.config.loading import load_config
from analytics.config.template import write_sample
from analytics.contract.policy import ALL_RATIONALES
from analytics.contract.records import Item
from analytics.pipeline import run_steps
from analytics.store.plan import make_plan, read_chunk
from analytics.store.predictions import ResultKey
from analytics.store.warehouse import open_writer
from distillation.data.loaders import load_examples
from distillation.data.pictures import PictureFolder

REPEATED = 0.3

Post = dict[str, Any]


def draw_posts(data: Path | None, n: int, folder: Path) -> list[Post]:
    """Posts with a target and a prepared picture each: Twitter-2015 test, else the sample."""
    items = _read_sample(folder / "sample") if data is None else _read_twitter(data, folder)
    random.Random(0).shuffle(items)
    # A target that stands twice in a post is one content.
    distinct = list({item.content_key: item for item in items}.values())
    return [
        {"id": str(number), "text": item.text, "aspect": item.aspect, "image": item.image_path}
        for number, item in enumerate(distinct[:n])
    ]


def _read_twitter(data: Path, folder: Path) -> list[Item]:
    examples = load_examples(data, "test", pictures=PictureFolder(folder / "pictures"))
    return [example.item for example in examples if example.item.image_path is not None]


def _read_sample(folder: Path) -> list[Item]:
    folder.mkdir()
    write_sample(folder / "analytics.toml")
    config = load_config(folder / "analytics.toml")
    run_steps(config, "benchmark", ("ingest", "media"))
    with open_writer(config.warehouse.path, "benchmark") as connection:
        key = ResultKey(model_id="none", result_digest="none", run_id="none")
        plan = make_plan(connection, key, post_level=False, rationales=ALL_RATIONALES)
        planned = read_chunk(connection, 0, plan.count_contents, data_dir=config.warehouse.data_dir)
    return [one.item for one in planned if one.item.image_path is not None]


def repeat(posts: list[Post]) -> list[Post]:
    """As many posts, of which 30 % are copies of others under ids of their own."""
    n_copies = round(REPEATED * len(posts))
    originals = posts[: len(posts) - n_copies]
    copies = [{**originals[i % len(originals)], "id": f"copy-{i}"} for i in range(n_copies)]
    return originals + copies
