"""Many items in files of bounded size. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: A shard is closed once it holds so many bytes: large enough to read fast, small enough to fetch
#: again after a broken download.
SHARD_BYTES = 256 * 2**20


def in_shards(
    items: Iterable[T], size: Callable[[T], int], limit: int = SHARD_BYTES
) -> Iterator[Iterator[T]]:
    """The items in groups, each closed by the item with which it holds `limit` bytes or more.

    Items are taken one by one when a group is walked; each group has to be walked to its end before
    the next one is asked for. No items give no group.
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
