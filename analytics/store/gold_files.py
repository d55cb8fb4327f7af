"""Human labels as CSV, to be read and written by people and spreadsheets."""

import csv
import math
from dataclasses import astuple
from pathlib import Path

import duckdb

from analytics.contract.errors import ConfigError, StoreError
from analytics.contract.labels import LABELS
from analytics.store.gold import UNCLEAR, GoldLabel, read_gold

_COLUMNS = (
    *("post_id", "aspect", "label", "annotator", "weight"),
    *("stratum", "draw", "probability"),
)
_MAX_FAULTS = 20


def write_gold_csv(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Write all human answers, `unclear` ones too; the number of rows.

    Raises:
        StoreError: the file cannot be written.
    """
    labels = read_gold(connection)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows(astuple(label) for label in labels)
    except OSError as exc:
        raise StoreError(f"{path}: cannot be written: {exc.strerror or exc}") from exc
    return len(labels)


def read_gold_csv(path: Path, annotator: str) -> list[GoldLabel]:
    """The answers of a CSV with post_id, label and, if there are, the other columns.

    Rows without an annotator are those of `annotator`. A row without a weight but with a
    probability weighs its inverse.

    Raises:
        ConfigError: it is no CSV in UTF-8, lacks a column, or has bad rows, which it names.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read_rows(csv.DictReader(file), path, annotator)
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise ConfigError(f"{path}: not a CSV in UTF-8: {exc}") from exc


def _read_rows(reader: "csv.DictReader[str]", path: Path, annotator: str) -> list[GoldLabel]:
    labels, faults = [], []
    lacking = {"post_id", "label"} - set(reader.fieldnames or [])
    if lacking:
        raise ConfigError(
            f"{path}: no column {', '.join(sorted(lacking))}; the columns are"
            f" {', '.join(reader.fieldnames or []) or 'none'}"
        )
    for row in reader:
        where = f"{path}:{reader.line_num}"
        word = (row["label"] or "").strip().lower()
        probability = _parse_number(row.get("probability"), 0.0)
        weight = _parse_number(row.get("weight"), 1 / probability if probability else 1.0)
        if not 0 < weight < math.inf:
            faults.append(f"{where}: weight {row['weight']!r} is no number above 0")
        elif row.get("probability") and not 0 < probability <= 1:
            faults.append(
                f"{where}: probability {row['probability']!r} is no number above 0 and at most 1"
            )
        elif word not in {*LABELS, UNCLEAR} or not row["post_id"]:
            faults.append(
                f"{where}: label {row['label']!r} of post {row['post_id']!r};"
                f" a label is one of {', '.join((*LABELS, UNCLEAR))}"
            )
        else:
            labels.append(
                GoldLabel(
                    post_id=row["post_id"],
                    aspect=row.get("aspect") or "",
                    label=word,
                    annotator=row.get("annotator") or annotator,
                    weight=weight,
                    stratum=row.get("stratum") or None,
                    draw_id=row.get("draw") or None,
                    probability=probability or None,
                )
            )
    if faults:
        raise ConfigError("nothing was imported:\n" + "\n".join(faults[:_MAX_FAULTS]))
    return labels


def _parse_number(word: str | None, default: float) -> float:
    try:
        return float(word) if word else default
    except ValueError:
        return math.nan
