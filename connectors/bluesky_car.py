"""A Bluesky repository as a CAR file: all that one account has written."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from analytics.contract.errors import ConnectorError, SourceFormatError
from analytics.contract.extras import install_hint
from analytics.contract.records import Ignored, Post, Reject
from connectors.bluesky_posts import POST, parse_record
from connectors.car_file import Block, CarError, read_blocks, read_header
from connectors.files import detect_in_folder, has_suffix, list_matching_files
from connectors.lines import JsonObject, parse_safely
from connectors.protocol import Detection, ReadOptions, Record
from connectors.streams import ByteStream, read_head
from connectors.values import BadRecordError, TimeWindow, clean_string, make_reject

# The header's canonical form: {"roots": [link, ...], "version": 1}.
_HEADER = re.compile(rb"^.{1,2}\xa2\x65roots[\x80-\x97].{0,800}?\x67version\x01", re.DOTALL)
_DID = re.compile(rb"\x63did.{1,3}?did:(?:plc|web):", re.DOTALL)
# A node of the tree: a map of "e" (entries) and "l" (the subtree on the left).
_NODE_STARTS = (b"\xa2\x61e", b"\xa1\x61e")
_PREFIX = f"{POST}/".encode()
# A post has this in its bytes: the key "$type" and its value, each with its length.
_POST_MARK = b"\x65$type\x72" + POST.encode()
_MAX_KEY_CHARACTERS = 512
_TID = re.compile(r"^[2-7a-j][2-7a-z]{12}$")
_TID_CHARACTERS = "234567abcdefghijklmnopqrstuvwxyz"


class BlueskyCarConnector:
    """Reads the posts of a repository; needs the extra `bluesky`."""

    name = "bluesky_car"
    version = 1
    takes: tuple[str, ...] = ()

    def detect(self, path: Path) -> Detection | None:
        """Look for a CAR header, and behind it for an account's id."""
        if path.is_dir():
            return detect_in_folder(path, _is_candidate, self.detect)
        head = read_head(path)
        if not _HEADER.match(head[:1024]):
            return None
        if _DID.search(head):
            return Detection(confidence=0.97, found="Bluesky repository, a CAR file")
        return Detection(confidence=0.6, found="a CAR file, maybe a Bluesky repository")

    def list_files(self, path: Path) -> list[Path]:
        """The file, or all CAR files below the folder."""
        return list_matching_files(path, _is_candidate, "*.car, also .zst and .gz")

    def read_file(self, path: Path, options: ReadOptions) -> Iterator[Record]:
        """One record for each block that is not part of the tree, in the file's order."""
        decode = _load_decoder(path)
        repository = _read_repository(path, decode)
        window = TimeWindow(options.now)
        reader = _PostReader(repository, decode, window)
        for reason in repository.list_gaps():
            yield make_reject(0, reason, "", "read")
        with ByteStream(path, options.on_bytes) as stream:
            read_header(stream)
            for block in read_blocks(stream):
                yield from reader.read(block)


def _is_candidate(name: str) -> bool:
    return has_suffix(name, (".car",))


Decode = Callable[[bytes], Any]


def _load_decoder(path: Path) -> Decode:
    try:
        from libipld import decode_dag_cbor
    except ImportError as exc:
        raise ConnectorError(
            f"{path}: a CAR file is read with libipld, which is not installed;"
            f" {install_hint('bluesky')}"
        ) from exc
    decode: Decode = decode_dag_cbor
    return decode


@dataclass(slots=True, kw_only=True)
class _Repository:
    """Whose repository it is, and which keys lead to which block.

    `parts` are the content ids of the tree's nodes.
    """

    did: str
    root: bytes
    tree: bytes
    posts: dict[bytes, list[str]] = field(default_factory=dict)
    parts: set[bytes] = field(default_factory=set)
    n_missing_parts: int = 0
    n_missing_posts: int = 0

    def list_gaps(self) -> list[str]:
        """What the file lacks of its own tree: it is a part of a repository, or cut off."""
        gaps = []
        if self.n_missing_parts:
            gaps.append(f"parts of the tree that are not in the file: {self.n_missing_parts}")
        if self.n_missing_posts:
            gaps.append(f"posts of the tree that are not in the file: {self.n_missing_posts}")
        return gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    subtrees: tuple[bytes, ...]
    posts: tuple[tuple[str, bytes], ...]


def _read_repository(path: Path, decode: Decode) -> _Repository:
    """The commit and the tree, which may stand anywhere in the file."""
    repository: _Repository | None = None
    nodes: dict[bytes, _Node] = {}
    present: set[bytes] = set()
    with ByteStream(path) as stream:
        try:
            root = _find_root(decode(read_header(stream)))
        except (CarError, ValueError, RecursionError) as exc:
            raise SourceFormatError(f"{path}: not a CAR file of version 1: {exc}") from exc
        for block in read_blocks(stream):
            if block.cid == root and repository is None:
                repository = _read_commit(path, block, root, decode)
            elif block.data.startswith(_NODE_STARTS):
                node = _read_node(block.data, decode)
                if node is not None:
                    nodes[block.cid] = node
            elif _POST_MARK in block.data:
                present.add(block.cid)
    if repository is None:
        raise SourceFormatError(
            f"{path}: the commit that its header names is not in it; whose posts they are is"
            " unknown. Download the repository again"
        )
    _walk_tree(repository, nodes, present)
    return repository


def _find_root(header: Any) -> bytes:
    if not isinstance(header, dict) or header.get("version") != 1:
        raise CarError("its header does not say version 1")
    roots = header.get("roots")
    if not isinstance(roots, list) or not roots or not isinstance(roots[0], bytes):
        raise CarError("its header names no root")
    return roots[0]


def _read_commit(path: Path, block: Block, root: bytes, decode: Decode) -> _Repository:
    try:
        commit = decode(block.data)
    except (ValueError, RecursionError):
        commit = None
    did = commit.get("did") if isinstance(commit, dict) else None
    tree = commit.get("data") if isinstance(commit, dict) else None
    if not isinstance(did, str) or not did.startswith("did:") or not isinstance(tree, bytes):
        problem = block.fault or "its root is not the commit of an account"
        raise SourceFormatError(f"{path}: not a Bluesky repository: {problem}")
    return _Repository(did=clean_string(did), root=root, tree=tree)


def _read_node(data: bytes, decode: Decode) -> _Node | None:
    """A node of the tree; None if the block is something else.

    A key is stored without what it shares with the key before it in the same node.
    """
    try:
        value = decode(data)
    except (ValueError, RecursionError):
        return None
    entries = value.get("e")
    if not isinstance(entries, list):
        return None
    subtrees = [value.get("l")]
    posts = []
    key = b""
    for entry in entries:
        if not isinstance(entry, dict):
            return None
        n_shared, rest, link = entry.get("p"), entry.get("k"), entry.get("v")
        if not isinstance(n_shared, int) or not isinstance(rest, bytes):
            return None
        if not 0 <= n_shared <= len(key) or not isinstance(link, bytes):
            return None
        key = key[:n_shared] + rest
        subtrees.append(entry.get("t"))
        if key.startswith(_PREFIX):
            posts.append((key[len(_PREFIX) :].decode("utf-8", "replace"), link))
    links = tuple(link for link in subtrees if isinstance(link, bytes))
    return _Node(subtrees=links, posts=tuple(posts))


def _walk_tree(repository: _Repository, nodes: dict[bytes, _Node], present: set[bytes]) -> None:
    """Note the keys of all posts that the commit leads to, not those of older trees."""
    waiting = [repository.tree]
    while waiting:
        link = waiting.pop()
        if link in repository.parts:
            continue
        if link not in nodes:
            repository.n_missing_parts += 1
            continue
        repository.parts.add(link)
        waiting.extend(nodes[link].subtrees)
        for rkey, cid in nodes[link].posts:
            repository.posts.setdefault(cid, []).append(rkey)
            repository.n_missing_posts += cid not in present


class _PostReader:
    """Turns the blocks of one repository into records."""

    def __init__(self, repository: _Repository, decode: Decode, window: TimeWindow) -> None:
        self._repository = repository
        self._decode = decode
        self._window = window

    def read(self, block: Block) -> Iterator[Record]:
        """One record for a block, more if several keys lead to it; none for tree and commit."""
        if block.fault is not None:
            yield make_reject(block.position, block.fault, block.data, "read")
            return
        if block.cid == self._repository.root or block.cid in self._repository.parts:
            return
        try:
            record = self._decode(block.data)
        except (ValueError, RecursionError) as exc:
            yield make_reject(block.position, f"not usable DAG-CBOR ({exc})", block.data)
            return
        rkeys: Sequence[str | None] = self._repository.posts.get(block.cid) or [None]
        for rkey in rkeys:
            found = parse_safely(partial(self._parse, rkey=rkey), record, block.position, "")
            if isinstance(found, Reject):
                found = make_reject(found.line, found.reason, _describe(record))
            yield found

    def _parse(self, record: JsonObject, line: int, *, rkey: str | None) -> Post | Ignored:
        if rkey is None:
            return self._judge_unnamed(record, line)
        if not 0 < len(rkey) <= _MAX_KEY_CHARACTERS:
            raise BadRecordError(f"a key of {len(rkey):,} characters")
        return parse_record(
            self._repository.did,
            clean_string(rkey),
            _with_links(record),
            line,
            self._window,
            seen_at=self._read_key_time(rkey),
        )

    def _judge_unnamed(self, record: JsonObject, line: int) -> Ignored:
        """What becomes of a block to which no key of a post leads."""
        kind = record.get("$type")
        if kind == POST:
            if self._repository.n_missing_parts:
                raise BadRecordError("the part of the tree with this post's key is not in the file")
            return Ignored(line=line, reason="post that is no longer in the repository")
        if isinstance(kind, str):
            return Ignored(line=line, reason=f"record of {clean_string(kind[:80])}")
        return Ignored(line=line, reason="part of an older state of the repository")

    def _read_key_time(self, rkey: str) -> datetime | None:
        """The time in a key that the server made (a TID: microseconds and a clock's number)."""
        if not _TID.match(rkey):
            return None
        number = 0
        for char in rkey:
            number = number * 32 + _TID_CHARACTERS.index(char)
        try:
            return self._window.read_epoch(number >> 10, "key", per_second=1e6)
        except BadRecordError:
            return None


def _with_links(record: JsonObject) -> JsonObject:
    """The record, its pictures' content ids as the JSON of the API writes them."""
    embed = record.get("embed")
    media = embed.get("media") if isinstance(embed, dict) else None
    images: list[Any] = []
    for part in (embed, media):
        found = part.get("images") if isinstance(part, dict) else None
        images += found if isinstance(found, list) else []
    for image in images:
        blob = image.get("image") if isinstance(image, dict) else None
        link = blob.get("ref") if isinstance(blob, dict) else None
        if isinstance(blob, dict) and isinstance(link, bytes):
            blob["ref"] = {"$link": _name_cid(link)}
    return record


def _name_cid(link: bytes) -> str:
    from libipld import encode_cid

    try:
        return str(encode_cid(link))
    except ValueError:
        return ""


def _describe(record: Any) -> str:
    try:
        return json.dumps(record, ensure_ascii=False, default=repr)
    except (RecursionError, ValueError, TypeError):
        return ""
