"""Which connectors there are, and which of them reads a path.

Connectors come from the entry points of the group `analytics.connectors`; the
built-in ones are found from a source tree as well.
"""

import difflib
import logging
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from analytics.contract.errors import ConnectorError, SourceFormatError
from connectors.files import check_exists, find_files
from connectors.protocol import (
    ENTRY_POINT_GROUP,
    Connector,
    Detection,
    NamesOptions,
    ReadOptions,
)
from connectors.streams import read_head

logger = logging.getLogger(__name__)

BUILT_IN: dict[str, str] = {
    "bluesky": "connectors.bluesky:BlueskyConnector",
    "bluesky_car": "connectors.bluesky_car:BlueskyCarConnector",
    "hackernews": "connectors.hackernews:HackernewsConnector",
    "mastodon": "connectors.mastodon:MastodonConnector",
    "meta_export": "connectors.meta_export:MetaExportConnector",
    "mvsa": "connectors.mvsa:MvsaConnector",
    "reddit": "connectors.reddit:RedditConnector",
    "table": "connectors.table:TableConnector",
    "telegram": "connectors.telegram:TelegramConnector",
    "twitter_absa": "connectors.twitter_absa:TwitterAbsaConnector",
    "twitter_v1": "connectors.twitter_v1:TwitterV1Connector",
    "x_api_v2": "connectors.x_api_v2:XApiV2Connector",
    "x_archive": "connectors.x_archive:XArchiveConnector",
    "youtube": "connectors.youtube:YoutubeConnector",
}

# First bytes of files that no connector reads, with what to do about them.
_KNOWN_FILES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip file that is no archive of a dump (a spreadsheet: save it as CSV)"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"SQLite format 3", "an SQLite database; export its table as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip file; unpack it and give the folder"),
    (b"Rar!", "a RAR file; unpack it and give the folder"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save the table as CSV"),
    (b"\xff\xfe", "UTF-16 text; convert it to UTF-8"),
    (b"\xfe\xff", "UTF-16 text; convert it to UTF-8"),
    (b"window.YTD.", "a file of an X archive without its posts; give the archive's folder"),
)


def load_connectors() -> tuple[dict[str, Connector], list[ConnectorError]]:
    """All connectors by name, and what is wrong with those that cannot be used."""
    found: dict[str, Connector] = {}
    faults: list[ConnectorError] = []
    for name, target in BUILT_IN.items():
        module, _, attribute = target.partition(":")
        found[name] = getattr(import_module(module), attribute)()
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: (e.name, e.value)):
        if BUILT_IN.get(entry.name) == entry.value.replace(" ", ""):
            continue
        try:
            if entry.name in found:
                raise ConnectorError("a connector of this name is there already; rename it")
            found[entry.name] = _load_entry(entry)
        except ConnectorError as exc:
            faults.append(ConnectorError(f"connector {entry.name!r} ({entry.value}): {exc}"))
    return dict(sorted(found.items())), faults


def _load_entry(entry: EntryPoint) -> Connector:
    try:
        loaded = entry.load()
        connector = loaded() if isinstance(loaded, type) else loaded
    except (Exception, SystemExit) as exc:  # a stranger's module may raise anything
        raise ConnectorError(
            f"cannot be loaded ({type(exc).__name__}: {exc}); fix or uninstall its package"
        ) from exc
    missing = [
        part
        for part in ("name", "version", "detect", "list_files", "read_file")
        if not hasattr(connector, part)
    ]
    if missing or not isinstance(connector, Connector):
        raise ConnectorError(f"is no Connector: it lacks {', '.join(missing)}; add them")
    if connector.name != entry.name:
        raise ConnectorError(f"calls itself {connector.name!r}; use one name for both")
    if isinstance(connector.version, bool) or not isinstance(connector.version, int):
        raise ConnectorError(f"version is {connector.version!r}; it must be an integer")
    for part in ("detect", "list_files", "read_file"):
        if not callable(getattr(connector, part)):
            raise ConnectorError(f"{part} cannot be called; make it a method")
    return connector


def detect_connector(
    path: Path, connectors: Mapping[str, Connector]
) -> list[tuple[Connector, Detection]]:
    """The connectors that recognise a path, the surest first.

    Raises:
        ConnectorError: the path is missing.
    """
    check_exists(path)
    found = []
    for connector in connectors.values():
        try:
            detection = connector.detect(path)
        except Exception:  # a stranger's connector must not stop the others
            logger.warning("connector %s failed to look at %s", connector.name, path, exc_info=True)
            continue
        if detection is not None:
            found.append((connector, detection))
    return sorted(found, key=lambda pair: (-pair[1].confidence, pair[0].name))


def choose_connector(
    path: Path,
    format_name: str | None = None,
    *,
    connectors: Mapping[str, Connector] | None = None,
) -> tuple[Connector, Detection]:
    """The connector for a path: the named one, else the surest.

    A named connector that does not recognise the path is taken with confidence 0.

    Raises:
        ConnectorError: no such path or format, or nothing to read.
        SourceFormatError: no connector recognises the path.
    """
    faults: list[ConnectorError] = []
    if connectors is None:
        connectors, faults = load_connectors()
    connector = None if format_name is None else _find_named(format_name, connectors, faults)
    check_exists(path)
    if path.is_file() and path.stat().st_size == 0:
        raise ConnectorError(f"{path.absolute()}: the file is empty (0 bytes); nothing to read")
    if connector is not None:
        named = detect_connector(path, {connector.name: connector})
        unsure = Detection(confidence=0.0, found=f"taken as {connector.name}, as asked")
        return named[0] if named else (connector, unsure)
    found = detect_connector(path, connectors)
    if found:
        return found[0]
    names = ", ".join(connectors)
    broken = f" Not usable: {'; '.join(map(str, faults))}." if faults else ""
    raise SourceFormatError(
        f"{path.absolute()}: no connector recognises it; it {_describe(path)}. "
        f"Formats: {names}. Name one with --format if you know it better.{broken}"
    )


def check_options(path: Path, connector: Connector, options: ReadOptions) -> None:
    """Refuse what a source says and its connector does not take.

    Raises:
        ConnectorError: naming it, and what to do.
    """
    if not isinstance(connector, NamesOptions):
        return
    given = {
        "mapping": options.mapping,
        "platform": options.platform,
        "include_private": options.includes_private,
    }
    unused = [name for name, value in given.items() if value and name not in connector.takes]
    if unused:
        raise ConnectorError(
            f"{path.absolute()}: format '{connector.name}' takes no {' and no '.join(unused)}: its"
            " records say it themselves. Leave that out, or name another format (--format table"
            " or format = 'table') if the file is not what it looks like."
        )


def _find_named(
    name: str, connectors: Mapping[str, Connector], faults: list[ConnectorError]
) -> Connector:
    if name in connectors:
        return connectors[name]
    for fault in faults:
        if str(fault).startswith(f"connector {name!r} "):
            raise fault
    near = difflib.get_close_matches(name.lower(), connectors, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ConnectorError(f"unknown format {name!r}.{hint} Formats: {', '.join(connectors)}")


def _describe(path: Path) -> str:
    """What a path that nobody recognises looks like, to follow "it"."""
    if path.is_dir():
        files = find_files(path, lambda _: True)
        if not files:
            return "is a folder without files"
        some = ", ".join(str(file.relative_to(path)) for file in files[:3])
        noun = "file" if len(files) == 1 else "files"
        return f"is a folder with {len(files)} {noun} ({some}{', ...' if len(files) > 3 else ''})"
    if not path.is_file():
        return "is neither a file nor a folder"
    head = read_head(path, 256)
    for magic, what in _KNOWN_FILES:
        if head.startswith(magic):
            return f"looks like {what}"
    if not head:
        return "cannot be read or unpacks to nothing"
    start = head[:40].decode("utf-8", "ignore")
    if start.lstrip("\ufeff \t\r\n").startswith("[") and path.suffix.lower() == ".json":
        return "is a JSON array; write one object a line, e.g. jq -c '.[]' IN > OUT.jsonl"
    if start and all(char.isprintable() or char.isspace() for char in start):
        return f"begins with {start!r}"
    return f"begins with the bytes {head[:16].hex(' ')}"
