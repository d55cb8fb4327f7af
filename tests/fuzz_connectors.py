"""Coverage-guided fuzzing of one connector, with atheris (`pip install '.[fuzz]'`).

    python tests/fuzz_connectors.py reddit -max_total_time=60 -timeout=10

Whatever a file holds: no crash, no hang, and what is read are records that can be checked. With
lines of JSON, a good line before and one behind the noise are read, too. What follows the name
are options of libFuzzer; an input that fails is written to `crash-*`.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

with atheris.instrument_imports(include=["connectors"]):
    from analytics.contract.errors import ConnectorError
    from analytics.contract.records import Deletion, Ignored, Post, Reject
    from analytics.reading import check_record
    from connectors.protocol import ReadOptions
    from connectors.registry import load_connectors

FIXTURES = Path(__file__).resolve().parent / "fixtures"
DUMPS = Path(__file__).resolve().parents[2] / "shared" / "data" / "dumps"
MAX_SEED_BYTES = 100_000
# What files of each format are called.
NAMES = {
    "bluesky": "a.jsonl",
    "bluesky_car": "a.car",
    "hackernews": "a.json",
    "mastodon": "outbox.json",
    "meta_export": "your_posts_1.json",
    "mvsa": "labelResultAll.txt",
    "reddit": "RC_2026-03.ndjson",
    "table": "a.csv",
    "telegram": "result.json",
    "twitter_absa": "train.tsv",
    "twitter_v1": "a.jsonl",
    "x_api_v2": "a.jsonl",
    "x_archive": "tweets.js",
    "youtube": "a.json",
}
# Good lines of formats that have a record a line.
GOOD = {
    "reddit": b'{"id":"%d","body":"good","author":"a","created_utc":1772445600,"subreddit":"s",'
    b'"parent_id":"t3_x","link_id":"t3_x","permalink":"/r/s/","score":1}\n',
    "twitter_absa": b"%d\t1\ta.jpg\t$T$ is good\tit\n",
}
OPTIONS = ReadOptions(now=datetime(2026, 3, 10, tzinfo=UTC))


def main() -> None:
    """Fuzz the connector that the first argument names."""
    name = sys.argv.pop(1)
    connector = load_connectors()[0][name]
    good = GOOD.get(name)
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory))
    path = folder / NAMES[name]

    def read(data: bytes) -> None:
        path.write_bytes(data)
        connector.detect(path)
        try:
            for record in connector.read_file(path, OPTIONS):
                assert isinstance(record, Post | Reject | Ignored | Deletion), type(record)
                check_record(record, OPTIONS.now)
        except ConnectorError:
            return

    def read_between(data: bytes) -> None:
        assert good is not None
        read(data)
        path.write_bytes(good % 1 + data + b"\n" + good % 2)
        found = [r for r in connector.read_file(path, OPTIONS) if isinstance(r, Post)]
        assert sum("good" in post.text for post in found) >= 2, "a good line was lost"

    corpus = folder / "corpus"
    corpus.mkdir()
    for place in (FIXTURES / name, DUMPS / name):
        for number, seed in enumerate(sorted(place.rglob("*")) if place.is_dir() else []):
            if seed.is_file() and seed.stat().st_size <= MAX_SEED_BYTES:
                (corpus / f"{place.parent.name}-{number}").write_bytes(seed.read_bytes())
    atheris.Setup([*sys.argv, str(corpus)], read if good is None else read_between)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
