"""Shared code of the exports: names, canonical JSON, and fragments of several parts. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from merging.formats.contents.facts import GOLD_VARIANTS, ReleaseFacts

#: The variants of the merged masks of an image, by split.
VARIANTS_OF_SPLIT: Mapping[str, tuple[str, ...]] = {"train": ("train",), "test": GOLD_VARIANTS}


def splits(facts: ReleaseFacts) -> list[str]:
    """Return the splits that have images, "train" before "test"."""
    there = {split for (_, _, split), count in facts.counts.items() if count}
    return [split for split in VARIANTS_OF_SPLIT if split in there]


def variants(facts: ReleaseFacts) -> list[tuple[str, str]]:
    """Return the split and the variant of each set of merged masks of a release."""
    return [(split, variant) for split in splits(facts) for variant in VARIANTS_OF_SPLIT[split]]


def file_key(stem: str) -> str:
    """Return the file name of an image without dots, because a dot ends the key in a WebDataset.

    Dots are percent-encoded, so that no two ids have the same key. Ids of the missions have no
    dots.
    """
    return stem.replace(".", "%2E")


def json_bytes(value: Any) -> bytes:
    """Return compact JSON with sorted keys, in UTF-8. Equal values give equal bytes."""
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return text.encode()


def json_lines(items: Iterable[bytes]) -> Iterator[bytes]:
    """Yield JSON values as the items of a list, one per line."""
    between = b"\n"
    for item in items:
        yield between + item
        between = b",\n"


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return several contents as one: a JSON line with names and sizes, then the contents."""
    names = sorted(parts)
    index = json_bytes([[name, len(parts[name])] for name in names])
    return b"\n".join((index, b"".join(parts[name] for name in names)))


def unpacked(data: bytes) -> dict[str, bytes]:
    """Return the contents of packed bytes: the inverse of `packed`."""
    index, _, _ = data.partition(b"\n")
    start = len(index) + 1
    parts = {}
    for name, size in json.loads(index):
        parts[name] = data[start : start + size]
        start += size
    return parts
