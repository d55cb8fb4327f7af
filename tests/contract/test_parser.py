import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.contract.labels import Label
from analytics.contract.parser import list_missing_parts, parse_response
from analytics.contract.prompts import PARTS
from analytics.contract.records import ParsedResponse, ResponseStatus

GOOD = """Text analysis: The words complain.
Image analysis: A late tram.
Conflict resolution: None.
Final conclusion: It is bad.
Prediction: negative"""


def test_parse_reads_all_parts() -> None:
    parsed = parse_response(GOOD)
    assert parsed.status is ResponseStatus.OK
    assert parsed.rationale.text_analysis == "The words complain."
    assert parsed.rationale.image_analysis == "A late tram."
    assert parsed.rationale.conflict_resolution == "None."
    assert parsed.rationale.final_conclusion == "It is bad."
    assert parsed.rationale.label is Label.NEGATIVE


@pytest.mark.parametrize(
    "reply",
    [
        '"Text_analysis": "The words complain."\n\n"Image_analysis": "x"\n\n"Prediction": negative',
        "**Text Analysis:** The words complain.\n**Image analysis**: x\n**Prediction:** Negative.",
        "## Text analysis: The words complain.\nImage_Analysis: x\nPREDICTION: NEGATIVE",
        '{\n  "text_analysis": "The words complain.",\n  "image_analysis": "x",\n'
        '  "prediction": "negative"\n}',
        "1. Text analysis: The words complain.\n2. Image analysis: x\n5. Prediction: negative",
    ],
    ids=["teacher", "markdown", "heading", "json", "numbered"],
)
def test_parse_takes_other_dress(reply: str) -> None:
    parsed = parse_response(reply)
    assert parsed.status is ResponseStatus.OK
    assert parsed.rationale.label is Label.NEGATIVE
    assert parsed.rationale.text_analysis == "The words complain."
    assert parsed.rationale.image_analysis == "x"


@pytest.mark.parametrize(
    ("reply", "is_cut", "status"),
    [
        ("", False, ResponseStatus.EMPTY),
        (" \n\t", True, ResponseStatus.EMPTY),
        ("Text analysis:", False, ResponseStatus.EMPTY),
        ("Text analysis: good words", False, ResponseStatus.NO_LABEL),
        ("Text analysis: good words", True, ResponseStatus.TRUNCATED),
        ("Text analysis: x\nPrediction: positive or negative", False, ResponseStatus.AMBIGUOUS),
        ("Text analysis: x\nPrediction: very happy", False, ResponseStatus.NO_LABEL),
        ("Text analysis: x\nPrediction:", True, ResponseStatus.TRUNCATED),
        ("I refuse.", False, ResponseStatus.NO_LABEL),
    ],
)
def test_parse_names_what_is_wrong(reply: str, is_cut: bool, status: ResponseStatus) -> None:
    parsed = parse_response(reply, is_cut=is_cut)
    assert parsed.status is status
    assert parsed.rationale.label is None


def test_label_is_never_taken_from_words_elsewhere() -> None:
    parsed = parse_response("Text analysis: positive, very positive.\nFinal conclusion: positive.")
    assert parsed.rationale.label is None


def test_first_occurrence_of_a_repeated_heading_counts() -> None:
    parsed = parse_response("Text analysis: one\nText analysis: two\nPrediction: neutral")
    assert parsed.rationale.text_analysis == "one"


def test_free_text_is_kept() -> None:
    parsed = parse_response("The user seems happy.")
    assert parsed.rationale.text_analysis == "The user seems happy."


def test_cut_reply_with_a_full_prediction_is_ok() -> None:
    assert parse_response(GOOD + "\nand on and", is_cut=True).status is ResponseStatus.OK


@given(st.text(max_size=2_000), st.booleans())
def test_parse_never_raises(text: str, is_cut: bool) -> None:
    parsed = parse_response(text, is_cut=is_cut)
    assert isinstance(parsed, ParsedResponse)
    assert (parsed.rationale.label is not None) == (parsed.status is ResponseStatus.OK)


@given(
    st.lists(
        st.sampled_from(
            ["Text analysis", "Prediction", ":", "\n", "positive", "negative", '"', "**", " ", "x"]
        ),
        max_size=40,
    )
)
def test_parse_never_raises_on_its_own_marks(pieces: list[str]) -> None:
    parsed = parse_response("".join(pieces))
    assert (parsed.rationale.label is not None) == (parsed.status is ResponseStatus.OK)


def test_parse_of_a_huge_reply_is_fast_enough_to_finish() -> None:
    assert parse_response('"' * 1_000_000).status is ResponseStatus.EMPTY


@pytest.mark.parametrize(
    ("has_image", "may_be_empty", "missing"),
    [
        (True, [], ["image_analysis", "conflict_resolution"]),
        (False, [], ["conflict_resolution"]),
        (True, ["image_analysis", "conflict_resolution"], []),
        (False, ["image_analysis"], ["conflict_resolution"]),
    ],
)
def test_missing_parts_are_those_that_should_be_there(
    has_image: bool, may_be_empty: list[str], missing: list[str]
) -> None:
    parsed = parse_response("Text analysis: a\nFinal conclusion: b\nPrediction: neutral")
    found = list_missing_parts(parsed.rationale, has_image=has_image, may_be_empty=may_be_empty)
    assert found == missing


def test_empty_reply_lacks_all_parts() -> None:
    found = list_missing_parts(parse_response("").rationale, has_image=True)
    assert found == list(PARTS)
