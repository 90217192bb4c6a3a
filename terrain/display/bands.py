"""Bands of rows of a frame.

Several steps over a frame are faster band by band, because a band fits the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator

# Of a 1024-pixel frame: 64 Ki pixels, half a megabyte as the 64-bit indices of a lookup
_ROWS = 64


def bands(height: int) -> Iterator[slice]:
    """Yield the rows of a frame of this height as slices of 64 rows, in order.

    >>> list(bands(100)), list(bands(0))
    ([slice(0, 64, None), slice(64, 100, None)], [])
    """
    for top in range(0, height, _ROWS):
        yield slice(top, min(top + _ROWS, height))
