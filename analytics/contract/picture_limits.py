"""What hostile pictures may cost: decoding runs in the run's own process, many at once."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Whoever makes a JPEG needs 3 to 20; libtiff reads 100 at most, too.
MAX_SCANS = 100
# Decoded by Pillow in Python, at about 2 us a pixel, with the interpreter's lock held.
SLOW_FORMATS = {"QOI": 4_000_000}

# Markers that a length follows, or the end of the picture.
_MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd8\xff])")
_END, _SCAN = 0xD9, 0xDA


def has_too_many_scans(data: bytes) -> bool:
    """Whether a JPEG goes over its pixels more than `MAX_SCANS` times.

    An empty scan is a few bytes, and costs as much as a full one: 300 kB of them take minutes.
    """
    if data.count(b"\xff\xda") <= MAX_SCANS:
        return False
    n_scans, at = 0, 0
    while match := _MARKER.search(data, at):
        marker, at = match[1][0], match.end()
        if marker == _END:
            return False  # what follows is another picture, or a film
        n_scans += marker == _SCAN
        if n_scans > MAX_SCANS:
            return True
        at += max(2, int.from_bytes(data[at : at + 2], "big"))
    return False


class PixelRoom:
    """So many pixels may be decoded at once, whatever the number of threads.

    A pixel of a PNG or WebP takes up to 30 bytes while it is prepared, and 100 million of them
    fit into a file of some bytes: one in each thread would fill the memory.
    """

    def __init__(self, n_pixels: int) -> None:
        self._total = self._left = n_pixels
        self._changed = threading.Condition()
        self._locks = [threading.Lock() for _ in range(256)]

    def lock_picture(self, sha256: str) -> threading.Lock:
        """The lock of those who prepare the same picture at once: the second finds it kept."""
        return self._locks[int(sha256[:2], 16)]

    @contextmanager
    def take(self, n_pixels: int) -> Iterator[None]:
        """Wait until there is room; for more than there is at all, until nobody has any."""
        n_taken = min(n_pixels, self._total)
        with self._changed:
            self._changed.wait_for(lambda: n_taken <= self._left)
            self._left -= n_taken
        try:
            yield
        finally:
            with self._changed:
                self._left += n_taken
                self._changed.notify_all()
