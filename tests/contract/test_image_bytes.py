"""The prepared bytes of many pictures are pinned: models are trained and results keyed on them.

Codecs decide bytes, so the digests hold for the Pillow of requirements/constraints.txt and the
libjpeg-turbo in its wheels. Where digests change, with the code or with a new Pillow,
`ImageSettings.version` must rise.
"""

import hashlib
import io
import json
import re

import PIL
import pytest
from PIL import Image, features

from analytics.contract.images import ImageSettings, prepare_image, recognize_image
from tests.conftest import REPOSITORY
from tests.contract.picture_makers import list_pictures

GOLDEN = REPOSITORY / "tests" / "golden" / "pictures.json"
CODECS = {"pillow": PIL.__version__, "libjpeg_turbo": features.version("libjpeg_turbo")}
PICTURES = dict(list_pictures())
_PINNED = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}


def _digest(name: str) -> list[str]:
    """Of the file that was made, and of its prepared form with the facts."""
    data = PICTURES[name]()
    made = prepare_image(data)
    facts = f"{made.width}x{made.height} {made.n_bytes} ".encode()
    return [hashlib.sha256(part).hexdigest() for part in (data, facts + made.jpeg)]


@pytest.fixture(scope="module", autouse=True)
def updated_golden(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        pinned = {"version": ImageSettings().version, "codecs": CODECS}
        pinned["digests"] = {name: _digest(name) for name in PICTURES}
        GOLDEN.write_text(json.dumps(pinned, indent=1) + "\n", encoding="utf-8")
        pytest.skip("the golden file was written anew")


@pytest.mark.parametrize("name", PICTURES)
def test_prepared_bytes_stay_the_same(name: str) -> None:
    if _PINNED["codecs"] != CODECS:
        pytest.skip(f"pinned with {_PINNED['codecs']}, this is {CODECS}")
    original, prepared = _digest(name)
    assert original == _PINNED["digests"][name][0], "the test made another picture"
    assert prepared == _PINNED["digests"][name][1]


def test_digests_are_of_all_pictures_this_version_and_the_pinned_pillow() -> None:
    pins = (REPOSITORY / "requirements" / "constraints.txt").read_text(encoding="utf-8")
    found = re.search(r"^pillow==(\S+)$", pins, re.MULTILINE)
    assert found is not None
    assert _PINNED["codecs"]["pillow"] == found[1]
    assert _PINNED["version"] == ImageSettings().version
    assert list(_PINNED["digests"]) == list(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_kept_picture_gives_the_facts_without_decoding(name: str) -> None:
    data = PICTURES[name]()
    prepared = prepare_image(data)
    found = recognize_image(data, prepared.jpeg)
    width, height = Image.open(io.BytesIO(prepared.jpeg)).size
    if width == height and prepared.width != prepared.height:
        assert found is None  # it cannot tell whether the original was turned
    else:
        assert found == prepared
