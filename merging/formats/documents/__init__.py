"""Documents of a release, for people and for programs: one module for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from merging.formats.contents.facts import FileFact, ReleaseFacts
from merging.formats.documents.changelog import changelog
from merging.formats.documents.citation import citation
from merging.formats.documents.croissant import croissant
from merging.formats.documents.datacite import datacite
from merging.formats.documents.datasheet import datasheet
from merging.formats.documents.info import info
from merging.formats.documents.label_keys import label_keys
from merging.formats.documents.license import license

Document = Callable[[ReleaseFacts, Sequence[FileFact]], bytes]

#: Path in a release -> function that writes it, from the facts and all files but the documents.
DOCUMENTS: Mapping[str, Document] = {
    "CITATION.cff": citation,
    "DATASHEET.md": datasheet,
    "LICENSE.txt": license,
    "changelog.md": changelog,
    "croissant.json": croissant,
    "datacite.json": datacite,
    "info.md": info,
    "label_keys.json": label_keys,
}
