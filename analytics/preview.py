"""What ingest would make of a file or folder, without a warehouse: nothing is written."""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from analytics.config.settings import SourceConfig
from analytics.contract.errors import ConnectorError
from analytics.contract.records import Deletion, Post, Reject
from analytics.reading import check_record, choose_for_source, read_guarded
from connectors.archive_members import is_archive
from connectors.archives import unpack
from connectors.files import check_inside, name_members
from connectors.protocol import ChecksMapping, Connector, ReadOptions
from connectors.registry import detect_connector, load_connectors

_MAX_REASONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the start of a source holds.

    `confidence` (0 to 1) is how sure its connector is, `others` are less sure of it. Records and
    `posts` are of the first file, of which `is_whole` says that all of it was looked at. `mapping`
    is the column of each post field, where the format is a table.
    """

    path: Path
    platform: str | None
    include_private: bool
    connector: str
    confidence: float
    found: str
    others: tuple[tuple[str, float], ...]
    files: tuple[Path, ...]
    is_whole: bool
    counts: Mapping[str, int]
    reasons: tuple[tuple[str, int], ...]
    new_fields: tuple[str, ...]
    mapping: Mapping[str, str]
    posts: tuple[Post, ...]


def preview_source(
    source: SourceConfig,
    *,
    n_records: int = 1_000,
    n_posts: int = 5,
    now: datetime | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Preview:
    """Look at the first `n_records` records of a source; an archive is unpacked for the time.

    Raises:
        ConnectorError: it cannot be read, or nothing knows it.
        KeyboardInterrupt: the user stopped it while an archive was unpacked.
    """
    with ExitStack() as stack:
        now = now or datetime.now(UTC)
        if not is_archive(source.path):
            return _look(source, n_records, n_posts, now)
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="analytics-")))
        folder = temporary / "archive"
        unpacked = unpack(source.path, folder, is_stopped=is_stopped)
        if not unpacked.count_files:
            raise ConnectorError(f"{source.path}: {unpacked.explain_nothing()}")
        try:
            found = _look(replace(source, path=folder), n_records, n_posts, now)
        except ConnectorError as exc:
            raise ConnectorError(name_members(str(exc), folder, source.path)) from exc
        return _name_as_members(found, folder, source.path)


def _name_as_members(found: Preview, folder: Path, archive: Path) -> Preview:
    """A preview in which the files of an unpacked archive are called as if it were a folder."""

    def show(path: Path) -> Path:
        return Path(name_members(str(path), folder, archive))

    return replace(
        found,
        path=archive,
        files=tuple(map(show, found.files)),
        reasons=tuple((name_members(why, folder, archive), n) for why, n in found.reasons),
        posts=tuple(
            replace(
                post,
                media=tuple(
                    replace(one, source_path=one.source_path and show(one.source_path))
                    for one in post.media
                ),
            )
            for post in found.posts
        ),
    )


def _look(source: SourceConfig, n_records: int, n_posts: int, now: datetime) -> Preview:
    path = source.path
    new_fields: list[str] = []
    connector, detection, options = choose_for_source(
        source, now=now, on_new_field=new_fields.append
    )
    others = [
        (other.name, other_detection.confidence)
        for other, other_detection in detect_connector(path, load_connectors()[0])
        if other.name != connector.name
    ]
    files = connector.list_files(path)
    if not files:
        raise ConnectorError(f"{path}: no file of format '{connector.name}' in this folder")
    if files[0] != path:
        check_inside(files[0], path)
    counts: Counter[str] = Counter(posts=0, deletions=0, ignored=0, rejects=0)
    reasons: Counter[str] = Counter()
    posts: list[Post] = []
    with closing(read_guarded(connector, files[0], options, [])) as records:
        for record in islice(records, n_records):
            checked = check_record(record, now)
            if isinstance(checked, Post):
                counts["posts"] += 1
                if len(posts) < n_posts:
                    posts.append(checked)
            elif isinstance(checked, Reject):
                counts["rejects"] += 1
                reasons[checked.reason] += 1
            else:
                counts["deletions" if isinstance(checked, Deletion) else "ignored"] += 1
        is_whole = next(records, None) is None
    return Preview(
        path=path,
        platform=source.platform,
        include_private=source.include_private,
        connector=connector.name,
        confidence=detection.confidence,
        found=detection.found,
        others=tuple(others),
        files=tuple(files),
        is_whole=is_whole,
        counts=dict(counts),
        reasons=tuple(reasons.most_common(_MAX_REASONS)),
        new_fields=tuple(new_fields),
        mapping=_find_mapping(connector, files[0], options),
        posts=tuple(posts),
    )


def _find_mapping(connector: Connector, path: Path, options: ReadOptions) -> Mapping[str, str]:
    return connector.check_mapping(path, options) if isinstance(connector, ChecksMapping) else {}
