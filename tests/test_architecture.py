"""Who may import whom. A new arrow is an edit of this table and a decision record."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent

# part -> parts of this project that it may import (its own is always allowed)
ALLOWED = {
    "analytics": set(),
    "analytics.contract": {"analytics"},
    "analytics.config": {"analytics", "analytics.contract"},
    "analytics.chat": {"analytics.contract"},
    "analytics.engine": {"analytics", "analytics.chat", "analytics.contract"},
    "analytics.store": {"analytics", "analytics.contract"},
    "analytics.fetching": {
        "analytics",
        "analytics.chat",
        "analytics.config",
        "analytics.contract",
        "analytics.media",
        "analytics.store",
    },
    "analytics.infer": {"analytics.contract", "analytics.judging", "analytics.store"},
    "analytics.judging": {"analytics.contract", "analytics.store"},
    "analytics.labelling": {"analytics.contract", "analytics.store"},
    "analytics.languages": {"analytics.contract", "analytics.store"},
    "analytics.marts": {"analytics.config", "analytics.store", "analytics.trends"},
    "analytics.media": {"analytics.contract", "analytics.store"},
    "analytics.preview": {
        "analytics.config",
        "analytics.contract",
        "analytics.reading",
        "connectors",
    },
    "analytics.reading": {
        "analytics.config",
        "analytics.contract",
        "analytics.store",
        "connectors",
    },
    "analytics.hashing": {"analytics.contract", "analytics.store"},
    "analytics.ingest": {
        "analytics.config",
        "analytics.contract",
        "analytics.hashing",
        "analytics.reading",
        "analytics.store",
        "analytics.unpacking",
        "connectors",
    },
    "analytics.unpacking": {
        "analytics.config",
        "analytics.contract",
        "analytics.store",
        "connectors",
    },
    "analytics.estimates": {"analytics.contract"},
    "analytics.prevalence": {"analytics.estimates", "analytics.store"},
    "analytics.trends": {
        "analytics.contract",
        "analytics.estimates",
        "analytics.prevalence",
        "analytics.store",
    },
    "analytics.events": {"analytics.contract", "analytics.estimates", "analytics.store"},
    "analytics.webhook": {"analytics.chat"},
    "analytics.alerts": {
        "analytics.config",
        "analytics.contract",
        "analytics.events",
        "analytics.store",
        "analytics.webhook",
    },
    "analytics.remembering": {"analytics.contract", "analytics.engine", "analytics.store"},
    "analytics.model_step": {
        "analytics.config",
        "analytics.contract",
        "analytics.engine",
        "analytics.infer",
        "analytics.remembering",
        "analytics.store",
    },
    "analytics.pipeline": {
        "analytics.alerts",
        "analytics.config",
        "analytics.contract",
        "analytics.engine",
        "analytics.events",
        "analytics.fetching",
        "analytics.ingest",
        "analytics.languages",
        "analytics.marts",
        "analytics.media",
        "analytics.model_step",
        "analytics.reporting",
        "analytics.store",
    },
    "analytics.reporting": {"analytics.config", "analytics.contract", "analytics.store", "reports"},
    "analytics.doctor": {
        "analytics.config",
        "analytics.contract",
        "analytics.engine",
        "analytics.pipeline",
        "analytics.reading",
        "analytics.store",
        "connectors",
    },
    "analytics.cli": {
        "analytics",
        "analytics.alerts",
        "analytics.config",
        "analytics.contract",
        "analytics.doctor",
        "analytics.ingest",
        "analytics.labelling",
        "analytics.marts",
        "analytics.pipeline",
        "analytics.preview",
        "analytics.reporting",
        "analytics.store",
    },
    "analytics.__main__": {"analytics.cli"},
    "connectors": {"analytics.contract"},
    "reports": {"analytics.contract"},
    "distillation": {"analytics.chat", "analytics.contract"},
    # The composition root of `analytics distill`: the one part that joins both.
    "distillation.cli": {
        "analytics",
        "analytics.chat",
        "analytics.cli",
        "analytics.config",
        "analytics.contract",
        "analytics.engine",
        "analytics.estimates",
        "analytics.store",
        "distillation",
    },
}
# Heavy packages and the only parts that may import them.
HEAVY = {
    "torch": {"analytics.engine", "distillation"},
    "transformers": {"analytics.engine", "distillation"},
    "vllm": {"analytics.engine"},
    "ray": {"analytics.engine"},
    "pandas": set(),
}
CONTRACT_MAY_IMPORT = {*sys.stdlib_module_names, "analytics", "PIL"}


def _part_of(module: str) -> str:
    names = module.split(".")
    if names[0] == "analytics" or names[:2] == ["distillation", "cli"]:
        return ".".join(names[:2])
    return names[0]


def _modules() -> list[tuple[str, Path]]:
    found = []
    for package in ("analytics", "connectors", "distillation", "reports"):
        for path in sorted((REPOSITORY / package).rglob("*.py")):
            parts = path.relative_to(REPOSITORY).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append((name, path))
    return found


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            names.add(node.module)
    return names


MODULES = _modules()


@pytest.mark.parametrize(("name", "path"), MODULES, ids=[name for name, _ in MODULES])
def test_module_imports_only_what_its_part_may(name: str, path: Path) -> None:
    part = _part_of(name)
    ours = {"analytics", "connectors", "distillation", "reports"}
    for imported in _imports(path):
        root = imported.split(".")[0]
        if root in ours:
            target = _part_of(imported)
            assert target == part or target in ALLOWED[part], f"{name} imports {imported}"
        if root in HEAVY:
            assert part in HEAVY[root], f"{name} imports {imported}"
        if part == "analytics.contract":
            assert root in CONTRACT_MAY_IMPORT, f"{name} imports {imported}"


def test_no_part_is_missing_from_the_table_or_left_over() -> None:
    assert {_part_of(name) for name, _ in MODULES} == set(ALLOWED)


def test_table_has_no_cycle() -> None:
    seen: set[str] = set()

    def walk(part: str, way: tuple[str, ...]) -> None:
        assert part not in way, " -> ".join((*way, part))
        if part not in seen:
            for target in ALLOWED[part]:
                walk(target, (*way, part))
            seen.add(part)

    for part in ALLOWED:
        walk(part, ())


def test_files_stay_readable() -> None:
    long = {
        str(path.relative_to(REPOSITORY)): n
        for path in [path for _, path in MODULES] + sorted((REPOSITORY / "tests").rglob("*.py"))
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['analytics', '--help']\n"
        "from analytics.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'duckdb', 'polars', 'pyarrow', 'PIL', 'rich', 'vllm',"
        " 'numpy', 'scipy'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"
