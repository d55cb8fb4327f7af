"""Writes the bundled sample dumps and their gold labels.

    python docs/sample/make_sample.py                 # into analytics/sample
    python docs/sample/make_sample.py --out /tmp/out  # elsewhere

Two runs give the same bytes (with the same Pillow and zstandard).
"""

import argparse
import csv
import shutil
from pathlib import Path

from records import Record
from write_feeds import write_feed, write_survey
from write_reddit import write_dumps
from write_x import write_archive

HOME = Path(__file__).resolve().parents[2] / "analytics" / "sample"
CONFIG = Path(__file__).parent / "analytics.toml"


def write_sample(out: Path) -> None:
    """Write dumps, gold and the configuration; older dumps are replaced."""
    dumps = out / "dumps"
    if dumps.exists():
        shutil.rmtree(dumps)
    out.mkdir(parents=True, exist_ok=True)
    by_platform = {
        "x": write_archive(dumps / "x-archive"),
        "reddit": write_dumps(dumps / "reddit"),
        "bluesky": write_feed(dumps / "bluesky" / "feed.json"),
        "mastodon": write_survey(dumps / "survey"),
    }
    write_gold(out / "gold.csv", by_platform)
    (out / "analytics.toml").write_bytes(CONFIG.read_bytes())


def write_gold(path: Path, by_platform: dict[str, list[Record]]) -> None:
    """One row per post ('' as aspect) and per aspect that the post names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("post_id", "aspect", "label"))
        for platform, records in by_platform.items():
            for record in sorted(records, key=lambda one: (one.at, one.native_id)):
                if not record.label:
                    continue  # deleted by its platform
                post_id = f"{platform}:{record.native_id}"
                writer.writerow((post_id, "", record.label))
                for aspect, label in record.on.items():
                    writer.writerow((post_id, aspect, label))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the bundled sample dumps.")
    parser.add_argument("--out", type=Path, default=HOME, help="folder to write to")
    write_sample(parser.parse_args().out)


if __name__ == "__main__":
    main()
