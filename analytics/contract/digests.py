"""Digests of the contract: for checkpoints, for stored results, for what a teacher wrote."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from analytics.contract.decoding import Decoding
from analytics.contract.images import ImageSettings
from analytics.contract.labels import LABELS
from analytics.contract.parser import PARSER_VERSION
from analytics.contract.prompts import (
    HEADINGS,
    RATIONALE_PREFILL,
    TEACHER_TEMPLATE_NAMES,
    TEMPLATE_NAMES,
    load_template,
)
from analytics.contract.text import TEXT_VERSION


def digest_of(value: Any) -> str:
    """The sha256 of a JSON value with sorted keys, as 64 hex digits."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def describe_training_contract() -> dict[str, Any]:
    """All that a checkpoint is trained under, as plain JSON."""
    return {
        "labels": list(LABELS),
        "templates": {name: load_template(name) for name in TEMPLATE_NAMES},
        "headings": HEADINGS,
        "prefill": RATIONALE_PREFILL,
        "text_version": TEXT_VERSION,
        "images": asdict(ImageSettings()),
    }


def training_digest() -> str:
    """A checkpoint must carry this digest, or it was trained on other prompts."""
    return digest_of(describe_training_contract())


def result_digest(decoding: Decoding, options: Mapping[str, Any] | None = None) -> str:
    """Keys stored results: the training contract plus decoding and parsing.

    `options` are the engine options that change results; none leave the digest as it is.
    """
    described = {
        "training": describe_training_contract(),
        "decoding": asdict(decoding),
        "parser_version": PARSER_VERSION,
    }
    return digest_of(described | ({"options": dict(options)} if options else {}))


def teacher_digest() -> str:
    """The version of the teacher's prompts. Students do not depend on it."""
    return digest_of(
        {
            "labels": list(LABELS),
            "templates": {name: load_template(name) for name in TEACHER_TEMPLATE_NAMES},
            "headings": HEADINGS,
            "text_version": TEXT_VERSION,
            "images": asdict(ImageSettings()),
            "parser_version": PARSER_VERSION,
        }
    )
