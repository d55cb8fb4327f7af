"""Recipes: every shipped one loads and says how it is run; faults name key and place."""

from importlib.resources import files
from pathlib import Path

import pytest

from analytics.contract.errors import ConfigError
from distillation.training.recipe import list_recipes, load_recipe, with_dtype


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


@pytest.mark.parametrize(
    ("stated", "used"), [("auto", "float32"), ("bfloat16", "bfloat16"), ("float32", "float32")]
)
def test_auto_number_type_becomes_the_machines(stated: str, used: str) -> None:
    recipe = load_recipe("cpu-smol", [f"model.dtype={stated}"])
    assert with_dtype(recipe, "float32").model.dtype == used


def test_recipes_for_a_cpu_train_in_what_it_computes_in() -> None:
    """A CPU without bfloat16 instructions took 60 times as long in it."""
    names = [name for name in list_recipes() if name.startswith("cpu-")]
    assert names
    assert {load_recipe(name).model.dtype for name in names} == {"auto"}


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
        ("loss.kd_tasks=['labels']", "Name label, rationale or both"),
        ("loss.kd_tasks=[]", "Name label, rationale or both"),
        ("optim.schedule=step", "Give one of linear, cosine, constant"),
        ("optim.batch_size=0", "Give a number above 0"),
        ("model.frozen=[1]", "is no list of str"),
        ("nothing", "give section.key=value"),
        ("loss=3", "'loss' is a section"),
        ("name.x=1", "--set 'name.x=1': 'name' is a value, not a section"),
        ("optim.average_every=0", "optim.average_every = 0. Give a number above 0"),
        ("optim.learning_rate=-1.0", "optim.learning_rate = -1.0. Give a number above 0"),
        ("optim.learning_rate=nan", "optim.learning_rate = nan. Give a number above 0"),
        ("optim.learning_rate=inf", "optim.learning_rate = inf. Give a number above 0"),
        ("optim.beta_2=1.0", "optim.beta_2 = 1.0. Give a number from 0 to below 1"),
        ("optim.weight_decay=-0.1", "optim.weight_decay = -0.1. Give 0 or more"),
        ("checkpoint_every=-1", "checkpoint_every = -1. Give 0 or more"),
        ("model.lora_rank=0", "model.lora_rank = 0. Give a number above 0"),
        ("model.frozen=['(']", "model.frozen: '(' is no regular expression"),
        ("model.lora_targets='['", "model.lora_targets: '[' is no regular expression"),
        ("pack.max_response_tokens=0", "pack.max_response_tokens = 0. Give a number above 0"),
        (
            "pack.max_tokens=100",
            "pack.max_tokens = 100. Give more than pack.max_response_tokens = 128",
        ),
    ],
)
def test_faults_name_the_key_and_the_fix(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe("tiny-student", [override])
    assert message in str(caught.value)


@pytest.mark.parametrize("name", [n for n in list_recipes() if n.startswith("cpu-smol")])
def test_recipes_of_the_embedded_student_leave_room_for_a_post(name: str) -> None:
    """The prompt without its post takes about 150 tokens; a post has up to 280 letters."""
    recipe = load_recipe(name)
    assert recipe.pack.max_tokens - recipe.pack.max_response_tokens >= 500


def test_a_recipe_of_labels_alone_promises_no_rationales() -> None:
    descriptions = {
        recipe.name: recipe.description
        for recipe in map(load_recipe, list_recipes())
        if recipe.loss.alpha == 1.0
    }
    assert "writes no rationales" in descriptions["cpu-smol"]
    assert not [text for text in descriptions.values() if "distilled" in text]


@pytest.mark.parametrize("name", ["paper", "tiny", "single-gpu", "tin"])
def test_half_of_a_name_hints_at_both_recipes(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(name)
    whole = name if name != "tin" else "tiny"
    assert f"Did you mean '{whole}-assistant' or '{whole}-student'?" in str(caught.value)


@pytest.mark.parametrize("name", [n for n in list_recipes() if n.startswith(("paper", "single"))])
def test_recipes_after_the_paper_say_what_is_not_from_it(name: str) -> None:
    text = (files("distillation") / "recipes" / f"{name}.toml").read_text(encoding="utf-8")
    ours = text.split("\nname = ")[0].replace("\n# ", " ").partition("of the paper's code")[2]
    for setting in ("alpha of the loss", "schedule", "warm-up", "epochs", "batch size", "seed"):
        assert setting in ours.partition(" are ours")[0]


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
