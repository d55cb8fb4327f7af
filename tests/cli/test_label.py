import json
from pathlib import Path

import duckdb
import pytest

from analytics.infer import InferSettings, infer
from distillation.data.loaders import load_examples
from tests.cli.makers import rows_of, run
from tests.scripted import ScriptedEngine, new_run


def test_label_import_export_and_in_the_terminal(project: Path) -> None:
    run("ingest")
    (project / "gold.csv").write_text("post_id,label\ntest:1,negative\n", encoding="utf-8")
    assert "1 labels stored" in run("label", "--import", "gold.csv", "--annotator", "a").output
    result = run("label", "--n", "2", "--annotator", "a", input="p\ns\n")
    assert result.exit_code == 0, result.output
    assert "1 labels stored" in result.output
    run("label", "--export", "out.csv")
    lines = (project / "out.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "post_id,aspect,label,annotator,weight"
    assert "test:1,,negative,a,1.0" in lines
    assert len(lines) == 3
    assert json.loads(run("label", "--export", "gold.parquet", "--json").stdout)["exported"] == 2
    labels = {e.example_id: e.label for e in load_examples(project / "gold.parquet", "all")}
    assert labels["test:1"] == "negative"
    assert sorted(labels.values()) == ["negative", "positive"]


def test_label_keeps_what_was_said_before_the_input_ends(project: Path) -> None:
    run("ingest")
    result = run("label", "--annotator", "a", input="p\n")
    assert result.exit_code == 0, result.output
    assert "[2/4]" in result.output
    assert "1 labels stored" in result.output
    assert len(json.loads(run("sql", "from gold", "--json").stdout)) == 1
    assert "3 labels stored" in run("label", "--annotator", "a", input="n\nn\nn\n").output
    assert "no item is left to label" in str(run("label", "--annotator", "a").exception)


@pytest.mark.parametrize(("answers", "weights"), [("n\n", [4.0]), ("n\ns\np\nq\n", [2.0, 2.0])])
def test_weights_follow_from_the_number_labelled(
    project: Path, answers: str, weights: list[float]
) -> None:
    run("ingest")
    run("label", "--annotator", "a", input=answers)
    assert [w for (w,) in rows_of(project, "select weight from gold")] == weights


def test_marts_know_labels_at_once(project: Path) -> None:
    run("ingest")
    with duckdb.connect(project / "warehouse.duckdb") as connection:
        connection.execute("set TimeZone = 'UTC'")
        settings = InferSettings(model_id="m", result_digest="r", data_dir=project)
        infer(connection, ScriptedEngine, new_run(connection), settings)
    run("marts")
    (project / "gold.csv").write_text("post_id,label\ntest:1,negative\n", encoding="utf-8")
    for arguments, n in ((("--import", "gold.csv"), 1), (("--n", "1"), 2)):
        result = run("label", "--annotator", "a", *arguments, input="p\n")
        assert "`analytics report`" in result.output
        assert rows_of(project, "select count_gold from model_quality") == [(n,)]


def test_label_import_makes_no_warehouse(project: Path) -> None:
    (project / "gold.csv").write_text("post_id,label\ntest:1,negative\n", encoding="utf-8")
    assert "no warehouse yet" in str(run("label", "--import", "gold.csv").exception)
    assert not (project / "warehouse.duckdb").exists()


def test_label_import_takes_the_last_of_two_and_refuses_odd_weights(project: Path) -> None:
    run("ingest")
    gold = project / "gold.csv"
    gold.write_text("post_id,label\ntest:1,negative\ntest:1,positive\n", encoding="utf-8")
    assert "1 labels stored" in run("label", "--import", "gold.csv", "--annotator", "a").output
    found = json.loads(run("sql", "select label from gold", "--json").stdout)
    assert found == [{"label": "positive"}]
    for weight in ("nan", "-1", "0", "inf", "much"):
        gold.write_text(f"post_id,label,weight\ntest:1,neutral,{weight}\n", encoding="utf-8")
        message = f"gold.csv:2: weight {weight!r} is no number above 0"
        assert message in str(run("label", "--import", "gold.csv").exception)


def test_label_import_names_bad_rows_and_stores_none(project: Path) -> None:
    run("ingest")
    (project / "gold.csv").write_text("post_id,label\ntest:1,happy\n", encoding="utf-8")
    assert "gold.csv:2: label 'happy'" in str(run("label", "--import", "gold.csv").exception)
    (project / "gold.csv").write_text("id,label\n1,happy\n", encoding="utf-8")
    assert "no column post_id" in str(run("label", "--import", "gold.csv").exception)
