"""Pictures made to take a run down: each is refused, or waits for its turn."""

import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from analytics.contract.errors import ImageError
from analytics.contract.images import ImageSettings, prepare_image
from analytics.contract.picture_limits import MAX_SCANS, PixelRoom, has_too_many_scans
from tests.contract.picture_makers import encode, make_scene


def _repeat_last_scan(n_times: int, *, side: int = 64) -> bytes:
    """A progressive JPEG with its last scan many times: some bytes each, a pass over it each."""
    raw = encode(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    scan = raw[raw.rindex(b"\xff\xda") : -2]
    return raw[:-2] + scan * n_times + raw[-2:]


def test_a_jpeg_of_very_many_scans_is_refused_undecoded() -> None:
    """300 kB that were two minutes and more of decoding."""
    data = _repeat_last_scan(20_000, side=2000)
    assert len(data) < 400_000
    started_at = time.process_time()
    with pytest.raises(ImageError, match="a JPEG of more than 100 scans") as caught:
        prepare_image(data)
    assert caught.value.reason == "broken"
    assert time.process_time() - started_at < 5


def test_scans_up_to_the_limit_are_decoded() -> None:
    data = _repeat_last_scan(MAX_SCANS // 2)
    assert prepare_image(data).width == 64


def test_only_scans_of_the_picture_itself_are_counted() -> None:
    """Not the same bytes in a comment, nor what follows the picture: a film, as phones do."""
    scene = make_scene(200, 100)
    mark = b"\xff\xda" * 500
    data = encode(scene, "JPEG", progressive=True, comment=mark) + mark
    assert data.count(b"\xff\xda") > 2 * 500
    assert not has_too_many_scans(data)
    assert prepare_image(data).jpeg == prepare_image(encode(scene, "JPEG", progressive=True)).jpeg


def test_what_is_cut_off_or_no_jpeg_has_not_too_many_scans() -> None:
    assert not has_too_many_scans(b"")
    assert not has_too_many_scans(b"\xff\xd8\xff\xfe\xff\xff" + b"\xff\xda" * 200)
    assert has_too_many_scans(b"\xff\xd8" + b"\xff\xff\xda\0\2" * 200)


def test_a_format_that_is_decoded_slowly_has_a_limit_of_its_own() -> None:
    header = b"qoif" + struct.pack(">IIBB", 8000, 8000, 4, 0)
    with pytest.raises(ImageError, match="8000 x 8000 pixels, limit 4000000") as caught:
        prepare_image(header + bytes(100))
    assert caught.value.reason == "too_large"
    small = encode(Image.new("RGB", (20, 10), "red"), "QOI")
    assert prepare_image(small).width == 20


class _CountedRoom(PixelRoom):
    """A room that remembers what was asked for, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__(10**9)
        self.asked: list[int] = []

    def take(self, n_pixels: int):  # type: ignore[no-untyped-def]
        self.asked.append(n_pixels)
        return super().take(n_pixels)


def test_pixels_are_those_that_are_decoded() -> None:
    room = _CountedRoom()
    scene = make_scene(1600, 1200)
    for kind in ("PNG", "JPEG"):
        prepare_image(encode(scene, kind), room=room)
    # A JPEG is decoded at a quarter of its sides; as a progressive one it may be held as a whole.
    assert room.asked == [1600 * 1200, 1600 * 1200 // 8]


def test_threads_wait_for_each_other_s_pixels() -> None:
    room, lock = PixelRoom(100), threading.Lock()
    under_way: list[int] = []
    peaks: list[int] = []

    def decode(n_pixels: int) -> None:
        with room.take(n_pixels):
            with lock:
                under_way.append(n_pixels)
                peaks.append(sum(under_way))
            time.sleep(0.001)
            with lock:
                under_way.remove(n_pixels)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(decode, [30, 60, 10, 100, 40, 5, 70, 20] * 10))
    assert max(peaks) <= 100
    assert any(peak > 70 for peak in peaks)


def test_more_than_all_room_is_taken_alone_and_given_back_after_a_fault() -> None:
    room = PixelRoom(100)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"), room.take(5_000):
            raise ValueError("broken")
    with room.take(60), room.take(40):
        pass
    broken = encode(make_scene(64, 64), "PNG")[:-40]
    for _ in range(3):
        with pytest.raises(ImageError):
            prepare_image(broken, ImageSettings(), room=room)
    assert prepare_image(encode(make_scene(64, 64), "PNG"), room=room).width == 64


def test_memory_of_a_large_picture_does_not_grow_with_the_threads() -> None:
    """Millions of pixels in some kB, in three threads: one is decoded at a time."""
    data = encode(Image.new("1", (2000, 2000)), "PNG")
    assert len(data) < 10_000
    room = _Watched(5_000_000)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: prepare_image(data, room=room), range(3)))
    assert room.peak == 1


class _Watched(PixelRoom):
    """A room that counts who is in it."""

    def __init__(self, n_pixels: int) -> None:
        super().__init__(n_pixels)
        self.peak = self._n = 0

    def take(self, n_pixels: int):  # type: ignore[no-untyped-def]
        return _Visit(self, super().take(n_pixels))


class _Visit:
    def __init__(self, room: _Watched, inner) -> None:  # type: ignore[no-untyped-def]
        self._room, self._inner = room, inner

    def __enter__(self) -> None:
        self._inner.__enter__()
        self._room._n += 1
        self._room.peak = max(self._room.peak, self._room._n)

    def __exit__(self, *exc: object) -> None:
        self._room._n -= 1
        self._inner.__exit__(*exc)
