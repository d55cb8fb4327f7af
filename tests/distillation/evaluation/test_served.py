"""`analytics distill` and a model behind a server: scored, but not promoted or its own teacher."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from analytics.cli import cli
from tests.chat.scripted_server import MODEL, Answer, Asked, fail, reason, say, serve
from tests.engine.served import is_label, list_models, say_label
from tests.engine.test_models import make_folder

LABELS = ("negative", "neutral", "positive")
N = 12


@pytest.fixture(autouse=True)
def small_and_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANALYTICS_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Posts that say their label, every other one with a picture."""
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    rows = []
    for i in range(N):
        row = {"id": f"p{i}", "text": f"A {LABELS[i % 3]} tram, {i}", "label": LABELS[i % 3]}
        if i % 2:
            Image.new("RGB", (40 + i, 40), (20 * i, 90, 120)).save(folder / "images" / f"{i}.png")
            row["image"] = f"{i}.png"
        rows.append(json.dumps(row | {"aspect": "tram"}))
    (folder / "test.jsonl").write_text("\n".join(rows), encoding="utf-8")
    return folder


def answer(asked: Asked) -> Answer:
    """A model that reads the label, but takes the twelfth post for neutral."""
    if len(asked.body["messages"]) == 1:  # what the engine asks for the model's name
        return say("x")
    label = next((name for name in LABELS if name in asked.post), "neutral")
    label = "neutral" if asked.post.endswith(", 11") else label
    if not is_label(asked):
        return say(reason(label))
    return say_label({name: 0.8 if name == label else 0.1 for name in LABELS})


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["distill", *arguments])


def evaluate(data: Path, url: str, *more: str, options: str = "", env: str = "") -> Result:
    text = f'{{ url = "{url}", max_concurrent = 4{options} }}'
    return CliRunner(env={"ANALYTICS_MODEL_OPTIONS": text, "OPENAI_API_KEY": env}).invoke(
        cli,
        [
            *("distill", "evaluate", "--model", MODEL, "--engine", "openai", "--data", str(data)),
            *("--resamples", "100", *more),
        ],
    )


def test_a_served_model_is_scored_from_end_to_end(data: Path, tmp_path: Path) -> None:
    with serve(answer) as server:
        server.models = list_models(owned_by="acme")
        result = evaluate(
            data,
            server.url,
            *("--json", "--max-rationales", "3", "--output", "out.json"),
            options=", accepts_images = true",
            env="sk-s3cret",
        )
        contents = [asked.body["messages"][-1]["content"] for asked in server.asked]
        assert {asked.headers["authorization"] for asked in server.asked} == {"Bearer sk-s3cret"}
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert report["scores"]["accuracy"]["value"] == pytest.approx((N - 1) / N)
    assert report["model"]["name"] == MODEL
    assert report["model"]["id"].startswith(f"{MODEL}@")
    assert report["engine"]["name"] == "openai"
    assert report["engine"]["device"] == f"{server.url}/"
    assert report["rationales"]["n"] == 3
    assert report["rationales"]["contradiction_rate"] == 0
    assert report["n_with_picture"] == N // 2
    assert sum(not isinstance(content, str) for content in contents) >= N // 2
    assert "s3cret" not in result.output + result.stderr + json.dumps(report)


def test_texts_alone_are_scored_where_pictures_are_not_to_be_sent(data: Path) -> None:
    with serve(answer) as server:
        result = evaluate(data, server.url, "--json", "--max-rationales", "0", "--no-probes")
        assert all(isinstance(a.body["messages"][-1]["content"], str) for a in server.asked)
    report = json.loads(result.stdout.splitlines()[-1])
    assert report["data"]["pictures_reason"] == "the model takes none"


def test_a_post_that_the_server_refuses_is_left_out_and_told(data: Path) -> None:
    rows = (data / "test.jsonl").read_text(encoding="utf-8").splitlines()
    many = [json.dumps(json.loads(rows[0]) | {"id": f"q{i}", "text": f"T {i}"}) for i in range(20)]
    (data / "test.jsonl").write_text("\n".join([*rows, *many]), encoding="utf-8")

    def script(asked: Asked) -> Answer:
        is_long = "T 7\n" in asked.body["messages"][-1]["content"]
        return fail(400, "too long") if is_long else answer(asked)

    with serve(script) as server:
        result = evaluate(data, server.url, "--json", "--max-rationales", "0", "--no-probes")
    assert result.exit_code == 3
    assert json.loads(result.stdout.splitlines()[-1])["n_failed"] == 1
    assert "too long" in result.stderr


def test_a_server_that_is_gone_ends_the_evaluation_with_its_address_and_the_fix(data: Path) -> None:
    with serve(answer) as server:
        url = server.url
    result = evaluate(data, url)
    assert result.exit_code == 1
    assert f"{url}/: no server answers" in result.stderr + str(result.exception)


def test_augment_refuses_a_served_model(data: Path) -> None:
    result = run(
        *("augment", "--model", MODEL, "--engine", "openai", "--data", f"{data}:test"),
        *("--output", "out"),
    )
    assert result.exit_code == 2
    assert "the assistant is a folder of weights" in result.stderr
    assert "distill teacher" in result.stderr
    assert not Path("out").exists()


def test_promote_refuses_a_served_model(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "analytics.toml"
    config.write_text(f'[model]\nname = "{MODEL}"\nengine = "openai"\n', encoding="utf-8")
    result = run("promote", MODEL, "--name", "mine", "--gold", str(data))
    assert result.exit_code == 2
    assert "is behind a server, and the registry keeps folders of weights" in result.stderr
    missing = run("promote", "nowhere", "--name", "mine", "--gold", str(data))
    assert missing.exit_code == 2
    assert "'nowhere' does not exist." in missing.stderr


@pytest.mark.parametrize("against", [(), ("--against", MODEL)], ids=["default", "named"])
def test_promote_compares_with_no_served_model(
    data: Path, tmp_path: Path, against: tuple[str, ...]
) -> None:
    config = tmp_path / "analytics.toml"
    config.write_text(f'[model]\nname = "{MODEL}"\nengine = "openai"\n', encoding="utf-8")
    folder = make_folder(tmp_path / "student")
    result = run("promote", str(folder), "--name", "mine", "--gold", str(data), *against)
    assert result.exit_code == 1
    told = str(result.exception) + result.stderr
    assert "it is behind a server, and the gate compares folders of weights" in told
    assert "--against" in told
