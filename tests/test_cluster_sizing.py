"""The sizing table of docs/cluster.md is what the script prints."""

import pytest
from click.testing import CliRunner

from benchmarks.cluster_sizing import Model, Night, hours_needed, main, rate
from tests.conftest import REPOSITORY


@pytest.mark.parametrize(
    "arguments",
    [[], ["--labels-per-s", "15", "--pictures-per-s", "15", "--labels-a-rationale", "3"]],
    ids=["on paper", "measured"],
)
def test_figures_of_the_page_are_those_of_the_script(arguments: list[str]) -> None:
    page = (REPOSITORY / "docs" / "cluster.md").read_text(encoding="utf-8")
    found = CliRunner().invoke(main, arguments)
    assert found.exit_code == 0, found.output
    assert " ".join(arguments) in page
    if arguments:
        cells = [cell.strip() for cell in found.output.splitlines()[-1].split("|")[1:-1]]
        assert f"{cells[3]} hours of such a machine ({cells[4]} of them" in " ".join(page.split())
    else:
        assert found.output in page


def test_formula_by_hand() -> None:
    night = Night(
        posts=3600,
        share_distinct=0.5,
        contents_per_post=2,
        share_pictures=0.25,
        share_rationales=0.1,
    )
    # 3600 contents: 2700 texts at 3 a second, 900 pictures at 1, 360 rationales of 5 labels.
    assert hours_needed(night, 3, 1, 5) == pytest.approx((900 + 900 + 600) / 3600)
    texts, pictures = rate(Model(utilisation=1, parameters=1e9, prompt_tokens=100), 20)
    assert texts == pytest.approx(100)
    assert pictures == pytest.approx(20e12 / (2e11 + 2e11 + 5.36e11))
    assert rate(Model(), 1e6) == (500, 50)
