"""What the exports share: names, canonical JSON, and fragments of several parts. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from merging.formats.contents.facts import GOLD_VARIANTS, ReleaseFacts

#: The variants of the merged mask that an image of a split has.
VARIANTS_OF_SPLIT: Mapping[str, tuple[str, ...]] = {"train": ("train",), "test": GOLD_VARIANTS}


def splits(facts: ReleaseFacts) -> list[str]:
    """The splits of which a release has images, "train" before "test"."""
    there = {split for (_, _, split), count in facts.counts.items() if count}
    return [split for split in VARIANTS_OF_SPLIT if split in there]


def variants(facts: ReleaseFacts) -> list[tuple[str, str]]:
    """The split and the variant of each set of merged masks that a release has."""
    return [(split, variant) for split in splits(facts) for variant in VARIANTS_OF_SPLIT[split]]


def file_key(stem: str) -> str:
    """The name of an image's files without dots, which end a key in a WebDataset.

    Percent-encoded, so that no two ids share a key. The ids of the missions stay as they are.
    """
    return stem.replace(".", "%2E")


def json_bytes(value: Any) -> bytes:
    """Compact JSON with sorted keys, in UTF-8: equal values give equal bytes."""
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return text.encode()


def json_lines(items: Iterable[bytes]) -> Iterator[bytes]:
    """JSON values, one a line and with commas between them, as a list holds them."""
    between = b"\n"
    for item in items:
        yield between + item
        between = b",\n"


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Several contents as one: their names and sizes as a line of JSON, then the contents."""
    names = sorted(parts)
    index = json_bytes([[name, len(parts[name])] for name in names])
    return b"\n".join((index, b"".join(parts[name] for name in names)))


def unpacked(data: bytes) -> dict[str, bytes]:
    """The inverse of `packed`."""
    index, _, _ = data.partition(b"\n")
    start = len(index) + 1
    parts = {}
    for name, size in json.loads(index):
        parts[name] = data[start : start + size]
        start += size
    return parts
