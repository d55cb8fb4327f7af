"""Airline tweets with their airline as the target: make_airline.py airline.jsonl OUTPUT [REST]

Of the Crowdflower airline tweets, drawn by a fixed seed: 700 negative ones and 450 each of the
others, without repeated texts. The target is the first airline that is addressed, in half of the
rows by its name and in half by its handle. REST gets 1,200 of the others, in the shares of labels
that they have.
"""

import json
import random
import re
import sys
from pathlib import Path

NAMES = {
    "virginamerica": "Virgin America",
    "united": "United",
    "southwestair": "Southwest",
    "jetblue": "JetBlue",
    "usairways": "US Airways",
    "americanair": "American Airlines",
}
COUNTS = {"negative": 700, "neutral": 450, "positive": 450}


N_REST = 1200


def main(source: Path, output: Path, rest: Path | None = None) -> None:
    """Write the rows."""
    rng = random.Random(0)
    handle = re.compile(rf"@({'|'.join(NAMES)})\b", re.IGNORECASE)
    by_label: dict[str, list[tuple[str, str]]] = {label: [] for label in COUNTS}
    seen = set()
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        match = handle.search(row["text"])
        if match and row["text"] not in seen:
            seen.add(row["text"])
            by_label[row["label"]].append((row["text"], match[1]))
    rows = []
    for label, n in COUNTS.items():
        for text, found in rng.sample(by_label[label], n):
            aspect = NAMES[found.lower()] if rng.random() < 0.5 else found
            rows.append({"text": text, "label": label, "aspect": aspect})
    rng.shuffle(rows)
    write(output, rows)
    if rest is not None:
        drawn = {row["text"] for row in rows}
        left = [
            {"text": text, "label": label, "aspect": NAMES[found.lower()]}
            for label, found_rows in by_label.items()
            for text, found in found_rows
            if text not in drawn
        ]
        write(rest, rng.sample(left, N_REST))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    """One JSON object a line, numbered."""
    lines = [json.dumps({"id": f"airline-{i}", **row}) for i, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
