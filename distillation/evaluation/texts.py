"""Scores of a student's rationales against reference rationales.

What is scored is the student's own text. Needs the `distill` extra.
"""

import importlib.util
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analytics.contract.errors import MissingExtraError
from analytics.contract.extras import install_hint
from analytics.contract.prompts import HEADINGS
from analytics.contract.records import Rationale

_WORD = re.compile(r"\w+|[^\w\s]")
# Scripts that put no spaces between words: each sign is a word.
_UNSPACED = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
_PACKAGES = ("sacrebleu", "rouge_score", "nltk")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScores:
    """Scores of texts against one reference each.

    `bleu` is 0-100 (`bleu_signature` says how), the rest 0-1.
    """

    bleu: float
    bleu_signature: str
    rouge_l: float
    meteor: float
    n: int


def check_packages() -> None:
    """Say early that text scores cannot be computed here.

    Raises:
        MissingExtraError: a package is not installed.
    """
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"scores of rationales need {', '.join(missing)}. {install_hint('distill')}, "
            "or leave --rationales out"
        )


def join_parts(rationale: Rationale) -> str:
    """The four parts as one text, without headings and prediction: all rationales share those."""
    parts = (str(getattr(rationale, field)) for field in HEADINGS if field != "label")
    return " ".join(part for part in parts if part)


def split_words(text: str) -> list[str]:
    """Words and single punctuation marks, in lower case."""
    return _WORD.findall(text.lower())


def score_texts(texts: Sequence[str], references: Sequence[str]) -> TextScores:
    """BLEU, ROUGE-L and METEOR of texts against their references.

    BLEU is of the corpus (sacrebleu, 13a, exponential smoothing). ROUGE-L is the
    mean F-measure (rouge-score, with words of any script). METEOR is the mean of
    `score_meteor`.

    Raises:
        ValueError: no texts, or not as many references.
    """
    if not texts or len(texts) != len(references):
        raise ValueError(f"{len(texts)} texts and {len(references)} references: give pairs")
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics.bleu import BLEU

    bleu = BLEU()
    corpus = bleu.corpus_score(list(texts), [list(references)])
    scorer = RougeScorer(["rougeL"], tokenizer=_RougeWords())
    pairs = list(zip(texts, references, strict=True))
    rouge = [scorer.score(reference, text)["rougeL"].fmeasure for text, reference in pairs]
    meteor = [score_meteor(text, reference) for text, reference in pairs]
    return TextScores(
        bleu=float(corpus.score),
        bleu_signature=str(bleu.get_signature()),
        rouge_l=sum(rouge) / len(rouge),
        meteor=sum(meteor) / len(meteor),
        n=len(texts),
    )


class _RougeWords:
    """Words of any script, where rouge-score's own tokenizer drops all but a-z and 0-9.

    The same words as its own with a stemmer where a text is ASCII.
    """

    def __init__(self) -> None:
        from nltk.stem.porter import PorterStemmer

        self._stemmer = PorterStemmer()

    def tokenize(self, text: str) -> list[str]:
        """Lower-case runs of letters, marks and digits; longer ASCII ones are stemmed."""
        text = unicodedata.normalize("NFC", text.lower())
        kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
        return [
            self._stemmer.stem(word) if len(word) > 3 and word.isascii() else word
            for word in _UNSPACED.sub(r" \1 ", kept).split()
        ]


class _NoSynonyms:
    """Stands where NLTK wants WordNet, whose data are not part of any package."""

    def synsets(self, word: str) -> list[Any]:
        return []


def score_meteor(text: str, reference: str) -> float:
    """METEOR of one text, 0-1, with exact and Porter-stem matches, without synonyms.

    Banerjee and Lavie, "METEOR", ACL workshop 2005, by NLTK with its alpha 0.9,
    beta 3, gamma 0.5. Without the WordNet stage it is at most what other tools
    give.
    """
    from nltk.translate.meteor_score import single_meteor_score

    return float(
        single_meteor_score(split_words(reference), split_words(text), wordnet=_NoSynonyms())
    )


def measure_distinct(texts: Sequence[str], n: int) -> float | None:
    """Distinct-n: different n-grams over all n-grams of all texts; None without any.

    Li et al., "A Diversity-Promoting Objective Function", NAACL 2016. It falls
    with the amount of text, so compare it at the same number of texts only.
    """
    total = 0
    seen: set[tuple[str, ...]] = set()
    for text in texts:
        words = split_words(text)
        grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
        total += len(grams)
        seen.update(grams)
    return len(seen) / total if total else None
