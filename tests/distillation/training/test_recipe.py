"""Recipes: every shipped one loads and says how it is run; faults name key and place."""

from importlib.resources import files
from pathlib import Path

import pytest

from analytics.contract.errors import ConfigError
from distillation.training.recipe import list_recipes, load_recipe


@pytest.mark.parametrize("name", list_recipes())
def test_shipped_recipe_loads_and_explains_itself(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.description
    text = (files("distillation") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    head = text.split("\nname = ")[0]
    assert f"--recipe {name} " in head
    assert "# Command: analytics distill " in head


def test_the_papers_settings() -> None:
    assistant, student = load_recipe("paper-assistant"), load_recipe("paper-student")
    for recipe in (assistant, student):
        assert (recipe.model.lora_rank, recipe.model.lora_alpha) == (16, 32)
        assert recipe.optim.learning_rate == 3e-4
        assert recipe.pack.max_response_tokens == 512
    assert (assistant.model.lora_dropout, student.model.lora_dropout) == (0.2, 0.05)
    assert (student.loss.kd_weight, student.loss.temperature) == (0.3, 1.0)
    assert assistant.loss.kd_weight == 0.0


def test_overrides_reach_their_section() -> None:
    recipe = load_recipe("tiny-student", ["loss.kd_weight=0.4", "model.frozen=['x']", "seed=7"])
    assert recipe.loss.kd_weight == 0.4
    assert recipe.model.frozen == ("x",)
    assert recipe.seed == 7


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("loss.kd_wieght=1", "unknown key 'loss.kd_wieght'. Did you mean 'kd_weight'"),
        ("optim.n_epochs='two'", "optim.n_epochs = 'two' is not of type int"),
        ("loss.alpha=1.5", "loss.alpha = 1.5. Give a number from 0 to 1"),
        ("pack.part_sentences=[1, 2]", "Give four numbers, one a part"),
        ("optim.schedule=step", "Give one of linear, cosine, constant"),
        ("optim.batch_size=0", "Give a number above 0"),
        ("model.frozen=[1]", "is no list of str"),
        ("nothing", "give section.key=value"),
        ("loss=3", "'loss' is a section"),
    ],
)
def test_faults_name_the_key_and_the_fix(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe("tiny-student", [override])
    assert message in str(caught.value)


def test_unknown_recipes_and_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'cpu-smol'"):
        load_recipe("cpu-smoll")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_recipe(str(tmp_path / "none.toml"))
    (tmp_path / "bad.toml").write_text("= 3", encoding="utf-8")
    with pytest.raises(ConfigError, match="not TOML"):
        load_recipe(str(tmp_path / "bad.toml"))
    (tmp_path / "mine.toml").write_text("[optim]\nn_epochs = 2\n", encoding="utf-8")
    assert load_recipe(str(tmp_path / "mine.toml")).name == "mine"
