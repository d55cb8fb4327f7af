import pytest

from analytics.contract.labels import Label
from analytics.contract.records import Rationale
from distillation.data.condense import WHOLE, condense, leave_out_pictures, take_sentences


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


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Integrating text and image, it is warm. So it was.", "It is warm. So it was."),
        ("The picture shows a smiling man, holding a trophy.", ""),
        ("Both the text and the image do not convey any positive, negative tone.", ""),
        ("Neither text nor image, however positive, expresses hate.", ""),
        ("Integrating the text with the image, reinforcing the warm tone.", ""),
        ("Considering the text and the photo, Rye is seen well.", "Rye is seen well."),
        ("Weighing the text, and the picture, it is well.", "It is well."),
        ("The visual part shows a smile, which is nice. They are happy.", "They are happy."),
        ("In the photo, both smile at us. No more.", "No more."),
        ("Without commas the image stays a whole sentence.", ""),
        ("Nothing of it here, or there.", "Nothing of it here, or there."),
        ("", ""),
    ],
)  # fmt: skip
def test_what_is_said_of_pictures_goes(text: str, left: str) -> None:
    assert leave_out_pictures(text) == left


def test_without_the_image_part_the_others_lose_the_image_too() -> None:
    whole = Rationale(
        text_analysis="It shares a photo of Rye. The image is calm. It is plain.",
        image_analysis="A street.",
        conflict_resolution="There is no conflict between the text and the image.",
        final_conclusion="Integrating text and image, the sentiment is neutral.",
        label=Label.NEUTRAL,
    )
    short = condense(whole, (2, 0, -1, 1))
    assert short.text_analysis == "It shares a photo of Rye. It is plain."
    assert (short.image_analysis, short.conflict_resolution) == ("", "")
    assert short.final_conclusion == "The sentiment is neutral."
    assert "image" in condense(whole, (2, 1, 1, 1)).final_conclusion
