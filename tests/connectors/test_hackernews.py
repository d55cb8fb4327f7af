import json
from pathlib import Path
from typing import Any

import pytest

from analytics.contract.errors import SourceFormatError
from analytics.contract.records import Post
from connectors.hackernews import HackernewsConnector
from connectors.registry import choose_connector
from tests.connectors.helpers import ignored_of, posts_of, read_all, rejects_of, utc

CONNECTOR = HackernewsConnector()
TIME = 1714550400


def make_item(number: int = 2, **fields: object) -> dict[str, Any]:
    """A comment as the Firebase API writes it; None takes a field away."""
    item: dict[str, Any] = {
        "by": "tea",
        "id": number,
        "kids": [9, 10],
        "parent": 1,
        "text": "I don&#x27;t<p>like <i>it</i>",
        "time": TIME,
        "type": "comment",
    }
    return {key: value for key, value in (item | fields).items() if value is not None}


def make_story(number: int = 1, **fields: object) -> dict[str, Any]:
    story = {"type": "story", "title": "Kettles &amp; tea", "score": 50, "descendants": 7}
    story |= {"url": "https://kettles.example", "text": None, "parent": None}
    return make_item(number, **(story | fields))


def make_hit(number: int = 2, **fields: object) -> dict[str, Any]:
    """A comment as the search gives it."""
    hit: dict[str, Any] = {
        "_highlightResult": {"author": {"matchLevel": "none", "value": "tea"}},
        "_tags": ["comment", "author_tea", "story_1"],
        "author": "tea",
        "children": [9, 10],
        "comment_text": "I don&#x27;t<p>like <i>it</i>",
        "created_at": "2024-05-01T08:00:00Z",
        "created_at_i": TIME,
        "objectID": str(number),
        "parent_id": 1,
        "points": None,
        "story_id": 1,
        "story_title": "Kettles & tea",
        "updated_at": "2024-06-01T08:00:00Z",
    }
    return hit | fields


def make_story_hit(number: int = 1) -> dict[str, Any]:
    return make_hit(
        number,
        _tags=["story", "author_tea", "story_1", "front_page"],
        title="Kettles & tea",
        points=50,
        num_comments=7,
        comment_text=None,
        parent_id=None,
    )


def make_hits(*hits: object) -> dict[str, Any]:
    return {"exhaustive": {"nbHits": True}, "hits": list(hits), "nbHits": 2, "page": 0}


def make_node(number: int, *children: object, **fields: object) -> dict[str, Any]:
    """A node of the tree that the search gives for one item."""
    node: dict[str, Any] = {
        "author": "tea",
        "children": list(children),
        "created_at": "2024-05-01T08:00:00.000Z",
        "created_at_i": TIME,
        "id": number,
        "options": [],
        "parent_id": 1,
        "points": None,
        "story_id": 1,
        "text": "<p>So so",
        "title": None,
        "type": "comment",
        "url": None,
    }
    return node | fields


def write(path: Path, value: object, indent: int | None = None) -> Path:
    path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
    return path


COMMENT = Post(
    platform="hackernews",
    native_id="2",
    text="I don't\n\nlike it",
    line=2,
    author="tea",
    created_at=utc(2024, 5, 1, 8),
    url="https://news.ycombinator.com/item?id=2",
    reply_to="hackernews:1",
)
STORY = Post(
    platform="hackernews",
    native_id="1",
    text="Kettles & tea",
    line=1,
    author="tea",
    created_at=utc(2024, 5, 1, 8),
    url="https://news.ycombinator.com/item?id=1",
    likes=50,
    replies=7,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n".join(map(json.dumps, [make_story(), make_item()])), "items, one a line"),
        (json.dumps([make_story(), make_item()]), "items"),
        (json.dumps([make_story(), make_item()], indent=2), "items"),
        (json.dumps(make_hits(make_story_hit(), make_hit())), "hits of its search"),
        ("\n".join(map(json.dumps, [make_story_hit(), make_hit()])), "hits of its search"),
        (
            "\n".join(json.dumps(make_hits(hit)) for hit in (make_story_hit(), make_hit())),
            "hits of its search",
        ),
    ],
    ids=["lines", "list", "indented", "hits", "hit lines", "pages"],
)
def test_read_file_every_layout_gives_the_same_posts(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "a.json").write_text(text)
    connector, detection = choose_connector(tmp_path / "a.json")
    assert (connector.name, detection.found.removeprefix("Hacker News")) == (
        "hackernews",
        f"{',' if 'hits' in found else ''} {found}",
    )
    assert read_all(CONNECTOR, tmp_path / "a.json") == [STORY, COMMENT]


def test_read_file_title_stands_before_the_text(tmp_path: Path) -> None:
    items = [
        make_story(1, title="Ask: why &lt;b&gt;?", text="One<p>two", url=None),
        make_story(2, type="job", by="co"),
        make_story(3, type="poll", parts=[4], text="Which?"),
        make_item(4, type="pollopt", poll=3, parent=None, text="Steel", score=5),
    ]
    ask, job, poll, option = posts_of(read_all(CONNECTOR, write(tmp_path / "a.json", items)))
    assert ask.text == "Ask: why <b>?\n\nOne\n\ntwo"
    assert job.text == "Kettles & tea"
    assert poll.text == "Kettles & tea\n\nWhich?"
    assert (option.text, option.reply_to, option.likes) == ("Steel", "hackernews:3", 5)
    assert (ask.reply_to, poll.reply_to) == (None, None)


def test_read_file_links_of_shortened_text_are_whole(tmp_path: Path) -> None:
    text = (
        'see <a href="https:&#x2F;&#x2F;a.example&#x2F;long&#x2F;way" rel="nofollow">'
        "https:&#x2F;&#x2F;a.example&#x2F;lo...</a>"
    )
    path = write(tmp_path / "a.json", [make_item(text=text)])
    assert posts_of(read_all(CONNECTOR, path))[0].text == "see https://a.example/long/way"


def test_read_file_what_was_taken_away_is_ignored(tmp_path: Path) -> None:
    values: list[Any] = [
        None,
        {"deleted": True, "id": 1, "parent": 3, "time": TIME, "type": "comment"},
        make_item(2, dead=True, text="[dead]"),
        {"by": "a", "dead": True, "id": 3, "score": 1, "time": TIME, "type": "story"},
        make_item(5, text="[delayed]"),
        make_hit(6, author=None, comment_text=None, story_id=1),
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, values)))
    assert choose_connector(tmp_path / "a.jsonl")[0].name == "hackernews"
    assert ignored_of(read_all(CONNECTOR, tmp_path / "a.jsonl")) == [
        (1, "no such item"),
        (2, "item deleted by its author"),
        (3, "item killed or withheld by moderators"),
        (4, "item killed or withheld by moderators"),
        (5, "item killed or withheld by moderators"),
        (6, "item deleted by its author"),
    ]


def test_read_file_table_export_with_nulls_is_read(tmp_path: Path) -> None:
    nulls = {"deleted": None, "dead": None, "title": None, "ranking": None, "score": None}
    (tmp_path / "a.jsonl").write_text(json.dumps(make_item(2) | nulls))
    (post,) = posts_of(read_all(CONNECTOR, tmp_path / "a.jsonl"))
    assert (post.native_id, post.likes) == ("2", None)


def test_read_file_tree_has_a_post_for_each_node(tmp_path: Path) -> None:
    story = {"type": "story", "title": "Kettles", "text": None, "parent_id": None, "points": 5}
    gone = make_node(4, author=None, text=None)
    tree = make_node(1, make_node(2, make_node(3), 7), gone, "odd", make_node(5), **story)
    path = write(tmp_path / "a.json", tree, indent=1)
    assert choose_connector(path)[1].found == "Hacker News, trees of items"
    records = read_all(CONNECTOR, path)
    assert [post.native_id for post in posts_of(records)] == ["1", "2", "3", "5"]
    assert [post.text for post in posts_of(records)] == ["Kettles", "So so", "So so", "So so"]
    assert ignored_of(records) == [(1, "item deleted by its author")]
    assert rejects_of(records) == [(1, "not a JSON object")]


def test_read_file_deep_tree_is_read_or_rejected(tmp_path: Path) -> None:
    node = make_node(1)
    for number in range(2, 201):
        node = make_node(number, node)
    records = read_all(CONNECTOR, write(tmp_path / "a.json", node))
    assert [post.native_id for post in posts_of(records)] == [str(n) for n in range(200, 0, -1)]
    text = '{"id": 1, "created_at_i": 1714550400, "children": [' * 50_000
    (tmp_path / "b.json").write_text(text + "]}" * 50_000)
    ((_, reason),) = rejects_of(read_all(CONNECTOR, tmp_path / "b.json"))
    assert "nested too deeply" in reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"type": None}, "type is not that of an item: None"),
        ({"type": ["comment"]}, "type is not that of an item: ['comment']"),
        ({"id": None}, "id is missing"),
        ({"time": None}, "time is missing"),
        ({"time": 10**12}, "time out of range: 1000000000000"),
        ({"text": None}, "text is missing"),
        ({"text": ["a"]}, "text is not a string: ['a']"),
        ({"type": "story"}, "title is missing"),
    ],
)
def test_read_file_bad_item_is_a_reject(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    path = write(tmp_path / "a.json", [make_item(1), make_item(2, **fields), 5, make_item(4)])
    records = read_all(CONNECTOR, path)
    assert rejects_of(records) == [(2, reason), (3, "not a JSON object")]
    assert len(posts_of(records)) == 2


def test_read_file_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("id,text\n1,hello\n")
    with pytest.raises(SourceFormatError, match="begins as JSON does; expected"):
        read_all(CONNECTOR, tmp_path / "a.json")


@pytest.mark.parametrize(
    "value",
    [
        {"id": 1, "type": "comment", "text": "a"},
        {"id": 1, "type": "note", "time": TIME, "by": "a"},
        {"objectID": "1", "created_at_i": TIME, "name": "a shop's index"},
        [1714550400],
    ],
)
def test_detect_leaves_other_json(tmp_path: Path, value: object) -> None:
    assert CONNECTOR.detect(write(tmp_path / "a.json", value)) is None


def test_detect_folder(tmp_path: Path) -> None:
    write(tmp_path / "a.json", [make_item()])
    (tmp_path / "b.jsonl").write_text(json.dumps(make_item()) + "\n")
    assert choose_connector(tmp_path)[0].name == "hackernews"
    assert [file.name for file in CONNECTOR.list_files(tmp_path)] == ["a.json", "b.jsonl"]
