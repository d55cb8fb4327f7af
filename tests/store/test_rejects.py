import duckdb

from analytics.store.rejects import insert_new_rejects
from tests.scripted import NOW, rows

QUERY = (
    "select $file as source_file, number as line, 'parse' as stage, 'bad' as reason, raw"
    " from (values (1, 'a'), (1, 'a'), (2, 'b')) as given (number, raw)"
)


def test_reject_is_stored_once_and_new_ones_are_counted(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    def insert(file: str, run_id: str) -> int:
        return insert_new_rejects(connection, QUERY, run_id=run_id, now=NOW, values={"file": file})

    assert insert("one.csv", "run-1") == 2
    assert insert("one.csv", "run-2") == 0
    assert insert("two.csv", "run-2") == 2
    assert rows(
        connection, "select source_file, line, raw, run_id, rejected_at from rejects order by all"
    ) == [
        ("one.csv", 1, "a", "run-1", NOW),
        ("one.csv", 2, "b", "run-1", NOW),
        ("two.csv", 1, "a", "run-2", NOW),
        ("two.csv", 2, "b", "run-2", NOW),
    ]
