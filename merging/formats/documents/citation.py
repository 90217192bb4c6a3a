"""`CITATION.cff`: how to cite a release, Citation File Format 1.2.0."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from merging.formats.contents.facts import SOFTWARE, SOFTWARE_LICENSE, FileFact, ReleaseFacts
from merging.formats.documents.naming import (
    KEYWORDS,
    PAPER_AUTHORS,
    PAPER_TITLE,
    PAPER_VENUE,
    PAPER_YEAR,
    abstract,
    creators,
)


def citation(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return the release as a dataset; its references are the paper and the software."""
    lines = [
        "cff-version: 1.2.0",
        "type: dataset",
        f"message: {_text('If you use these data, please cite them and the paper.')}",
        f"title: {_text(facts.title)}",
        f"abstract: {_text(abstract(facts))}",
        f"version: {_text(facts.version)}",
        f"date-released: {_text(facts.released_on.isoformat())}",
        f"license: {_text(facts.license)}",
    ]
    if facts.homepage:
        lines.append(f"url: {_text(facts.homepage)}")
    lines += ["authors:", *_people((each.name, each.given) for each in creators(facts))]
    lines += ["keywords:", *(f"  - {_text(word)}" for word in KEYWORDS)]
    lines += [
        "references:",
        "  - type: conference-paper",
        f"    title: {_text(PAPER_TITLE)}",
        f"    collection-title: {_text(PAPER_VENUE)}",
        f"    year: {PAPER_YEAR}",
        "    authors:",
        *(f"    {line}" for line in _people(PAPER_AUTHORS)),
        "  - type: software",
        f"    title: {SOFTWARE}",
        f"    version: {_text(facts.software_version)}",
        f"    license: {SOFTWARE_LICENSE}",
        "    authors:",
        f"      - name: {_text(f'The {SOFTWARE} developers')}",
    ]
    return ("\n".join(lines) + "\n").encode()


def _people(names: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield persons by family and given name, and groups as entities."""
    for name, given in names:
        if given:
            yield f"  - family-names: {_text(name)}"
            yield f"    given-names: {_text(given)}"
        else:
            yield f"  - name: {_text(name)}"


def _text(value: str) -> str:
    """Return a JSON string, which is also a double-quoted YAML string."""
    return json.dumps(value, ensure_ascii=False)
