"""Files of Mastodon with invented posts, written and read."""

import json
from pathlib import Path
from typing import Any

from analytics.contract.records import Post
from connectors.mastodon import MastodonConnector
from tests.connectors.helpers import posts_of, read_all
from tests.connectors.makers import make_activity, make_api_status, make_note, make_outbox

CONNECTOR = MastodonConnector()


def read_outbox(folder: Path, *items: Any, **fields: Any) -> list[Any]:
    path = folder / "outbox.json"
    path.write_text(json.dumps(make_outbox(list(items), **fields)), encoding="utf-8")
    return read_all(CONNECTOR, path)


def read_note(folder: Path, **fields: Any) -> Post:
    (post,) = posts_of(read_outbox(folder, make_activity(make_note(**fields))))
    return post


def read_statuses(folder: Path, *statuses: Any) -> list[Any]:
    path = folder / "statuses.json"
    path.write_text(json.dumps(statuses), encoding="utf-8")
    return read_all(CONNECTOR, path)


def read_status(folder: Path, **fields: Any) -> Post:
    (post,) = posts_of(read_statuses(folder, make_api_status(**fields)))
    return post
