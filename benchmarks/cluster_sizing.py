"""How many machines a night of posts needs, on paper: the table of docs/cluster.md.

    python benchmarks/cluster_sizing.py
    python benchmarks/cluster_sizing.py --posts 3e6 --labels-per-s 220 --pictures-per-s 90

Without measured rates, those of a GPU follow from its arithmetic and from assumptions,
which are the defaults below. Measure yours and give them: one number of your own model on
your own GPU is worth more than all of these.
"""

import math
from dataclasses import dataclass

import click

# bfloat16 without sparsity, in TFLOP/s, from NVIDIA's data sheets.
GPUS = {"L4 24 GB": 121, "A100 80 GB": 312, "H100 SXM 80 GB": 989}


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What is to be judged; shares are of posts, or of contents where it says so."""

    posts: float = 10e6
    share_distinct: float = 0.7
    contents_per_post: float = 1.2
    share_pictures: float = 0.3
    share_rationales: float = 0.02
    hours: float = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model's arithmetic; the defaults are Qwen2.5-VL-3B with pictures of 280 x 280."""

    parameters: float = 3.09e9
    vision_parameters: float = 0.67e9
    prompt_tokens: float = 97
    picture_tokens: float = 100
    picture_patches: float = 400
    labels_a_rationale: float = 8
    utilisation: float = 0.3
    max_texts_per_s: float = 500
    max_pictures_per_s: float = 50


def rate(model: Model, tflops: float) -> tuple[float, float]:
    """Labels a second of one GPU: of texts, and of texts with a picture."""
    usable = tflops * 1e12 * model.utilisation
    text = 2 * model.parameters * model.prompt_tokens
    picture = (
        text
        + 2 * model.parameters * model.picture_tokens
        + 2 * model.vision_parameters * model.picture_patches
    )
    return (
        min(usable / text, model.max_texts_per_s),
        min(usable / picture, model.max_pictures_per_s),
    )


def hours_needed(night: Night, texts_per_s: float, pictures_per_s: float, ratio: float) -> float:
    """Hours of one replica. A rationale costs `ratio` labels of a text."""
    contents = night.posts * night.share_distinct * night.contents_per_post
    seconds = contents * (
        (1 - night.share_pictures) / texts_per_s
        + night.share_pictures / pictures_per_s
        + night.share_rationales * ratio / texts_per_s
    )
    return seconds / 3600


def describe(name: str, night: Night, texts: float, pictures: float, ratio: float) -> str:
    """A row of the table: the rates, and hours and replicas for two shares of rationales."""
    cells = [name, f"{texts:.0f}", f"{pictures:.0f}"]
    for share in (night.share_rationales, 1.0):
        each = Night(**{**_fields(night), "share_rationales": share})
        hours = hours_needed(each, texts, pictures, ratio)
        cells += [f"{hours:.0f}", f"{math.ceil(hours / night.hours)}"]
    return "| " + " | ".join(cells) + " |"


def _fields(night: Night) -> dict[str, float]:
    return {name: getattr(night, name) for name in night.__dataclass_fields__}


@click.command()
@click.option("--posts", type=float, default=Night().posts, show_default=True)
@click.option("--share-distinct", type=float, default=Night().share_distinct, show_default=True)
@click.option(
    "--contents-per-post", type=float, default=Night().contents_per_post, show_default=True
)
@click.option("--share-pictures", type=float, default=Night().share_pictures, show_default=True)
@click.option("--share-rationales", type=float, default=Night().share_rationales, show_default=True)
@click.option("--hours", type=float, default=Night().hours, show_default=True)
@click.option("--labels-per-s", type=float, help="Measured: texts a second of one replica.")
@click.option("--pictures-per-s", type=float, help="Measured: the same with pictures.")
@click.option(
    "--labels-a-rationale", type=float, default=Model().labels_a_rationale, show_default=True
)
def main(
    labels_per_s: float | None,
    pictures_per_s: float | None,
    labels_a_rationale: float,
    **values: float,
) -> None:
    """Print the table."""
    night, model = Night(**values), Model()
    share = f"{night.share_rationales:.0%} rationales"
    click.echo(
        f"| replica | texts/s | pictures/s | hours, {share} | replicas | hours, all rationales"
        " | replicas |"
    )
    click.echo("| --- | --- | --- | --- | --- | --- | --- |")
    if labels_per_s:
        pictures = pictures_per_s or labels_per_s
        click.echo(describe("yours", night, labels_per_s, pictures, labels_a_rationale))
        return
    for name, tflops in GPUS.items():
        click.echo(describe(name, night, *rate(model, tflops), labels_a_rationale))


if __name__ == "__main__":
    main()
