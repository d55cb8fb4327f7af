from pathlib import Path

import duckdb
import pytest
from PIL import Image

from analytics.contract.records import Media, Reject
from analytics.infer import InferSettings, infer
from analytics.media import prepare_media
from analytics.store.forget import forget
from analytics.store.gold import GoldLabel, read_confusion, score_confusion, store_gold
from tests.scripted import KEY, ScriptedEngine, make_post, new_run, rows, scalar, store_posts


def _judge(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    settings = InferSettings(model_id="m", result_digest="r", data_dir=folder)
    infer(connection, ScriptedEngine, new_run(connection), settings)


def test_confusion_counts_majority_against_the_current_model(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    store_posts(connection, [make_post(str(i), f"text {i}") for i in range(6)])
    _judge(connection, tmp_path)
    labels = dict(rows(connection, "select post_id, label from predictions"))
    gold = [
        GoldLabel(post_id=post_id, aspect="", label=label, annotator="a")
        for post_id, label in labels.items()
    ]
    wrong = "positive" if gold[0].label != "positive" else "negative"
    gold += [
        GoldLabel(post_id=gold[0].post_id, aspect="", label=wrong, annotator=name)
        for name in ("b", "c")
    ]
    store_gold(connection, gold)
    store_gold(connection, gold)  # replaced, not doubled
    scores = score_confusion(read_confusion(connection))
    assert scores["n"] == 6
    assert scores["accuracy"] == 5 / 6
    assert scores["confusion"][wrong][gold[0].label] == 1


def test_scores_by_hand() -> None:
    scores = score_confusion(
        {
            "negative": {"negative": 2, "neutral": 1, "positive": 0},
            "neutral": {"negative": 0, "neutral": 3, "positive": 1},
            "positive": {"negative": 1, "neutral": 0, "positive": 2},
        }
    )
    assert scores["accuracy"] == 0.7
    assert scores["labels"]["negative"]["f1"] == 2 / 3
    assert scores["labels"]["neutral"]["f1"] == 0.75
    assert abs(scores["macro_f1"] - (2 / 3 + 0.75 + 2 / 3) / 3) < 1e-12


def test_macro_f1_counts_a_label_that_is_only_predicted() -> None:
    """Two labels of three right and one post called neutral was 100 %."""
    scores = score_confusion(
        {
            "negative": {"negative": 1, "neutral": 0, "positive": 0},
            "neutral": {"negative": 0, "neutral": 0, "positive": 0},
            "positive": {"negative": 0, "neutral": 1, "positive": 1},
        }
    )
    assert scores["macro_f1"] == pytest.approx((1 + 0 + 2 / 3) / 3)


def test_rejects_that_name_the_forgotten_are_emptied_and_stay_so(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A record that could not be read has no post, but its text names its author."""
    raw = '{"author": "Secret-Author", "body": "mine", "created_utc": "never"}'
    broken = Reject(line=2, reason="no time", raw=raw)
    others = Reject(line=3, reason="no time", raw=raw.replace("Secret-Author", "Secret-Authors"))
    store_posts(connection, [make_post("1", "mine", author="Secret-Author"), broken, others])
    gone = forget(connection, author_key=KEY, data_dir=tmp_path, author=("test", "Secret-Author"))
    assert gone.count_posts == 1
    after = [(2, ""), (3, others.raw)]
    assert rows(connection, "select line, raw from rejects order by line") == after
    store_posts(connection, [make_post("2", "else", author="k"), broken, others])
    assert rows(connection, "select line, raw from rejects order by line") == after
    forget(connection, author_key=KEY, data_dir=tmp_path, post_id="test:Secret-Authors")
    assert rows(connection, "select distinct raw from rejects") == [("",)]


def test_weighted_confusion_counts_each_item_by_its_weight(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    store_posts(connection, [make_post(str(i), f"text {i}") for i in range(2)])
    _judge(connection, tmp_path)
    (first, label), (second, other) = rows(connection, "select post_id, label from predictions")
    wrong = "positive" if other != "positive" else "negative"
    store_gold(
        connection,
        [
            GoldLabel(post_id=first, aspect="", label=label, annotator="a", weight=9.0),
            GoldLabel(post_id=second, aspect="", label=wrong, annotator="a", weight=1.0),
        ],
    )
    assert score_confusion(read_confusion(connection))["accuracy"] == 0.5
    assert score_confusion(read_confusion(connection, is_weighted=True))["accuracy"] == 0.9


def test_forget_removes_all_traces_but_what_others_share(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    for name, color in (("own.png", "red"), ("shared.png", "blue")):
        Image.new("RGB", (8, 8), color).save(tmp_path / name)
    own = Media(kind="image", source_path=tmp_path / "own.png")
    shared = Media(kind="image", source_path=tmp_path / "shared.png")
    store_posts(
        connection,
        [
            make_post("1", "mine", author="j", line=1, media=(own,)),
            make_post("2", "copied", author="j", line=2, media=(shared,)),
            make_post("3", "copied", author="k", line=3, media=(shared,)),
            Reject(line=1, reason="odd", raw="mine"),
            Reject(line=9, reason="odd", raw="other"),
            # As inference names items, from when the post stood on another line.
            Reject(line=7, reason="odd", raw="test:1 "),
            Reject(line=7, reason="odd", raw="test:1 tram"),
        ],
    )
    connection.execute("insert into aspects values ('test:1', 'tram', 'config')")
    prepare_media(connection, data_dir=tmp_path / "data", run_id="r")
    _judge(connection, tmp_path / "data")
    kept = list((tmp_path / "data").rglob("*.jpg"))
    assert len(kept) == 2
    for path in kept:  # as another version of the preparation keeps them
        other = tmp_path / "data" / "pictures-v9" / path.parent.name / path.name
        other.parent.mkdir(parents=True)
        other.write_bytes(path.read_bytes())
    gone = forget(connection, author_key=KEY, data_dir=tmp_path / "data", author=("test", "j"))
    assert (gone.count_posts, gone.count_memo, gone.count_pictures) == (2, 2, 1)
    for table in ("posts", "media", "predictions"):
        assert rows(connection, f"select distinct post_id from {table}") == [("test:3",)]
    assert scalar(connection, "select count(*) from memo") == 1
    assert rows(connection, "select raw from rejects") == [("other",)]
    assert len(list((tmp_path / "data").rglob("*.jpg"))) == 2
    counts = store_posts(connection, [make_post("1", "mine", author="j")])
    assert counts.count_stored == 0
