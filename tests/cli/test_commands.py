import json
import resource
from importlib.metadata import version
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from analytics.cli import COMMANDS
from analytics.contract.errors import AnalyticsError
from distillation.cli import COMMANDS as DISTILL
from tests.cli.makers import CONFIG, POSTS, rows_of, run
from tests.engine.test_models import make_folder
from tests.scripted import write_config

_LEAVES = [*(name for name in COMMANDS if name != "distill"), *(f"distill {n}" for n in DISTILL)]


@pytest.mark.parametrize("command", _LEAVES)
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"Example: analytics {command}" in result.output
    assert "--config" in result.output
    assert "--json" in result.output


def test_ingest_says_what_became_of_each_record_and_exits_3(project: Path) -> None:
    result = run("ingest")
    assert result.exit_code == 3, result.output
    assert (
        "    3 records read = 2 posts stored + 0 updated + 0 duplicates + 0 deletions + 0 ignored"
        " + 1 rejects\n"
    ) in result.output
    result = run("ingest", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["counts"]["count_files_skipped"] == 1


def test_ingest_of_a_named_file_with_a_mapping(project: Path) -> None:
    (project / "other.csv").write_text("a,b\n7,hi there\n", encoding="utf-8")
    result = run("ingest", "other.csv", "--platform", "forum", "--map", "id=a", "--map", "text=b")
    assert result.exit_code == 0, result.output
    result = run("sql", "select post_id, text from posts", "--format", "csv")
    assert result.stdout.splitlines() == ["post_id,text", "forum:7,hi there"]


def test_sql_writes_all_formats(project: Path) -> None:
    run("ingest")
    query = "select post_id, likes, created_at, null as gap from posts order by all"
    assert "test:1" in run("sql", query).stdout
    assert run("sql", query, "--format", "csv").stdout.splitlines()[1] == (
        "test:1,3,2026-03-02T10:00:00+00:00,"
    )
    assert json.loads(run("sql", query, "--json").stdout)[1] == {
        "post_id": "test:2",
        "likes": 5,
        "created_at": "2026-03-03T10:00:00+00:00",
        "gap": None,
    }
    assert json.loads(run("sql", "from posts where false", "--json").stdout) == []
    assert run("sql", query, "--output", "out.parquet").exit_code == 0
    import polars as pl

    assert pl.read_parquet("out.parquet").height == 2
    assert run("sql", query, "--format", "parquet").exit_code == 2


def test_sql_shows_hostile_text_as_text(project: Path) -> None:
    (project / "posts.csv").write_text("id,text\n1,[bold]\x1b[31m red\n", encoding="utf-8")
    run("ingest")
    shown = run("sql", "select text from posts").stdout
    assert "[bold]" in shown
    assert "\x1b" not in shown


def test_sql_cannot_write_and_names_the_fault(project: Path) -> None:
    run("ingest")
    result = run("sql", "delete from posts")
    assert isinstance(result.exception, AnalyticsError)
    result = run("sql", "selec 1")
    assert "the query failed" in str(result.exception)


def test_sql_says_what_makes_a_mart(project: Path) -> None:
    run("ingest")
    assert "made by `analytics marts`" in str(run("sql", "from daily_sentiment").exception)
    assert "`analytics marts`" not in str(run("sql", "from nothing").exception)
    assert run("marts").exit_code == 0
    assert run("sql", "from daily_sentiment").exit_code == 0


def test_reading_before_the_first_run_says_what_to_do(project: Path) -> None:
    for command in (("sql", "select 1"), ("report",), ("evaluate",)):
        result = run(*command)
        assert isinstance(result.exception, AnalyticsError)
        assert "analytics run" in str(result.exception)
    for command in (("status",), ("marts",), ("infer",), ("label",), ("forget", "--post", "x:1")):
        assert "no warehouse yet" in str(run(*command).exception)
    assert not (project / "warehouse.duckdb").exists()


def test_sql_json_is_valid_for_odd_values(project: Path) -> None:
    run("ingest")
    query = "select 'nan'::double as x, 1.5 as x, [1.5::decimal(3, 1)] as l -- comment"
    found = json.loads(run("sql", query, "--json").stdout, parse_constant=pytest.fail)
    assert found == [{"x": None, "x_2": 1.5, "l": [1.5]}]
    assert run("sql", query, "--format", "csv").stdout.splitlines()[1] == ",1.5,[1.5]"
    assert run("sql", query, "--output", "odd.parquet").exit_code == 0
    assert run("sql", " ; ").exit_code == 2


def test_other_author_key_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("ingest")
    monkeypatch.setenv("ANALYTICS_AUTHOR_KEY_FILE", str(tmp_path / "other.key"))
    assert "not the key" in str(run("ingest").exception)


def test_picture_folders_are_relative_to_the_configuration(project: Path) -> None:
    (project / "dump").mkdir()
    (project / "shots").mkdir()
    Image.new("RGB", (9, 9)).save(project / "shots" / "a.png")
    (project / "dump" / "posts.csv").write_text("id,text,image\n1,hi,../shots/a.png\n")
    query = ("sql", "select status from media", "--format", "csv")
    source = "[[sources]]\npath = 'dump/posts.csv'\n"
    write_config(project, source)
    assert run("ingest").exit_code == 3
    assert run(*query).stdout.split() == ["status", "outside_folder"]
    write_config(project, source + "[warehouse]\npicture_folders = ['shots']\n")
    assert run("ingest").exit_code == 0
    assert run(*query).stdout.split() == ["status", "ok"]


def test_map_of_a_format_that_takes_none_is_refused(project: Path) -> None:
    (project / "RC_1.ndjson").write_text(
        '{"id": "c", "body": "hi", "author": "a", "created_utc": 1772445600, "parent_id": "t3_x",'
        ' "link_id": "t3_x", "subreddit": "s", "permalink": "/r/s/comments/x/_/c/"}\n'
    )
    result = run("ingest", "RC_1.ndjson", "--map", "text=foo", "--platform", "zzz")
    assert "format 'reddit' takes no mapping and no platform" in str(result.exception)
    assert run("ingest", "RC_1.ndjson").exit_code == 0


def test_unrelated_tables_without_a_platform_do_not_meet(project: Path) -> None:
    for name, text in (("shop.csv", "About cats"), ("survey.csv", "Wholly other")):
        (project / name).write_text(f"id,text\n1,{text}\n", encoding="utf-8")
        assert run("ingest", name).exit_code == 0
    found = run("sql", "select post_id from posts order by all", "--format", "csv").stdout
    assert found.splitlines() == ["post_id", "table:shop/1", "table:survey/1"]


def test_error_is_json_for_machines(project: Path) -> None:
    result = run("ingest", "missing.csv", "--json")
    found = json.loads(result.stdout)
    assert found["status"] == "failed"
    assert "missing.csv" in found["error"]


def test_options_that_change_results_are_part_of_their_key(project: Path) -> None:
    (project / "posts.csv").write_text("id,text,created_at\n1,,9999-01-01\n", encoding="utf-8")
    run("ingest")
    make_folder(project / "model")
    for options in ("", "max_model_len = 512", "device = 'cpu'", "max_model_len = 2048"):
        text = f"[model]\nname = 'model'\noptions = {{ {options} }}\n"
        write_config(project, CONFIG + text)
        assert run("infer").exit_code == 0
    write_config(project, CONFIG + "[model]\nname = 'model'\n[infer]\nmask_mentions = true\n")
    assert run("infer").exit_code == 0
    query = "select result_digest from runs where command = 'infer' order by started_at"
    plain, cut, on_cpu, default, masked = rows_of(project, query)
    assert plain == on_cpu == default != cut
    assert masked not in (plain, cut)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("engine = 'transformers'\noptions = { devise = 'cpu' }", "Did you mean 'device'"),
        ("name = 'folder-that-is-not-there'", "folder-that-is-not-there"),
    ],
)
def test_a_model_that_cannot_be_is_told_before_anything_is_read(
    project: Path, model: str, message: str
) -> None:
    write_config(project, f"{CONFIG}[model]\n{model}\n")
    result = run("run")
    assert result.exit_code == 1
    assert message in str(result.exception)
    assert rows_of(project, "select count(*) from posts") == [(0,)]
    assert rows_of(project, "select status from runs") == [("failed",)]


def test_nothing_to_read_is_an_error(project: Path) -> None:
    write_config(project, "")
    assert "[[sources]]" in str(run("ingest").exception)
    assert not (project / "warehouse.duckdb").exists()


def test_failed_run_has_its_row(project: Path) -> None:
    run("ingest", "missing.csv")
    found = json.loads(run("status", "--json").stdout)
    assert found["runs"][0]["status"] == "failed"
    assert "missing.csv" in found["runs"][0]["error"]
    assert found["writer"] is None


def test_status_of_a_killed_run_says_that_it_died(project: Path) -> None:
    run("ingest")
    with duckdb.connect(project / "warehouse.duckdb") as connection:
        connection.execute("update runs set status = 'running', ended_at = null")
    found = json.loads(run("status", "--json").stdout)
    assert [run["status"] for run in found["runs"]] == ["died"]
    assert found["runs"][0]["count_stored"] == 2


def test_status_where_the_warehouse_cannot_be_locked_reads_the_snapshot(project: Path) -> None:
    run("ingest")
    lock = project / "warehouse.duckdb.lock"
    lock.unlink()
    lock.mkdir()  # as in a folder that is read only, which root does not know
    found = json.loads(run("status", "--json").stdout)
    assert found["read_from"] == found["snapshot"]
    assert found["rows"]["posts"] == 2
    assert "As in the snapshot" in run("status").stdout
    (project / "warehouse.snapshot.duckdb").unlink()
    assert "cannot be written" in str(run("status").exception)


def test_full_disk_is_an_error_with_a_fix(project: Path) -> None:
    run("ingest")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # no file may grow
    try:
        result = run("marts", "--json")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(result.exception, AnalyticsError)
    found = json.loads(result.stdout)
    assert (found["status"], found["kind"]) == ("failed", "StoreError")
    assert "warehouse.duckdb.lock: cannot be written" in found["error"]
    assert run("marts").exit_code == 0  # the lock was let go


def test_run_that_the_warehouse_fails_has_its_row(project: Path) -> None:
    run("ingest")
    with duckdb.connect(project / "warehouse.duckdb") as connection:
        connection.execute("drop table rejects")
    assert "the warehouse failed" in str(run("marts").exception)
    found = rows_of(project, "select status, error from runs where command = 'marts'")
    assert found[0][0] == "failed"
    assert "rejects" in found[0][1]


def test_forget_removes_a_post_for_good(project: Path) -> None:
    run("ingest")
    result = run("forget", "--post", "test:1", "--json")
    assert json.loads(result.stdout)["posts"] == 1
    assert run("ingest", "--reread").exit_code == 3
    assert json.loads(run("sql", "select post_id from posts", "--json").stdout) == [
        {"post_id": "test:2"}
    ]
    assert run("forget").exit_code == 2


def test_forgotten_post_is_in_no_file(project: Path) -> None:
    # Its id: texts are compressed, so that their bytes are in no file before.
    post_id = "an-id-that-no-other-post-would-ever-have-0123456789"

    def files_with_post() -> list[str]:
        found = [path for path in project.rglob("*") if path.is_file()]
        return sorted(path.name for path in found if post_id.encode() in path.read_bytes())

    line = f'{post_id},"A text",2026-03-04,1\n'
    (project / "posts.csv").write_text(POSTS + line, encoding="utf-8")
    run("ingest")
    assert files_with_post() == ["posts.csv", "warehouse.duckdb", "warehouse.snapshot.duckdb"]
    assert run("forget", "--post", f"test:{post_id}").exit_code == 0
    assert files_with_post() == ["posts.csv"]


def test_init_writes_a_valid_file_and_does_not_write_over_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("init").exit_code == 0
    assert "is there already" in str(run("init").exception)
    assert run("init", "--force").exit_code == 0
    assert run("init", "demo", "--sample").exit_code == 0
    assert (tmp_path / "demo" / "dumps").is_dir()


def test_doctor_names_what_is_missing_and_the_fix(project: Path) -> None:
    result = run("doctor", "--json")
    found = {(f["area"], f["name"]): f for f in json.loads(result.stdout)["findings"]}
    assert found["Engines", "transformers"]["is_ok"]
    assert found["Installation", "duckdb"]["detail"] == version("duckdb")
    assert ("Connectors", "reddit") in found
    vllm = found["Engines", "vllm"]
    assert vllm["is_ok"] or "vllm" in vllm["fix"]
    write_config(project, CONFIG + "[model]\nname = 'no/such'\n[[sources]]\npath = 'gone.csv'\n")
    result = run("doctor")
    assert result.exit_code == 1
    assert "gone.csv" in result.output
    assert "fix:" in result.output


def test_second_writer_is_refused_on_the_command_line(project: Path) -> None:
    from analytics.store.lock import WriterLock

    with WriterLock(project / "warehouse.duckdb", "run"):
        result = run("ingest")
    assert "another process is writing: pid" in str(result.exception)


def test_one_file_has_one_name_however_its_path_is_written(project: Path) -> None:
    (project / "b").mkdir()
    (project / "posts.csv").write_text("id,text\n1,hm\n2,\n", encoding="utf-8")
    assert run("ingest", "posts.csv").exit_code == 3
    result = run("ingest", "b/../posts.csv", "--json")
    assert json.loads(result.stdout)["counts"]["count_files_skipped"] == 1
    assert rows_of(project, "select count(*) from rejects") == [(1,)]


def test_run_whose_report_cannot_be_written_has_failed(project: Path) -> None:
    write_config(project, CONFIG + "[report]\npath = 'posts.csv/report.html'\n")
    make_folder(project / "model")
    (project / "posts.csv").write_text("id,text,created_at\n1,,9999-01-01\n", encoding="utf-8")
    result = run("run", "--model", "./model")
    assert "report cannot be written" in str(result.exception)
    found = json.loads(run("status", "--json").stdout)["runs"][0]
    assert (found["command"], found["status"]) == ("run", "failed")
    assert "report cannot be written" in found["error"]
    facts = run("sql", "select status from run_facts", "--format", "csv").stdout.splitlines()
    assert facts == ["status", "failed"]


def test_status_says_how_much_of_judging_was_the_engine(project: Path) -> None:
    run("ingest")
    with duckdb.connect(project / "warehouse.duckdb") as connection:
        connection.execute("update runs set infer_s = 8, engine_s = 7.9")
    assert json.loads(run("status", "--json").stdout)["runs"][0]["share_engine"] == 0.9875
    assert "98.8% of 8 s in the engine" in run("status").stdout
    with duckdb.connect(project / "warehouse.duckdb") as connection:
        connection.execute("update runs set infer_s = 0, engine_s = 0")
    assert json.loads(run("status", "--json").stdout)["runs"][0]["share_engine"] is None
    assert "in the engine" not in run("status").stdout
