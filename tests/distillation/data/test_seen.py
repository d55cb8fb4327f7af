import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.contract.errors import TrainingError
from analytics.contract.model_folder import CONTRACT_FILE
from distillation.data.examples import Example, make_example
from distillation.data.seen import (
    SEEN_FILE,
    Seen,
    copy_seen,
    digest_text,
    find_seen,
    merge_seen,
    read_seen,
    write_seen,
)


def _examples(*texts: str) -> list[Example]:
    return [make_example(example_id=text, text=text, label="neutral") for text in texts]


def test_a_model_names_its_texts_and_those_of_its_base(tmp_path: Path) -> None:
    base, model = tmp_path / "base", tmp_path / "model"
    base.mkdir()
    model.mkdir()
    assert read_seen(base) is None
    assert write_seen(base, _examples("The tram is late", "THE TRAM is late @us"), base=None) == 1
    assert write_seen(model, _examples("New soup"), base=base) == 2
    seen = read_seen(model)
    assert seen is not None
    # A copy with another case, mention and link is the same text; another one is not.
    tested = _examples("RT @x: the tram is late http://t.co/a", "New soup", "Old soup")
    assert find_seen(tested, seen.texts) == {tested[0].example_id, "New soup"}
    assert "soup" not in (model / SEEN_FILE).read_text(encoding="utf-8")


def test_base_that_says_nothing_and_file_of_another_version(tmp_path: Path) -> None:
    assert write_seen(tmp_path, _examples("a"), base=tmp_path / "silent") == 1
    (tmp_path / SEEN_FILE).write_text('{"format_version": 9, "texts": []}', encoding="utf-8")
    with pytest.raises(TrainingError, match="format 9, this version reads 1"):
        read_seen(tmp_path)


def test_half_a_list_is_not_written(tmp_path: Path) -> None:
    """A base or assistant of ours that does not say what it saw makes the student silent."""
    silent, fetched = tmp_path / "silent", tmp_path / "fetched"
    silent.mkdir()
    fetched.mkdir()
    (silent / CONTRACT_FILE).write_text("{}", encoding="utf-8")
    for sources in ({"base": silent}, {"base": fetched, "assistants": [silent]}):
        model = tmp_path / "model"
        assert write_seen(model, _examples("a"), base=fetched) == 1
        assert read_seen(model) is not None
        assert write_seen(model, _examples("a"), **sources) == 1
        assert read_seen(model) is None


def test_posts_without_words_are_seen_by_their_picture(tmp_path: Path) -> None:
    """Mentions and links alone normalise to nothing: that is no text to remember."""

    def make(name: str, picture: str | None) -> Example:
        example = make_example(example_id=name, text=f"@{name}", label="neutral")
        return replace(example, item=replace(example.item, image_sha256=picture))

    assert write_seen(tmp_path, [make("a", "1"), make("b", None)], base=None) == 1
    seen = read_seen(tmp_path)
    assert seen is not None
    tested = [make("same", "1"), make("other", "2"), make("bare", None)]
    assert find_seen(tested, seen.texts) == {"same"}


def test_texts_of_assistants_are_named_apart(tmp_path: Path) -> None:
    """Soft labels or rationales carry what their maker saw, over any number of models."""
    first, second, soft, model = (tmp_path / n for n in ("first", "second", "soft", "model"))
    write_seen(first, _examples("read by the first"), base=None)
    write_seen(second, _examples("read by the second"), base=None, assistants=[first])
    copy_seen(second, soft)
    assert read_seen(soft) == read_seen(second)
    own = _examples("read by the model", "read by the second")
    assert write_seen(model, own[:1], base=None, assistants=[soft]) == 1
    assert read_seen(model) == Seen(
        texts=frozenset({digest_text("read by the model")}),
        assistant_texts=frozenset(map(digest_text, ("read by the first", "read by the second"))),
    )
    # What it reads itself is its own, and what only the assistant of its base read stays so.
    write_seen(tmp_path / "next", own[1:], base=model)
    found = read_seen(tmp_path / "next")
    assert found is not None
    assert found.texts == {digest_text(example.item.text) for example in own}
    assert found.assistant_texts == {digest_text("read by the first")}


def test_assistant_that_says_nothing_is_named_and_leaves_no_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    soft = tmp_path / "soft"
    write_seen(soft, _examples("of an assistant before"), base=None)
    copy_seen(tmp_path / "silent", soft)
    assert read_seen(soft) is None
    write_seen(tmp_path, _examples("a"), base=None, assistants=[soft])
    assert f"{soft}: no trained_on.json" in caplog.text
    # One that was fetched is no reason to be silent; one that we trained is, by what it wrote, too.
    assert read_seen(tmp_path) is not None
    ours = tmp_path / "ours"
    ours.mkdir()
    (ours / CONTRACT_FILE).write_text("{}", encoding="utf-8")
    copy_seen(ours, soft)
    assert read_seen(soft) is None
    write_seen(tmp_path, _examples("a"), base=None, assistants=[soft])
    assert read_seen(tmp_path) is None


def test_file_without_assistants_is_read(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"thetramislate").hexdigest()[:12]
    (tmp_path / SEEN_FILE).write_text(
        json.dumps({"format_version": 1, "texts": [digest]}), encoding="utf-8"
    )
    seen = read_seen(tmp_path)
    assert seen == Seen(texts=frozenset({digest}))
    assert find_seen(_examples("The tram is late!"), seen.texts) == {"The tram is late!"}


@pytest.mark.parametrize(
    ("text", "is_same"),
    [
        ("The tram is late.", True),
        ("\u201cThe tram is late\u201d \u2026", True),
        ("#The tram - is late!!", True),
        ("The tram is late \U0001f600", False),
        ("The bus is late", False),
    ],
    ids=["stop", "quotes", "marks", "emoji", "word"],
)
def test_punctuation_hides_no_copy(text: str, is_same: bool) -> None:
    assert (digest_text(text) == digest_text("The tram is late")) is is_same


def test_a_text_of_punctuation_alone_is_itself() -> None:
    assert digest_text(":(") != digest_text("!!!")


def test_mean_with_a_silent_model_says_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a list would pass for the whole."""
    folders = [tmp_path / name for name in ("one", "two", "silent", "mean")]
    for folder in folders:
        folder.mkdir()
    write_seen(folders[0], _examples("a"), base=None)
    write_seen(folders[1], _examples("b"), base=None)
    assert merge_seen(folders[:2], folders[3]) == []
    seen = read_seen(folders[3])
    assert seen is not None
    assert seen.texts == {digest_text("a"), digest_text("b")}
    (folders[3] / SEEN_FILE).unlink()
    (folders[0] / SEEN_FILE).unlink()
    assert merge_seen(folders[:3], folders[3]) == [folders[0], folders[2]]
    assert read_seen(folders[3]) is None
    assert "one: no trained_on.json" in caplog.text
    assert "silent: no trained_on.json" in caplog.text
