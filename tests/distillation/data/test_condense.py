import pytest

from analytics.contract.labels import Label
from analytics.contract.records import Rationale
from distillation.data.condense import WHOLE, condense, take_sentences


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("It is late. So it is bad.", "It is late."),
        (
            "The text 'Be Like...' says nothing. It is neutral.",
            "The text 'Be Like...' says nothing.",
        ),
        ('They say "so good!" The picture smiles.', 'They say "so good!"'),
        ("Is it? Über alles!", "Is it?"),
        ("太晚了。很糟糕。", "太晚了。"),
        ("No end at all", "No end at all"),
        ("At 3.5 stars it is fair.", "At 3.5 stars it is fair."),
        ("", ""),
    ],
)
def test_first_sentence(text: str, first: str) -> None:
    assert take_sentences(text, 1) == first


def test_two_sentences_and_all() -> None:
    text = "One. Two! Three?"
    assert take_sentences(text, 2) == "One. Two!"
    assert take_sentences(text, 9) == text


def test_parts_are_cut_apart_and_the_label_stays() -> None:
    whole = Rationale(
        text_analysis="A. B. C.", image_analysis="D.", final_conclusion="E. F.", label=Label.NEUTRAL
    )
    short = condense(whole, (2, 0, -1, 1))
    assert (short.text_analysis, short.image_analysis, short.final_conclusion) == (
        "A. B.",
        "",
        "E.",
    )
    assert short.label is Label.NEUTRAL
    assert condense(whole, WHOLE) == whole
