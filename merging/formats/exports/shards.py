"""Splitting items into files of bounded size. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: A shard is closed once it has this size: large enough to read fast, small enough to download
#: again.
SHARD_BYTES = 256 * 2**20


def in_shards(
    items: Iterable[T], size: Callable[[T], int], limit: int = SHARD_BYTES
) -> Iterator[Iterator[T]]:
    """Yield the items in groups of about `limit` bytes.

    A group ends with the item that brings it to `limit` bytes or more. Items are read one by one
    while a group is read. Each group must be read to its end before the next one is requested.
    Without items there is no group.
    """
    rest = iter(items)
    for first in rest:
        yield _shard(first, rest, size, limit)


def _shard(first: T, rest: Iterator[T], size: Callable[[T], int], limit: int) -> Iterator[T]:
    filled = size(first)
    yield first
    while filled < limit:
        for item in rest:
            filled += size(item)
            yield item
            break
        else:
            return
