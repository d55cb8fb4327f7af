import pytest

from analytics.contract.labels import Label
from analytics.contract.records import Rationale
from distillation.data.condense import condense, take_sentences


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


def test_label_stays_and_zero_keeps_all() -> None:
    whole = Rationale(text_analysis="A. B.", final_conclusion="C. D.", label=Label.NEUTRAL)
    short = condense(whole, 1)
    assert (short.text_analysis, short.final_conclusion) == ("A.", "C.")
    assert short.label is Label.NEUTRAL
    assert condense(whole, 0) is whole
