"""No input crashes the readers of exports and API replies, and nothing that is read is lost."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.contract.records import Reject
from tests.connectors.helpers import read_all
from tests.connectors.test_hackernews import make_hit, make_hits, make_item, make_node, make_story
from tests.connectors.test_meta_export import make_comment as make_facebook_comment
from tests.connectors.test_meta_export import make_picture, make_post, make_remark
from tests.connectors.test_properties import (
    CONNECTORS,
    JSON,
    change,
    make_file,
    paths_in,
    read_whatever,
)
from tests.connectors.test_telegram import make_account, make_chat, make_message
from tests.connectors.test_youtube import make_answer, make_comment, make_page, make_thread

# A record of each kind, and what stands around a list of them.
SEEDS: dict[str, list[Any]] = {
    "hackernews": [make_item(), make_story(3), make_hit(4), make_node(5, make_node(6))],
    "meta_export": [
        make_post("a", media=("posts/a.jpg",)),
        make_picture(title="a"),
        make_remark("a"),
    ],
    "telegram": [
        make_message(photo="photos/a.jpg", edited_unixtime="1714550500", forwarded_from="a"),
        make_message(text=["a", {"type": "text_link", "text": "b", "href": "c"}]),
        make_message(reactions=[{"type": "emoji", "count": 1}], reply_to_message_id=1),
        make_message(type="service", file="a.webp", media_type="sticker", sticker_emoji="a"),
    ],
    "youtube": [
        make_thread(1, make_answer()),
        make_thread(2, textOriginal=None, updatedAt="2024-05-02T08:00:00Z"),
        make_comment(3),
    ],
}
WRAP: dict[str, Callable[[list[Any]], Any]] = {
    "hackernews": list,
    "meta_export": list,
    "telegram": lambda values: make_chat() | {"messages": values},
    "youtube": lambda values: make_page(*values),
}
DOCUMENTS: dict[str, list[Any]] = {
    "hackernews": [[make_hits(make_hit())], make_node(5, make_node(6)), make_hits(make_hit())],
    "meta_export": [
        {"comments_v2": [make_facebook_comment("a"), make_facebook_comment("")]},
        {"ig_reels_media": [make_picture(uri="media/reels/a.mp4"), make_picture("b")]},
    ],
    "telegram": [make_account()],
    "youtube": [
        [make_page(make_thread(1), make_comment(2)), make_page(make_thread(3, make_answer()))],
        make_page(make_thread(1, make_answer())),
        make_comment(1),
    ],
}
NAMES = sorted(SEEDS)


@st.composite
def changed(draw: Callable[..., Any], seeds: list[Any]) -> Any:
    """A good value with one part replaced by any other."""
    seed = draw(st.sampled_from(seeds))
    return change(seed, draw(st.sampled_from(paths_in(seed))), draw(JSON))


@pytest.mark.parametrize("name", NAMES)
@given(
    data=st.binary(max_size=300)
    | st.tuples(
        st.sampled_from(
            [b'{"messages": [', b'{"items": [', b'{"hits": [', b"[{", b"[[", b"\x1f\x8b\x08", b"["]
        ),
        st.binary(max_size=200),
    ).map(b"".join)
)
@settings(max_examples=40, deadline=None)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: bytes
) -> None:
    read_whatever(CONNECTORS[name], make_file(tmp_path_factory, f"{name}.json", data))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_every_changed_element_gives_its_records(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    values = data.draw(st.lists(changed(SEEDS[name]), max_size=5))
    text = json.dumps(WRAP[name](values), indent=data.draw(st.sampled_from([None, 1])))
    path = make_file(tmp_path_factory, f"{name}.json", text.encode())
    records = read_whatever(CONNECTORS[name], path)
    assert records is not None
    assert sorted({record.line for record in records}) == list(range(1, len(values) + 1))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_any_changed_document_is_read(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    document = data.draw(changed(DOCUMENTS[name]))
    path = make_file(tmp_path_factory, f"{name}.json", json.dumps(document).encode())
    read_whatever(CONNECTORS[name], path)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_file_cut_anywhere_keeps_the_records_before(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    document = data.draw(st.sampled_from([WRAP[name](SEEDS[name]), *DOCUMENTS[name]]))
    whole = json.dumps(document, indent=1).encode()
    path = make_file(tmp_path_factory, f"{name}.json", whole)
    full = read_all(CONNECTORS[name], path)
    length = data.draw(st.integers(len(whole) // 8, len(whole) - 1))
    Path(path).write_bytes(whole[:length])
    cut = read_whatever(CONNECTORS[name], path)
    assert cut is not None
    assert isinstance(cut[-1], Reject)
    assert cut[:-1] == full[: len(cut) - 1]
