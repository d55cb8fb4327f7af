import io
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from PIL import Image

from analytics.config.settings import MediaConfig
from analytics.contract.records import Media
from analytics.fetching.fetch import FetchReport, Network, fetch_media
from analytics.media import prepare_media
from tests.picture_server import PictureServer, serve_pictures
from tests.scripted import make_post, rows, store_posts


def draw(kind: str = "PNG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    """A picture file; its colour follows from `size`, so that each is another file."""
    buffer = io.BytesIO()
    colour = (size[0] % 256, size[1] % 256, 90)
    Image.new("RGB", size, colour).save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with serve_pictures() as running:
        yield running


class Fetcher:
    """Stores posts with remote pictures, fetches, and reads what came of them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, data_dir: Path) -> None:
        self.connection = connection
        self.data_dir = data_dir
        self.allowed: tuple[str, ...] = ()

    def store(self, *urls: str, first: int = 1) -> None:
        posts = [
            make_post(str(number), media=(Media(kind="image", url=url),))
            for number, url in enumerate(urls, start=first)
        ]
        store_posts(self.connection, posts, name=f"dump-{first}.jsonl")

    def fetch(
        self,
        *,
        network: Network | None = None,
        retries: bool = False,
        is_stopped: Callable[[], bool] = lambda: False,
        **values: object,
    ) -> FetchReport:
        values = {"fetch": True, "pause_s": 0.0, "allowed_hosts": self.allowed, **values}
        prepare_media(self.connection, data_dir=self.data_dir, run_id="r")
        return fetch_media(
            self.connection,
            MediaConfig(**values),  # type: ignore[arg-type]
            data_dir=self.data_dir,
            retries=retries,
            network=network,
            is_stopped=is_stopped,
        )

    def statuses(self) -> list[tuple[object, ...]]:
        return rows(self.connection, "select status, error from media order by post_id")

    def kept(self) -> list[Path]:
        return sorted(self.data_dir.rglob("*.jpg"))


@pytest.fixture
def fetcher(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, server: PictureServer
) -> Fetcher:
    made = Fetcher(connection, tmp_path / "data")
    made.allowed = (server.host,)
    return made
