"""Databases for the tests of the report: two weeks of invented posts, and
posts that attack the page."""

import random
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from PIL import Image, ImageDraw

from analytics.contract.labels import LABELS
from analytics.store.events import write_table
from analytics.store.sql_files import build_marts
from analytics.trends import build_trends
from tests.reports.payloads import PAYLOADS
from tests.sql.rows import (
    add_aspect,
    add_picture,
    add_post,
    add_prediction,
    add_reject,
    add_run,
    insert,
    make_database,
    use_model,
)

ASPECTS = {
    "Velo bike share": 0.35,
    "tram line 9": -0.4,
    "Harbour market": 0.5,
    "night buses": -0.15,
    "the new library": 0.7,
    "#parking": -0.65,
}
PLATFORMS = ("x", "reddit", "bluesky")
_OPENINGS = {
    "negative": ("Tired of", "Once more let down by", "Can somebody explain", "Never again:"),
    "neutral": ("Question about", "Passing by", "Some facts on", "Does anyone know"),
    "positive": ("Really happy with", "Hats off to", "What a good week for", "I keep recommending"),
}
_ENDINGS = (
    "on a Monday morning.",
    "even with the rain today. The queue was short, the people were kind, and I was home by six.",
    "and I am not the only one who says so.",
    "- see the picture.",
    "für alle, die morgens früh los müssen.",
    "\n\nFirst the good: it is cheap.\nThen the bad: it is late.\nThen again: it is warm inside.",
)


def draw_picture(path: Path, seed: int) -> None:
    """Draw a small picture into a file."""
    draws = random.Random(seed)
    size = draws.choice(((280, 210), (210, 280), (280, 280), (280, 120)))
    colour = tuple(draws.randrange(120, 230) for _ in range(3))
    picture = Image.new("RGB", size, colour)
    pen = ImageDraw.Draw(picture)
    for _ in range(7):
        x, y = draws.randrange(size[0]), draws.randrange(size[1])
        r = draws.randrange(10, 60)
        pen.ellipse(
            (x - r, y - r, x + r, y + r), fill=tuple(draws.randrange(256) for _ in range(3))
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=85)


def make_two_weeks(data_dir: Path) -> duckdb.DuckDBPyConnection:
    """A copy of what `fill_two_weeks` makes, which takes seconds; made once in a process."""
    template = Path(_template().name)
    shutil.copytree(template / "pictures", data_dir / "pictures", dirs_exist_ok=True)
    file = Path(tempfile.mkstemp(".duckdb", dir=data_dir)[1])
    return duckdb.connect(shutil.copy(template / "two-weeks.duckdb", file))


@cache
def _template() -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory()
    with make_database(f"{folder.name}/two-weeks.duckdb") as connection:
        fill_two_weeks(connection, Path(folder.name))
    return folder


def fill_two_weeks(connection: duckdb.DuckDBPyConnection, data_dir: Path) -> None:
    """Two weeks of three platforms and six aspects, labelled by a stand-in model."""
    n_days = 14
    connection.execute("begin")
    use_model(
        connection,
        name="smol-135m-base",
        description="smol-135m-base: a small language model, text only, not trained for this"
        " task; its labels and rationales are not to be trusted.",
        is_distilled=False,
        accepts_images=False,
    )
    draws = random.Random(20260301)
    first = datetime(2026, 3, 1, tzinfo=UTC)
    number = 0
    for day in range(n_days):
        for platform, volume in zip(PLATFORMS, (9, 5, 3), strict=True):
            for _ in range(max(1, round(draws.gauss(volume, 2)))):
                number += 1
                at = first + timedelta(days=day, seconds=draws.randrange(86_400))
                _add_random_post(connection, draws, f"{platform}:{number}", at, data_dir)
    add_post(connection, "reddit:undated", text="No date on this one.", created_at=None, likes=3)
    add_prediction(connection, "reddit:undated", (0.2, 0.6, 0.2))
    add_post(connection, "x:fresh", text="Too new to have a label.", likes=4)
    _add_flood(connection, first + timedelta(days=n_days - 2))
    for line in range(1, 8):
        add_reject(connection, f"no text: post {line} is empty", line=line)
    add_reject(connection, "not valid JSON: line ends early", stage="read", line=911)
    add_reject(connection, "broken picture", stage="media", line=12, source_file="a/b.zip")
    insert(connection, "gold", post_id="x:1", aspect="", label="positive", annotator="a",
           created_at=first)  # fmt: skip
    ended = first + timedelta(days=n_days, minutes=3, seconds=20)
    add_run(connection, "20260315-070000-ab12", started_at=first + timedelta(days=n_days),
            ended_at=ended, engine="transformers", model_id="smol-135m-base", count_read=230,
            count_stored=221, count_items=430, count_engine_labels=402, count_memo_hits=28,
            count_engine_rationales=402, count_output_tokens=51_234, count_rejects=9)  # fmt: skip
    add_run(connection, "20260314-070000-cd34", started_at=first, ended_at=None, status="failed",
            error="the model folder 'models/student' is missing", command="infer")  # fmt: skip
    connection.execute("commit")
    add_estimates(connection)
    add_events(connection, [("", "*"), ("", "x"), ("tram line 9", "*"), ("tram line 9", "reddit")])


def add_estimates(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the marts anew, and the estimates from them."""
    build_marts(connection)
    build_trends(connection)


def add_events(
    connection: duckdb.DuckDBPyConnection,
    slices: Sequence[tuple[str, str]],
    *,
    model: str = "smol-135m",
    reading: str = "Texts are longer than in the eight weeks before.",
) -> None:
    """A spike of posts, a fall and a step of net sentiment in each slice; a seam and a drift."""
    day = date(2026, 3, 12)
    rows: list[list[Any]] = []
    for number, (aspect, platform) in enumerate(slices):
        p = 10.0 ** -(4 + number)
        after = day + timedelta(days=1)
        rows += [
            [aspect, platform, "count_posts", "spike", day, day, after, "up", 40.0, 12.5, 4.0, 22.0,
             2.2, None, None, p, 0.25, 40],
            [aspect, platform, "net_sentiment", "spike", day, after, after, "down", -0.6, 0.1, -0.2,
             0.4, -0.7, None, None, p, 0.25, 40],
            [aspect, platform, "net_sentiment", "step", date(2026, 3, 5), day, day, "up", 0.3, 0.1,
             None, None, 0.2, 0.05, 0.35, p, 0.25, None],
        ]  # fmt: skip
    write_table(connection, "sentiment_events", rows)
    seam = [aspect for aspect, platform in slices if platform == "*"]
    write_table(
        connection,
        "model_seam",
        [
            [aspect, "*", f"{model}@old", "1", f"{model}@new", "2", 180, 170, 0.1, 0.04, -0.06,
             -0.11, -0.01, 0.87, 40, 5, 1, 6, 60, 4, 2, 6, 56, 1]
            for aspect in seam
        ],
    )  # fmt: skip
    write_table(
        connection,
        "input_drift",
        [["text_length", "trailing", day, day, 90, 80, 0.31, 0.05, 0.2, 0.3, "large", reading]],
    )


def _add_random_post(
    connection: duckdb.DuckDBPyConnection,
    draws: random.Random,
    post_id: str,
    at: datetime,
    data_dir: Path,
) -> None:
    aspect = draws.choice(list(ASPECTS))
    lean = ASPECTS[aspect] + 0.25 * ((at.day % 5) - 2) / 2
    weights = (max(0.05, 0.35 - lean / 2), 0.3, max(0.05, 0.35 + lean / 2))
    label = draws.choices([str(label) for label in LABELS], weights)[0]
    text = f"{draws.choice(_OPENINGS[label])} {aspect} {draws.choice(_ENDINGS)}"
    add_post(
        connection,
        post_id,
        text=text,
        created_at=at,
        author_key=f"author-{draws.randrange(60)}",
        url=f"https://social.example/{post_id.replace(':', '/')}",
        likes=int(draws.paretovariate(0.7)),
        reposts=draws.randrange(9),
        replies=draws.randrange(12),
    )
    if draws.random() < 0.34:
        number = draws.randrange(12)
        path = f"pictures/{number}.jpg"
        if number < 10 and not (data_dir / path).exists():
            draw_picture(data_dir / path, number)
        add_picture(connection, post_id, path=path, sha256=str(number), alt_text="Coloured discs")
    for one in ("", aspect):
        if one:
            add_aspect(connection, post_id, one)
        confidence = draws.uniform(0.45, 0.95)
        rest = (1 - confidence) * draws.uniform(0.35, 0.65)
        others = iter((rest, 1 - confidence - rest))
        p = tuple(confidence if label == known else next(others) for known in LABELS)
        written = label if draws.random() < 0.8 else draws.choice([str(one) for one in LABELS])
        status = draws.choices(("ok", "truncated", "no_label"), (8, 1, 1))[0]
        add_prediction(
            connection,
            post_id,
            p,
            aspect=one,
            text_analysis=f"The words speak of {aspect} in a {label} way; the writer gives a reason"
            " and a time of day, which makes it likely that the experience is their own.",
            image_analysis=None if status == "truncated" else "No picture was looked at.",
            conflict_resolution="There is nothing to resolve." if status == "ok" else "",
            final_conclusion=f"The post is {written}." if status == "ok" else None,
            rationale_label=written if status == "ok" else None,
            rationale_status=status,
            contradicts_label=written != label if status == "ok" else None,
        )


def _add_flood(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """The same words forty times within the hour."""
    for number in range(40):
        post_id = f"x:flood-{number}"
        add_post(connection, post_id, text="Harbour market is CLOSED, share this now!!",
                 created_at=at + timedelta(minutes=number), likes=number * 5,
                 url=f"https://social.example/x/flood-{number}")  # fmt: skip
        add_aspect(connection, post_id, "Harbour market")
        for aspect in ("", "Harbour market"):
            add_prediction(connection, post_id, (0.8, 0.15, 0.05), aspect=aspect,
                           rationale_status="empty")  # fmt: skip


def make_hostile(data_dir: Path, payloads: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """Every field that a stranger fills, filled with every payload."""
    connection = make_database()
    connection.execute("begin")
    use_model(
        connection,
        name=PAYLOADS["script"],
        description=PAYLOADS["img_onerror"],
        is_distilled=False,
    )
    first = datetime(2026, 3, 1, tzinfo=UTC)
    for number, payload in enumerate(payloads):
        platform = f"{payload[:80].replace(':', '')}{number % 5}" if number % 6 == 0 else "x"
        post_id = f"{platform}:{number}"
        add_post(
            connection,
            post_id,
            text=f"{payload} {number}",
            url=payload if number % 2 else f"https://social.example/{number}",
            created_at=first + timedelta(days=number % 9),
            lang=payload,
            likes=1000 - number,
            source_file=payload,
        )
        add_aspect(connection, post_id, f"{payload}")
        draw_picture(data_dir / f"{number}.jpg", number)
        add_picture(connection, post_id, path=f"{number}.jpg", alt_text=payload, sha256=payload,
                    kind=payload)  # fmt: skip
        for aspect in ("", payload):
            add_prediction(
                connection,
                post_id,
                (0.7, 0.2, 0.1),
                aspect=aspect,
                text_analysis=payload,
                image_analysis=payload,
                conflict_resolution=payload,
                final_conclusion=payload,
                rationale_label="positive",
                rationale_status="ok" if number % 2 else payload,
                contradicts_label=True,
            )
        add_reject(connection, payload, source_file=payload, raw=payload, stage=payload)
        add_run(connection, f"{payload}{number}", error=payload, engine=payload, command=payload,
                status=payload, model_id=payload)  # fmt: skip
    connection.execute("commit")
    add_estimates(connection)
    add_events(
        connection,
        [(payload, name) for payload in payloads for name in ("*", f"{payload[:80]}0")],
        model=payloads[0],
        reading=payloads[-1],
    )
    return connection
