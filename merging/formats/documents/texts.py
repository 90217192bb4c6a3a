"""Writing documents: readable JSON, and Markdown tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from merging.formats.contents.facts import ReleaseFacts


def json_document(content: Any) -> bytes:
    """Return indented JSON with sorted keys. Equal contents give equal bytes."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    return f"{text}\n".encode()


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def imported(facts: ReleaseFacts) -> Iterator[str]:
    """Yield a sentence for each import of labels or masks."""
    for each in facts.imports:
        images = f"{each.images} image{'s' * (each.images != 1)}"
        where = f"imported from {each.source} on {each.imported_on}"
        if each.what == "labels":
            yield f"{each.labels} labels of {images} were {where}, as finished masks."
        else:
            count = "an unknown number of" if each.labels is None else each.labels
            yield f"Merged masks of {images} were {where}; they were merged from {count} labels."
