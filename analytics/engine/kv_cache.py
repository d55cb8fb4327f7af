"""Keys and values of past tokens that rows can join and leave.

Imported only beside torch and transformers.
"""

from collections.abc import Sequence
from typing import Any

from transformers.cache_utils import Cache, DynamicLayer

# Places that a full layer grows by.
_STEP = 32


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer with empty places at its end, so that new tokens are written and none is copied.

    Keys and values are (rows, key heads, places, size), whole buffers, as in a static cache:
    a matrix product of a part of one would copy it. Masks leave empty places out.
    """

    def __init__(
        self, parts: Sequence[tuple["RoomyLayer", Any]] = (), *, places: Any = None, room: int = 0
    ) -> None:
        """Of the rows of other layers, at some indices each; short ones get room on the left.

        An index is a tensor of whole numbers, or None for all rows; so are `places`. `room`
        is for how many more tokens there are places at once.
        """
        super().__init__()  # type: ignore[no-untyped-call]
        self._length = 0
        if parts:
            found = [layer._read(rows, places) for layer, rows in parts]
            length = max(keys.shape[2] for keys, _ in found)
            n_rows = sum(len(keys) for keys, _ in found)
            buffers = self._allocate(found[0][0], n_rows=n_rows, length=length, room=room)
            first = 0
            for keys, values in found:
                rows, gap = slice(first, first + len(keys)), length - keys.shape[2]
                for buffer, states in zip(buffers, (keys, values), strict=True):
                    buffer[rows, :, :gap] = 0
                    buffer[rows, :, gap:length] = states
                first += len(keys)
            self._length = length

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the states of new tokens; the buffers of all keys and values."""
        end = self._length + key_states.shape[2]
        buffers: tuple[Any, Any] = (self.keys, self.values)
        if buffers[0] is None or end > buffers[0].shape[2]:
            old = self._read() if self._length else ()
            buffers = self._allocate(key_states, n_rows=len(key_states), length=end)
            for buffer, states in zip(buffers, old, strict=False):
                buffer[:, :, : self._length] = states
        for buffer, states in zip(buffers, (key_states, value_states), strict=True):
            buffer[:, :, self._length : end] = states
        self._length = end
        return buffers

    def get_seq_length(self) -> int:
        """Tokens in the cache, padding on the left included."""
        return self._length

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Places that a mask must cover once `query_length` tokens are added, from 0 on."""
        end = self._length + query_length
        if self.keys is not None and end <= self.keys.shape[2]:
            return self.keys.shape[2], 0
        return end + _STEP, 0

    def _read(self, rows: Any = None, places: Any = None) -> tuple[Any, Any]:
        def read(buffer: Any) -> Any:
            found = buffer[:, :, : self._length]
            found = found if rows is None else found[rows]
            return found if places is None else found[:, :, places]

        return read(self.keys), read(self.values)

    def _allocate(self, like: Any, *, n_rows: int, length: int, room: int = 0) -> tuple[Any, Any]:
        """New buffers with places beyond `length`: `room`, and a step more."""
        if not self.is_initialized:
            self.lazy_initialization(like, like)
        shape = (n_rows, like.shape[1], length + room + _STEP, like.shape[3])
        self.keys, self.values = buffers = like.new_empty(shape), like.new_empty(shape)
        for buffer in buffers:
            # Masked places count for nothing, but what memory holds could be no number.
            buffer[:, :, length:] = 0
        return buffers


def make_cache(n_layers: int) -> Cache:
    """An empty cache."""
    return Cache(layers=[RoomyLayer() for _ in range(n_layers)])


def take_rows(parts: Sequence[tuple[Cache, Any]], *, places: Any = None, room: int = 0) -> Cache:
    """A new cache of the rows of others, at some indices each; None for all of one.

    Rows of a shorter cache are padded on the left. Of each, only some `places` may be taken.
    `room` is for how many more tokens there are places at once.
    """
    layers: Any = zip(*(cache.layers for cache, _ in parts), strict=True)
    return Cache(
        layers=[
            RoomyLayer(
                [(layer, rows) for layer, (_, rows) in zip(found, parts, strict=True)],
                places=places,
                room=room,
            )
            for found in layers
        ]
    )
