"""What a model sees and what it must say; the only way from an item to a model.

Label and rationale prompts share one prefix (system, picture, post) and differ
only at the end, so that a serving engine's prefix cache pays the prefix once.
"""

import base64
import re
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any, Literal

from analytics.contract.labels import LABELS, Label
from analytics.contract.records import Item, Rationale

Purpose = Literal["label", "rationale", "teacher", "teacher_given_label"]
Message = dict[str, Any]

HEADINGS: dict[str, str] = {
    "text_analysis": "Text analysis",
    "image_analysis": "Image analysis",
    "conflict_resolution": "Conflict resolution",
    "final_conclusion": "Final conclusion",
    "label": "Prediction",
}
# The parts of a rationale, in order.
PARTS = tuple(field for field in HEADINGS if field != "label")

# The reply to a rationale prompt starts with this; engines append it to the
# prompt, and `parse_response` is given it together with what was generated.
RATIONALE_PREFILL = f"{HEADINGS['text_analysis']}:"

TEMPLATE_NAMES = (
    "system",
    "post",
    "label_post",
    "label_aspect",
    "rationale_post",
    "rationale_aspect",
)
# Not part of what a student is trained under: see `teacher_digest`.
TEACHER_TEMPLATE_NAMES = (
    "system",
    "post",
    "teacher_post",
    "teacher_aspect",
    "teacher_given_label_post",
    "teacher_given_label_aspect",
)

# A mark such as </post>, <|im_end|>, <image> or [INST] inside a post would end
# the fence or become a control token; it keeps its look and loses its power.
_ANGLE_MARK = re.compile(r"<(?=[A-Za-z/|!_?\uff5c])")
_SQUARE_MARK = re.compile(r"\[(?=/?[A-Z_]{2,}\])")
_SPACES = re.compile(r"\s+")


@cache
def load_template(name: str) -> str:
    """The text of one template file, without its last newline."""
    folder = files("analytics.contract") / "templates"
    return (folder / f"{name}.txt").read_text(encoding="utf-8").removesuffix("\n")


def fence(text: str) -> str:
    """The text with marks that could be read as control tokens disarmed."""
    return _SQUARE_MARK.sub("\uff3b", _ANGLE_MARK.sub("\u2039", text))


def render_messages(
    item: Item, purpose: Purpose, *, with_image: bool = False, label: Label | None = None
) -> list[Message]:
    """The chat messages of an item, in the OpenAI form with content parts.

    A picture is the part `{"type": "image"}`, before the text, when
    `with_image` is true; the engine puts the picture itself in. `label` is
    shown with the purpose `teacher_given_label`, and with no other.

    Raises:
        ValueError: a label is missing, or given where none may be shown.
    """
    if (label is not None) != (purpose == "teacher_given_label"):
        raise ValueError(
            f"purpose {purpose!r} with label {label!r}: only teacher_given_label shows one, "
            "and it must"
        )
    question = f"{purpose}_aspect" if item.aspect else f"{purpose}_post"
    post = Template(load_template("post")).substitute(text=fence(item.text))
    aspect = fence(_SPACES.sub(" ", item.aspect)).replace('"', "'")
    ask = Template(load_template(question)).substitute(aspect=aspect, label=str(label))
    content: list[Message] = [{"type": "image"}] if with_image else []
    content.append({"type": "text", "text": f"{post}\n\n{ask}"})
    return [
        {"role": "system", "content": [{"type": "text", "text": load_template("system")}]},
        {"role": "user", "content": content},
    ]


def embed_picture(messages: list[Message], jpeg: bytes) -> list[Message]:
    """The messages with the picture in the place of `{"type": "image"}`, as a data URL."""
    url = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode('ascii')}"
    picture = {"type": "image_url", "image_url": {"url": url}}
    return [
        {
            **message,
            "content": [
                picture if part["type"] == "image" else part for part in message["content"]
            ],
        }
        for message in messages
    ]


def render_prefill(purpose: Purpose) -> str:
    """The start of the reply that is given to the model ('' for labels)."""
    return RATIONALE_PREFILL if purpose == "rationale" else ""


def make_reply_pattern(prefill: str) -> str:
    """A regular expression that a rationale reply matches from a prefill on ('': all of it).

    For engines that can hold a model to it. Parts may be empty, as a student leaves the
    image analysis; none has a bound, for a reply is cut by tokens.
    """
    lines = [f"{heading}:" for heading in HEADINGS.values()]
    lines[0] = lines[0].removeprefix(prefill)
    return r"[^\n]*\n".join(lines) + f" ({'|'.join(LABELS)})"


def flatten_messages(messages: list[Message]) -> list[Message]:
    """The messages with string contents, for text-only chat templates."""
    return [
        {
            "role": message["role"],
            "content": "\n".join(
                part["text"] for part in message["content"] if part["type"] == "text"
            ),
        }
        for message in messages
    ]


def clean_part(text: str) -> str:
    """One part of a rationale on one line, without outer quotes and markup."""
    text = _SPACES.sub(" ", text).strip()
    while text and text[0] in "\"'*_` ,":
        text = text[1:].lstrip()
    while text and text[-1] in '"*_` ,':
        text = text[:-1].rstrip()
    return text


def render_target(rationale: Rationale, purpose: Purpose = "rationale") -> str:
    """What a model must say. `parse_response` gives the rationale back.

    Raises:
        ValueError: the rationale has no label.
    """
    if rationale.label is None:
        raise ValueError("a training target needs a label, this rationale has none")
    if purpose == "label":
        return str(Label(rationale.label))
    lines = []
    for field, heading in HEADINGS.items():
        part = clean_part(str(getattr(rationale, field)))
        lines.append(f"{heading}: {part}".rstrip())
    return "\n".join(lines)
