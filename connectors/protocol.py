"""The connector protocol, which a third party can implement and register.

A package registers a connector by an entry point of the group
`analytics.connectors`; the entry point names a class without constructor
arguments, or an object, that has the attributes of `Connector`:

    [project.entry-points."analytics.connectors"]
    lemmy = "analytics_lemmy:LemmyConnector"
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from analytics.contract.records import Record as Record

ENTRY_POINT_GROUP = "analytics.connectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """How sure a connector is that it can read a path, and what it found.

    `confidence` runs from 0 to 1: 0.9 and more means that the format's own
    marks were seen, 0.3 that only the file's ending fits.
    """

    confidence: float
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What the configuration says of a source.

    `mapping` names the columns of a generic table by post field, e.g.
    `{"text": "body", "created_at": "date"}`; `platform` is the platform of its
    posts; with `includes_private` posts that were not for all to read are read, too.
    `on_bytes` is told the number of bytes of the file consumed since it
    was last told. `now` bounds plausible dates. `on_new_field` is told, once a file, of each
    top-level field that the format was not known to have: a sign that it has changed.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    platform: str | None = None
    includes_private: bool = False
    on_bytes: Callable[[int], None] | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    on_new_field: Callable[[str], None] | None = None


@runtime_checkable
class Connector(Protocol):
    """Reads one format.

    `name` is what `--format` and `format =` take. `version` is raised when the
    same file would give other records: files are then read again.
    """

    name: str
    version: int

    def detect(self, path: Path) -> Detection | None:
        """Look at the start of a file (or into a folder); None if it is not ours."""
        ...

    def list_files(self, path: Path) -> list[Path]:
        """The files below a path that hold posts, in reading order.

        A file's companions (a media folder, long texts kept elsewhere) are not
        listed; `read_file` finds them beside it.
        """
        ...

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """The records of one file, in order, one for each record read.

        A bad record is a Reject, never an exception.

        Raises:
            SourceFormatError: the file as a whole is not of this format.
            ConnectorError: the file cannot be read.
        """
        ...


@runtime_checkable
class NamesOptions(Protocol):
    """A connector that says what it takes of `mapping`, `platform` and `include_private`.

    E.g. `("mapping",)`. What it does not take is refused. A connector that does not say is given
    all.
    """

    takes: tuple[str, ...]


@runtime_checkable
class HasCompanions(Protocol):
    """A connector whose records also depend on files beside the one that is read.

    A change in a companion makes the file be read again.
    """

    def list_companions(self, path: Path) -> list[Path]:
        """The files (not pictures) beside a file that decide what is read from it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSql:
    """How DuckDB reads the usual lines of a file of JSON objects, many at once.

    `keys` are read from each object, as columns of the same names that hold the value as JSON
    text, NULL where it is missing or null. The others are SQL expressions over these columns,
    `$latest_s` (the latest plausible time, seconds since 1970) and the functions of
    `analytics/store/bulk.py`:

    - `is_plain`: whether the next ones give exactly what `read_line` gives. A line for which it
      is not true goes to `read_line`.
    - `ignored`: whether a plain line is no post by design.
    - `fields`: fields of `Post` by name; `platform` as text, `author` as its name at the platform.
    - `picture_url`: the address of the post's one picture, or NULL.
    """

    keys: tuple[str, ...]
    is_plain: str
    ignored: str
    fields: Mapping[str, str]
    picture_url: str = "NULL"


@runtime_checkable
class ReadsInBulk(Connector, Protocol):
    """A connector whose files are lines of JSON objects that DuckDB can read.

    The result must be that of `read_file`; `read_line` is the reader of the odd lines.
    """

    bulk: BulkSql
    known_fields: frozenset[str]
    """The fields that an object of this format may have; others are told of."""

    def check_start(self, path: Path) -> None:
        """Refuse a file that is not of this format.

        Raises:
            SourceFormatError: by the looks of its start.
        """
        ...

    def read_line(self, number: int, line: bytes, options: ReadOptions) -> Record | None:
        """The record of one line; None if it is blank."""
        ...


@runtime_checkable
class KnowsRoot(Protocol):
    """A connector of dumps whose pictures lie in other folders than the file that names them."""

    def find_root(self, path: Path) -> Path:
        """The folder of the whole dump that a file is part of: its pictures lie below."""
        ...


@runtime_checkable
class ChecksMapping(Protocol):
    """A connector that can say, without reading a file, whether its columns are there."""

    def check_mapping(self, path: Path, options: ReadOptions) -> Mapping[str, str]:
        """The column of each post field, as `read_file` takes them.

        Raises:
            SourceFormatError: the mapping names what the file does not have, or
                the file is not of this format.
        """
        ...
