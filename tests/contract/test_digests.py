import duckdb
import pytest

from analytics.contract import digests, prompts
from analytics.contract.decoding import Decoding
from analytics.contract.labels import LABELS, label_of


def test_digests_are_stable_and_differ() -> None:
    assert digests.training_digest() == digests.training_digest()
    assert digests.training_digest() != digests.result_digest(Decoding())


def test_result_digest_follows_decoding() -> None:
    assert digests.result_digest(Decoding()) != digests.result_digest(
        Decoding(max_rationale_tokens=64)
    )


def test_result_digest_follows_options_that_are_given() -> None:
    plain = digests.result_digest(Decoding())
    assert digests.result_digest(Decoding(), {}) == plain
    assert digests.result_digest(Decoding(), {"max_model_len": 512}) != plain


def test_digests_follow_the_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests.training_digest(), digests.result_digest(Decoding())
    monkeypatch.setattr(digests, "load_template", lambda name: prompts.load_template(name) + "!")
    assert digests.training_digest() != before[0]
    assert digests.result_digest(Decoding()) != before[1]


def test_teacher_prompts_have_a_digest_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests.training_digest(), digests.teacher_digest()

    def load_changed(name: str) -> str:
        return prompts.load_template(name) + ("!" if name.startswith("teacher") else "")

    monkeypatch.setattr(digests, "load_template", load_changed)
    assert digests.training_digest() == before[0]
    assert digests.teacher_digest() != before[1]


def test_label_enum_in_the_warehouse_is_the_label_set(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    row = connection.execute("select enum_range(null::sentiment_label)").fetchone()
    assert row is not None
    assert row[0] == list(LABELS)


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [((0.5, 0.2, 0.3), "negative"), ((0.1, 0.2, 0.7), "positive"), ((0.4, 0.4, 0.2), "negative")],
)
def test_label_of_takes_the_most_probable(
    probabilities: tuple[float, float, float], label: str
) -> None:
    assert label_of(probabilities) == label
