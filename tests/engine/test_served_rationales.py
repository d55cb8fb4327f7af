"""How replies of servers that cannot be given a start are read, in the styles of real models."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.contract.engine import TextReply
from analytics.contract.parser import parse_reply
from analytics.contract.records import ParsedResponse, ResponseStatus
from analytics.engine.replies import find_end
from analytics.engine.served_rationales import make_text
from tests.chat.scripted_server import reason

TEXT, IMAGE = "The words complain.", "A late tram."
CONCLUSION, LABEL = "It is negative.", "negative"
PARTS = {
    "text_analysis": TEXT,
    "image_analysis": IMAGE,
    "conflict_resolution": "None.",
    "final_conclusion": CONCLUSION,
}
REST = f"Image analysis: {IMAGE}\nFinal conclusion: {CONCLUSION}\nPrediction: {LABEL}"
WHOLE = f"Text analysis: {TEXT}\n{REST}"
MARKDOWN = f"""### Text Analysis
{TEXT}

### Image Analysis
{IMAGE}

### Final Conclusion
{CONCLUSION}

### Prediction
**Negative**
"""


def parse(reply: str, *, prefill: str = "") -> ParsedResponse:
    text, is_whole = make_text(reply, prefill=prefill, is_json=False)
    finish = "stop" if is_whole else "length"
    reply_read = TextReply(text=text, finish_reason=finish, n_prompt_tokens=1, n_output_tokens=1)
    return parse_reply(reply_read, has_image=True)


STYLES = {
    "plain": WHOLE,
    "markdown-headings": MARKDOWN,
    "headings-with-colon": MARKDOWN.replace("sis\n", "sis:\n").replace("ion\n", "ion:\n"),
    "closed-headings": MARKDOWN.replace("Analysis\n", "Analysis ###\n"),
    "bold": WHOLE.replace("Text analysis:", "**Text Analysis:**").replace(
        "Prediction: ", "**Prediction:** **"
    )
    + "**",
    "bold-lines": MARKDOWN.replace("### ", "**")
    .replace("sis\n", "sis**\n")
    .replace("ion\n", "ion**\n"),
    "numbered": "\n".join(f"{n}. {line}" for n, line in enumerate(WHOLE.splitlines(), 1)),
    "numbered-bold": "\n".join(
        f"{n}. **{line.replace(':', ':**')}" for n, line in enumerate(WHOLE.splitlines(), 1)
    ),
    "bullets": "\n".join(f"\u2022 {line}" for line in WHOLE.splitlines()).replace(
        ":", " \u2013", 1
    ),
    "dashes": WHOLE.replace(": ", " - "),
    "full-width": WHOLE.replace(": ", "\uff1a"),
    "json": json.dumps(PARTS | {"label": LABEL}, indent=2),
    "json-on-one-line": json.dumps(PARTS | {"prediction": "Negative"}),
    "json-headings": json.dumps(
        {"Text analysis": TEXT, "Image Analysis": IMAGE, "Final conclusion": CONCLUSION}
        | {"Prediction": "negative."}
    ),
    "json-in-a-fence": f"Sure:\n```json\n{json.dumps(PARTS | {'label': LABEL})}\n```\nDone.",
    "json-nested": json.dumps({"rationale": PARTS, "label": LABEL}),
    "text-in-a-fence": f"```\n{WHOLE}\n```",
    "thoughts": f"<think>Text analysis: hm\nPrediction: positive</think>\n\n{WHOLE}",
    "thoughts-that-the-template-opened": f"hm\nPrediction: positive\n</think>\n{WHOLE}",
    "thinking": f"<thinking>\nPrediction: positive\n</thinking>{WHOLE}",
    "preamble": f"Sure, here is the analysis in five lines:\n\n{WHOLE}\n\nAnything else?",
    "long-preamble": f"This post is interesting.\nI read it twice.\n{WHOLE}",
    "no-first-heading": f"{TEXT}\n{REST}",
    "no-first-heading-after-an-announcement": f"Sure! Let me explain.\n# Analysis\n{TEXT}\n{REST}",
    "no-first-heading-after-thoughts": f"<think>hm</think>\n{TEXT}\n\n{REST}",
    "no-first-heading-in-a-fence": f"```text\n{TEXT}\n{REST}\n```",
    "empty-first-heading": f"{TEXT}\nText analysis:\n{REST}",
    "windows-lines": WHOLE.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("style", STYLES)
def test_styles_of_real_models_are_read(style: str) -> None:
    parsed = parse(STYLES[style] + "\n")
    assert parsed.status is ResponseStatus.OK
    found = parsed.rationale
    assert (found.label, found.text_analysis, found.image_analysis) == (LABEL, TEXT, IMAGE)
    assert found.final_conclusion == CONCLUSION


@pytest.mark.parametrize(
    "announcement",
    [
        "Sure, here is the analysis of the post:",
        "Certainly!",
        "Here's my explanation.",
        "Here is the explanation in five lines",
        "Let me analyze this post.",
        "## Sentiment analysis",
        "---",
        "**Analysis:**",
        "```markdown",
        "Sure. Let\u2019s assess it.",
    ],
)
def test_an_announcement_is_no_analysis(announcement: str) -> None:
    assert parse(f"{announcement}\n{REST}").rationale.text_analysis == ""


@pytest.mark.parametrize(
    "lead",
    [
        "Here is a tram that nobody loves.",
        "Surely the words complain.",
        "Okay is what they call it.",
        "Let me in, the author says.",
        "The words: plain.",
    ],
)
def test_words_that_only_look_like_an_announcement_are_kept(lead: str) -> None:
    assert parse(f"{lead}\n{REST}").rationale.text_analysis == lead


def test_words_before_the_first_heading_in_more_than_one_line_are_one_part() -> None:
    parsed = parse(f"Sure!\nOne.\n\nTwo.\n{REST}")
    assert parsed.rationale.text_analysis == "One. Two."


@pytest.mark.parametrize(
    "reply", ["<think>I wonder", " <thinking>Prediction: positive", "", "\n", "<think></think>"]
)
def test_thoughts_alone_are_no_reply(reply: str) -> None:
    assert parse(reply).status is ResponseStatus.EMPTY


def test_free_words_stay_the_text_analysis() -> None:
    parsed = parse("I think it is positive.")
    assert parsed.rationale.text_analysis == "I think it is positive."
    assert parsed.rationale.label is None


def test_two_labels_in_json_are_ambiguous_and_odd_values_are_none() -> None:
    assert parse('{"label": "positive or negative"}').status is ResponseStatus.AMBIGUOUS
    odd = '{"text_analysis": null, "image_analysis": ["x"], "label": {"a": 1}}'
    assert parse(odd).rationale.label is None


def test_half_a_pair_in_json_is_replaced() -> None:
    """Where a reply is cut inside of an emoji, no file could take it otherwise."""
    for reply in (r'{"text_analysis": "so \ud83d', r'{"text_analysis": "so \ud83d", "label": "x"}'):
        text, _ = make_text(reply, prefill="", is_json=True)
        assert text.encode("utf-8").startswith(b"Text analysis: so")


def test_headings_before_an_object_are_read_and_not_lost() -> None:
    parsed = parse(f'{WHOLE}\n{{"label": "positive"}}')
    assert (parsed.rationale.label, parsed.rationale.text_analysis) == (LABEL, TEXT)


def test_a_word_with_a_hyphen_is_no_heading() -> None:
    parsed = parse(f"Text analysis: a\nText analysis-wise it is b.\n{REST}")
    assert parsed.rationale.text_analysis == "a Text analysis-wise it is b."


@pytest.mark.parametrize("reply", STYLES.values(), ids=STYLES)
def test_a_reply_that_goes_on_from_the_prefill_is_left_as_it_is(reply: str) -> None:
    prefill = "Text analysis:"
    text, _ = make_text(" It is.\nSure:\n" + reply.split("</")[0], prefill=prefill, is_json=False)
    assert text.startswith("Text analysis: It is.\nSure:\n")


def test_a_whole_reply_is_what_the_contract_writes() -> None:
    text, is_whole = make_text(reason("neutral") + "\nMore.", prefill="", is_json=False)
    assert (text, is_whole) == (reason("neutral"), True)


@pytest.mark.parametrize(
    "piece",
    ["\n", '\n"', "# ", "*", "Prediction", "Text analysis:\n", '{"label":', "<think>", " -"],
)
def test_replies_without_end_are_read_in_no_time(piece: str) -> None:
    reply = piece * (2_000_000 // len(piece))
    started = time.monotonic()
    make_text(reply, prefill="", is_json=False)
    find_end(reply[:20_000])
    assert time.monotonic() - started < 1


_PIECES = ("Text analysis", "Image analysis", "Prediction", ":", "\n", "positive", '"', "**", " - ")
_MORE = (
    "{",
    "}",
    "<think>",
    "</think>",
    "### ",
    "```",
    "\u2022",
    "Sure, here is the analysis",
    "x",
)


@given(st.lists(st.sampled_from((*_PIECES, *_MORE)) | st.text(max_size=5), max_size=40))
def test_no_reply_breaks_the_reading_and_no_prediction_is_invented(pieces: list[str]) -> None:
    reply = "".join(pieces)
    for is_json in (False, True):
        text, is_whole = make_text(reply, prefill="", is_json=is_json)
        assert isinstance(is_whole, bool)
        found = TextReply(text=text, finish_reason="stop", n_prompt_tokens=1, n_output_tokens=1)
        label = parse_reply(found, has_image=True).rationale.label
        assert label is None or label in reply.lower()
