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
    result = run("label", "--n", "4", "--annotator", "a", input="p\ns\nq\n")
    assert result.exit_code == 0, result.output
    assert "1 labels stored, 1 could not be told; 1 of the draw are left" in result.output
    run("label", "--export", "out.csv")
    lines = (project / "out.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "post_id,aspect,label,annotator,weight,stratum,draw,probability"
    assert len(lines) == 4
    assert sum(",unclear,a," in line for line in lines) == 1
    assert json.loads(run("label", "--export", "gold.parquet", "--json").stdout)["exported"] == 2
    labels = {e.example_id: e.label for e in load_examples(project / "gold.parquet", "all")}
    assert labels["test:1"] == "negative"
    assert sorted(labels.values()) == ["negative", "positive"]


def test_export_and_import_give_the_same_tables(project: Path) -> None:
    """Also into a warehouse that knows nothing of the draws."""
    run("ingest")
    run("label", "--n", "4", "--stratify", "aspect", "--annotator", "a", input="p\ns\nn\nq\n")
    run("label", "--annotator", "b", input="u\nq\n")
    query = "select * exclude (created_at) from {} order by all"
    before = [rows_of(project, query.format(name)) for name in ("gold", "gold_unclear")]
    assert [len(found) for found in before] == [3, 1]
    assert before[0][0][5] is not None  # the stratum
    run("label", "--export", "out.csv")
    run("label", "--import", "out.csv")
    assert [rows_of(project, query.format(n)) for n in ("gold", "gold_unclear")] == before
    (project / "warehouse.duckdb").unlink()
    run("ingest")
    run("label", "--import", "out.csv")
    assert [rows_of(project, query.format(n)) for n in ("gold", "gold_unclear")] == before
    run("label", "--export", "again.csv")
    assert (project / "again.csv").read_text() == (project / "out.csv").read_text()


def test_label_keeps_what_was_said_before_the_input_ends(project: Path) -> None:
    run("ingest")
    result = run("label", "--annotator", "a", input="p\n")
    assert result.exit_code == 0, result.output
    assert "[2/4]" in result.output
    assert "1 labels stored; 3 of the draw are left" in result.output
    assert len(json.loads(run("sql", "from gold", "--json").stdout)) == 1
    result = run("label", "--annotator", "a", input="n\nn\nn\n")
    assert "1 are answered" in result.output
    assert "3 labels stored; the draw is done" in result.output
    assert "no item is left to label" in str(run("label", "--annotator", "a").exception)
    assert len(rows_of(project, "from gold_draws")) == 1


def test_label_takes_back_and_says_what_it_counts(project: Path) -> None:
    run("ingest")
    result = run("label", "--annotator", "a", "--json", input="b\np\nb\nE\nx\ns\nq\n")
    assert "Nothing to take back" in result.stderr
    found = json.loads(result.stdout)
    assert (found["answered"], found["labelled"], found["unclear"]) == (2, 1, 1)
    assert (found["draw_items"], found["draw_answered"]) == (4, 2)
    assert rows_of(project, "select label from gold") == [("neutral",)]


def test_options_that_describe_another_draw_begin_it(project: Path) -> None:
    run("ingest")
    run("label", "--annotator", "a", input="p\n")
    result = run("label", "--annotator", "a", "--aspect", "tram", input="q\n")
    assert ": 2 of 2 items" in result.output
    (newest,) = rows_of(project, "select draw_id from gold_draws where aspect = 'tram'")[0]
    (oldest,) = rows_of(project, "select draw_id from gold_draws where aspect is null")[0]
    assert f"Draw {newest}" in run("label", "--annotator", "a", input="q\n").output
    assert f"Draw {oldest}" in run("label", "--annotator", "a", "--draw", oldest, input="").output
    result = run("label", "--annotator", "a", "--new", "--since", "2026-03-03", input="q\n")
    assert ": 2 of 2 items" in result.output
    assert len(rows_of(project, "from gold_draws")) == 3
    assert "no draw 'nothing'" in str(run("label", "--draw", "nothing").exception)
    assert run("label", "--draw", oldest, "--new").exit_code == 2
    assert run("label", "--stratify", "weather").exit_code == 2
    assert "analytics infer" in str(run("label", "--stratify", "label").exception)


def test_agreement_of_two_people_is_in_evaluate(project: Path) -> None:
    run("ingest")
    run("label", "--annotator", "a", input="p\nn\nu\np\n")
    run("label", "--annotator", "b", input="p\nn\nu\ns\n")
    result = run("evaluate")
    assert result.exit_code == 0, result.output
    assert "alpha 1.00" in result.output
    assert "a and b: 100.0% of 3 items, Cohen's kappa 1.00" in result.output
    assert "could not tell: 1" in result.output
    found = json.loads(run("evaluate", "--json").stdout)
    assert found["agreement"]["pairs"][0]["n_items"] == 3
    assert (found["n"], found["count_unclear"]) == (0, 1)


@pytest.mark.parametrize(("answers", "weights"), [("n\n", [4.0]), ("n\ns\np\nq\n", [4 / 3, 4 / 3])])
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
    for arguments, n in ((("--import", "gold.csv"), 1), (("--n", "4"), 2)):
        result = run("label", "--annotator", "a", *arguments, input="p\nq\n")
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
