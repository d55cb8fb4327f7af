import pytest

from analytics.contract.labels import Label
from distillation.teacher.replies import check_reply, unify_reply
from tests.chat.scripted_server import reason

GOOD = reason("positive")


def _judge(text: str, **values: object) -> str:
    values.setdefault("has_picture", True)
    return check_reply(text, **values).reason  # type: ignore[arg-type]


def test_a_whole_reply_is_taken() -> None:
    checked = check_reply(GOOD, has_picture=True)
    assert checked.reason == ""
    assert checked.rationale is not None
    assert checked.rationale.label is Label.POSITIVE
    assert checked.rationale.final_conclusion == "So it is positive."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty reply"),
        (" \n ", "empty reply"),
        ("I cannot help with that.", "no prediction line"),
        (GOOD.rpartition("\n")[0], "no prediction line"),
        (GOOD.replace("Prediction: positive", "Prediction: mixed"), "no prediction line"),
        (GOOD.replace("Prediction:", "Prediction: negative or"), "more than one label"),
        (reason("positive", text_analysis=""), "no text analysis"),
        (reason("positive", image_analysis=""), "no image analysis"),
        (reason("positive", image_analysis="No picture."), "there is no picture"),
        (reason("positive", conflict_resolution=""), "no conflict resolution"),
        (reason("positive", final_conclusion=""), "no final conclusion"),
        ("<think>" + GOOD + "</think>Sorry.", "no prediction line"),
    ],
)
def test_a_malformed_reply_is_told_apart(text: str, expected: str) -> None:
    assert expected in _judge(text)
    assert _judge(text).startswith("malformed: ")


@pytest.mark.parametrize(
    ("finish_reason", "expected"), [("length", "token limit"), ("content_filter", "filter")]
)
def test_a_reply_that_did_not_end_by_itself_is_malformed(finish_reason: str, expected: str) -> None:
    assert expected in _judge(GOOD, finish_reason=finish_reason)


@pytest.mark.parametrize("said", ["", "no picture", "No image."])
def test_without_a_picture_its_part_may_say_so_or_be_empty(said: str) -> None:
    assert _judge(reason("neutral", image_analysis=said), has_picture=False) == ""


def test_stage_2_must_predict_the_given_label_and_not_tell_of_it() -> None:
    assert _judge(GOOD, given_label=Label.POSITIVE) == ""
    assert "does not predict the label" in _judge(GOOD, given_label=Label.NEUTRAL)
    for words in ("This fits the given label.", "The provided label is right."):
        told = reason("positive", final_conclusion=words)
        assert "tells that the label was given" in _judge(told, given_label=Label.POSITIVE)
        assert _judge(told) == ""


@pytest.mark.parametrize("dress", ["## {}", "**{}**", "### {}\n", "*{}*:", "1. {}:", '"{}":'])
def test_headings_in_markdown_dress_are_read(dress: str) -> None:
    parts = ["Text_analysis", "Image Analysis", "CONFLICT RESOLUTION", "Final_conclusion"]
    lines = [f"{dress.format(part)}\nSome words: of it." for part in parts]
    checked = check_reply(
        "\n\n".join([*lines, f"{dress.format('Prediction')}\n**neutral**"]), has_picture=True
    )
    assert checked.reason == ""
    assert checked.rationale is not None
    assert checked.rationale.image_analysis == "Some words: of it."
    assert checked.rationale.label is Label.NEUTRAL


def test_a_heading_inside_a_sentence_is_left_alone() -> None:
    text = "So much for the text analysis\nof it, a prediction is: none.\nImage analysis of it"
    assert unify_reply(text) == text


def test_thoughts_of_a_reasoning_model_are_left_out() -> None:
    thoughts = "<think>Prediction: negative? No.</think>\n"
    checked = check_reply(thoughts + GOOD, has_picture=True)
    assert checked.rationale is not None
    assert checked.rationale.label is Label.POSITIVE
