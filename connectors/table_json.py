"""Columns of JSON lines: the keys of the objects."""

from collections.abc import Iterable
from pathlib import Path

from analytics.contract.records import Reject
from connectors.lines import load_head_objects, load_json_line, open_lines
from connectors.values import BadRecordError


def read_json_columns(head: bytes) -> list[str]:
    """The keys of the objects in a file's head, in order of appearance."""
    columns: dict[str, None] = {}
    for value in load_head_objects(head):
        columns |= dict.fromkeys(value)
    return list(columns)


def find_json_columns(path: Path, names: Iterable[str]) -> list[str]:
    """Those of some keys that an object of the file has, wherever it stands.

    Reads on until all are found, line by line; most lines are not parsed.
    """
    wanted = set(names)
    found: list[str] = []
    for item in open_lines(path):
        if not wanted:
            break
        if isinstance(item, Reject):
            continue
        _, line = item
        # A key with a backslash in the file may be any key.
        if b"\\" not in line and not any(name.encode() in line for name in wanted):
            continue
        try:
            value = load_json_line(line)
        except BadRecordError:
            continue
        if isinstance(value, dict):
            new = wanted & value.keys()
            found += sorted(new)
            wanted -= new
    return found
