"""`manifest.json`: which labels and parameters each file of a release was made from. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from merging.formats.contents.facts import SOFTWARE, ReleaseFacts

NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One image: its files by kind, and its number of labels.

    Attributes:
        inputs: The SHA-256 of all inputs: equal inputs give equal files.
        merged_labels: The number of labels that its masks were merged from; None: no masks, or
            unknown.
        imports: What was imported (`contents.Import` as plain values).
        rover_mask: The source of its rover mask, "unknown" for a mask file of zeros; "" if not
            stored.
    """

    product_id: str
    split: str
    labels: int
    inputs: str
    files: Mapping[str, str]
    merged_labels: int | None = None
    imports: Sequence[Mapping[str, Any]] = ()
    rover_mask: str = ""


def pieces(
    facts: ReleaseFacts, formats: Iterable[str], entries: Iterable[Entry]
) -> Iterator[bytes]:
    """Yield the manifest as UTF-8 JSON: a head, then one line for each image."""
    head: dict[str, Any] = {
        "version": facts.version,
        "layout": facts.layout,
        "campaign": facts.slug,
        "released_on": facts.released_on.isoformat(),
        "software": {"name": SOFTWARE, "version": facts.software_version},
        "license": facts.license,
        "classes": [{"code": c.code, "name": c.name, "color": c.color} for c in facts.classes],
        "method": facts.parameters,
        "rule": facts.rule,
        "formats": sorted(formats),
        "previous": facts.previous,
        "changes": list(facts.changes),
    }
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "images": ['
    for number, entry in enumerate(entries):
        said = {
            "id": entry.product_id,
            "split": entry.split,
            "labels": entry.labels,
            "merged_labels": entry.merged_labels,
            "rover_mask": entry.rover_mask or None,
            "inputs": entry.inputs,
            "files": dict(entry.files),
        }
        if entry.imports:
            # PostgreSQL does not keep the order of JSON keys.
            said["imports"] = [dict(sorted(each.items())) for each in entry.imports]
        yield (b",\n" if number else b"\n") + json.dumps(said, ensure_ascii=False).encode()
    yield b"\n]}\n"
