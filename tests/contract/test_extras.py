import tomllib

from analytics.contract.extras import install_hint
from tests.conftest import REPOSITORY


def test_hint_names_the_folder_and_an_extra_that_is_there() -> None:
    extras = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"vllm", "distill"} <= set(extras["project"]["optional-dependencies"])
    assert install_hint("vllm") == "`pip install '.[vllm]'` in the folder of this project"
    assert install_hint() == "`pip install .` in the folder of this project"
