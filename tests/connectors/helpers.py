"""What the connector tests share."""

from datetime import UTC, datetime
from pathlib import Path

from analytics.contract.records import Deletion, Ignored, Post, Reject
from connectors.protocol import Connector, ReadOptions, Record

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
DUMPS = Path(__file__).resolve().parents[3] / "shared" / "data" / "dumps"
NOW = datetime(2025, 1, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def read_all(
    connector: Connector,
    path: Path,
    *,
    mapping: dict[str, str] | None = None,
    platform: str | None = None,
) -> list[Record]:
    options = ReadOptions(mapping=mapping or {}, platform=platform, now=NOW)
    return list(connector.read_file(path, options))


def posts_of(records: list[Record]) -> list[Post]:
    return [record for record in records if isinstance(record, Post)]


def rejects_of(records: list[Record]) -> list[tuple[int, str]]:
    return [(record.line, record.reason) for record in records if isinstance(record, Reject)]


def ignored_of(records: list[Record]) -> list[tuple[int, str]]:
    return [(record.line, record.reason) for record in records if isinstance(record, Ignored)]


def deletions_of(records: list[Record]) -> list[Deletion]:
    return [record for record in records if isinstance(record, Deletion)]
