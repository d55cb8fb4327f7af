"""The step as a whole, against a real server."""

from pathlib import Path

import pytest
from PIL import Image

from tests.fetching.conftest import Fetcher, draw
from tests.picture_server import PictureServer, give
from tests.scripted import rows, scalar


def test_picture_is_fetched_once_and_given_to_all_posts_that_name_it(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a.png"] = give(draw(size=(600, 300)), content_type="text/plain")
    fetcher.store(*[server.url("/a.png")] * 3)
    report = fetcher.fetch()
    assert (report.n_fetched, report.n_failed, report.n_left) == (1, 0, 0)
    assert server.asked == {"/a.png": 1}
    facts = rows(fetcher.connection, "select status, width, height, path, error from media")
    (kept,) = fetcher.kept()
    assert facts == [("ok", 600, 300, str(kept.relative_to(fetcher.data_dir)), None)] * 3
    with Image.open(kept) as picture:
        assert picture.size == (280, 140)
    # Another post that names it later is given it without a request.
    fetcher.store(server.url("/a.png"), first=10)
    fetcher.fetch(fetch=False)
    assert [status for status, _ in fetcher.statuses()] == ["ok"] * 4
    assert server.asked == {"/a.png": 1}


def test_same_file_at_two_addresses_is_kept_once(fetcher: Fetcher, server: PictureServer) -> None:
    server.pages["/a"] = server.pages["/b"] = give(draw())
    fetcher.store(server.url("/a"), server.url("/b"))
    assert fetcher.fetch().n_fetched == 2
    assert len(fetcher.kept()) == 1


def test_nothing_is_asked_for_where_fetching_is_off(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"), server.url("/b"), server.url("/a"))
    report = fetcher.fetch(fetch=False)
    assert (report.n_fetched, report.n_failed, report.n_left) == (0, 0, 2)
    assert not server.asked
    assert fetcher.statuses() == [("not_fetched", None)] * 3


def test_films_are_not_fetched(fetcher: Fetcher, server: PictureServer) -> None:
    fetcher.store(server.url("/a"))
    fetcher.connection.execute("update media set kind = 'video'")
    fetcher.fetch()
    assert not server.asked


HEIC = Path(__file__).parent.parent / "fixtures" / "turned.heic"
_HEIC = (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "broken: cannot be decoded")
_NO_PICTURES = {
    "html": (b"<!doctype html><html>" + b" " * 100, "not_an_image", "HTML or XML"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'>" + b" " * 100, "not_an_image", "SVG"),
    "text": (b"GIF is a format. " * 10, "not_an_image", "unknown format"),
    "film": (b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + b"\0" * 99, "not_an_image", "film"),
    "bmp": (draw("BMP"), "not_an_image", "unknown format"),
    "tiff": (draw("TIFF"), "not_an_image", "unknown format"),
    "empty": (b"", "not_an_image", "empty answer"),
    "gif head": (b"GIF89a", "broken", "cannot be decoded"),
    "cut png": (draw()[:-40], "broken", "cannot be decoded"),
    "cut jpeg": (draw("JPEG", (900, 900))[:900], "broken", "cannot be decoded"),
    "cut webp": (draw("WEBP")[:60], "broken", "cannot be decoded"),
    "cut avif": (draw("AVIF")[:300], "broken", "cannot be decoded"),
    "png that says gif": (b"GIF89a" + draw()[6:], "broken", "cannot be decoded"),
}


@pytest.mark.parametrize("name", _NO_PICTURES)
def test_what_is_no_picture_has_a_reason_and_is_not_tried_again(
    fetcher: Fetcher, server: PictureServer, name: str
) -> None:
    body, status, reason = _NO_PICTURES[name]
    server.pages["/a.jpg"] = give(body, content_type="image/jpeg")
    fetcher.store(server.url("/a.jpg"))
    report = fetcher.fetch()
    assert report.failures == {f"{status}: {reason}": 1}
    (found,) = fetcher.statuses()
    assert found[0] == status
    assert str(found[1]).startswith(reason)
    assert not fetcher.kept()
    again = fetcher.fetch()
    assert (again.n_failed, again.n_left) == (0, 0)
    assert server.asked == {"/a.jpg": 1}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_pictures_are_turned(fetcher: Fetcher, server: PictureServer, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    server.pages["/a"] = give(draw(kind, (600, 300), exif=exif.tobytes()))
    fetcher.store(server.url("/a"))
    fetcher.fetch()
    assert rows(fetcher.connection, "select status, width, height from media") == [("ok", 300, 600)]
    with Image.open(fetcher.kept()[0]) as picture:
        assert picture.size == (140, 280)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
def test_moving_pictures_give_their_first_frame(
    fetcher: Fetcher, server: PictureServer, kind: str
) -> None:
    black = Image.new("RGB", (60, 40))
    server.pages["/a"] = give(draw(kind, save_all=True, append_images=[black]))
    fetcher.store(server.url("/a"))
    fetcher.fetch()
    assert fetcher.statuses() == [("ok", None)]
    with Image.open(fetcher.kept()[0]) as picture:
        pixel = picture.getpixel((30, 20))
    assert isinstance(pixel, tuple)
    assert max(pixel) > 50


def test_heic_is_read_with_its_extra(fetcher: Fetcher, server: PictureServer) -> None:
    pytest.importorskip("pi_heif", reason="the extra heic is not installed")
    server.pages["/a"] = give(HEIC.read_bytes())  # 600 x 300, to be turned
    fetcher.store(server.url("/a"))
    fetcher.fetch()
    assert rows(fetcher.connection, "select status, width, height from media") == [("ok", 300, 600)]
    with Image.open(fetcher.kept()[0]) as picture:
        assert picture.size == (140, 280)


def test_heic_without_its_extra_is_tried_again_once_it_is_there(
    fetcher: Fetcher, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, _ = _HEIC
    server.pages["/a"] = give(body + b"\0" * 99)
    fetcher.store(server.url("/a"))
    for module in ("analytics.media", "analytics.fetching.fetch"):
        monkeypatch.setattr(f"{module}.can_read_heif", lambda: False)
    for _ in range(2):
        fetcher.fetch()
    ((status, error),) = fetcher.statuses()
    assert status == "no_decoder"
    assert "pip install '.[heic]'" in str(error)
    assert server.asked == {"/a": 1}
    monkeypatch.setattr("analytics.fetching.fetch.can_read_heif", lambda: True)
    fetcher.fetch()
    assert server.asked == {"/a": 2}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 204, 206, 304])
def test_no_of_a_server_is_permanent(fetcher: Fetcher, server: PictureServer, status: int) -> None:
    server.pages["/a"] = give(b"", status)
    fetcher.store(server.url("/a"))
    for _ in range(2):
        fetcher.fetch()
    assert fetcher.statuses() == [("gone", f"status {status}")]
    assert server.asked == {"/a": 1}
    # But for one who asks for it.
    server.pages["/a"] = give(draw())
    assert fetcher.fetch(retries=True).n_fetched == 1
    assert fetcher.statuses() == [("ok", None)]


def test_local_file_that_is_missing_is_fetched_and_is_no_reject_any_more(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"), server.url("/b"))
    fetcher.connection.execute("update media set source_path = '/gone.jpg', status = 'missing'")
    fetcher.fetch()
    assert rows(fetcher.connection, "select status from media order by post_id") == [
        ("ok",),
        ("missing",),
    ]
    assert rows(fetcher.connection, "select raw from rejects") == [("test:2",)]
    fetcher.fetch()
    assert server.asked == {"/a": 1, "/b": 1}


def test_no_cookie_is_kept_and_the_user_agent_is_named(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = server.pages["/b"] = give(draw(), set_cookie="id=7; Path=/")
    fetcher.store(server.url("/a"), server.url("/b"))
    fetcher.fetch(user_agent="test/1.0 (mail@example.org)")
    assert len(server.headers) == 2
    for headers in server.headers:
        assert "cookie" not in headers
        assert headers["user-agent"] == "test/1.0 (mail@example.org)"
        assert headers["accept-encoding"] == "identity"


def test_proxy_of_the_environment_is_not_asked(
    fetcher: Fetcher, server: PictureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"))
    assert fetcher.fetch().n_fetched == 1


def test_pictures_prepared_as_in_another_version_are_fetched_again(
    fetcher: Fetcher, server: PictureServer
) -> None:
    server.pages["/a"] = give(draw())
    fetcher.store(server.url("/a"))
    fetcher.fetch()
    for table in ("media", "fetches"):
        fetcher.connection.execute(f"update {table} set path = 'pictures-v0/aa/a.jpg'")
    fetcher.fetch()
    assert server.asked == {"/a": 2}
    assert str(scalar(fetcher.connection, "select path from media")).startswith("pictures/")
