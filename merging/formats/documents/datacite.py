"""`datacite.json`: metadata for a DOI, DataCite schema 4.5.

A release has no DOI when it is built. Whoever registers one adds it. Until then, the campaign and
version identify the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from merging.formats.contents.facts import FileFact, ReleaseFacts
from merging.formats.contents.licenses import license_url
from merging.formats.documents.naming import (
    KEYWORDS,
    PAPER_TITLE,
    PAPER_VENUE,
    PAPER_YEAR,
    Creator,
    abstract,
    creators,
    publisher,
    rights,
)
from merging.formats.documents.texts import json_document


def datacite(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return the required metadata of DataCite, and the recommended metadata that is known."""
    said: dict[str, Any] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "types": {"resourceTypeGeneral": "Dataset", "resourceType": "Images and labels"},
        "creators": [_creator(each) for each in creators(facts)],
        "titles": [{"title": facts.title}],
        "publisher": {"name": publisher(facts)},
        "publicationYear": str(facts.released_on.year),
        "version": facts.version,
        "language": "en",
        "dates": [{"date": facts.released_on.isoformat(), "dateType": "Issued"}],
        "subjects": [{"subject": word} for word in KEYWORDS],
        "descriptions": [{"description": abstract(facts), "descriptionType": "Abstract"}],
        "rightsList": [
            {
                "rights": rights(facts),
                "rightsUri": license_url(facts.license),
                "rightsIdentifier": facts.license,
                "rightsIdentifierScheme": "SPDX",
                "schemeUri": "https://spdx.org/licenses/",
            }
        ],
        "formats": sorted({file.path.rpartition(".")[2].lower() for file in files}),
        "sizes": [f"{len(files)} files", f"{sum(file.size for file in files)} bytes"],
        "alternateIdentifiers": [
            {
                "alternateIdentifier": f"{facts.slug}/{facts.version}",
                "alternateIdentifierType": "Campaign and version",
            }
        ],
        "relatedItems": [
            {
                "titles": [{"title": PAPER_TITLE}, {"title": PAPER_VENUE}],
                "publicationYear": str(PAPER_YEAR),
                "relatedItemType": "ConferencePaper",
                "relationType": "References",
            },
            {
                "titles": [{"title": facts.software}],
                "relatedItemType": "Software",
                "relationType": "IsCompiledBy",
            },
        ],
    }
    if facts.credits.strip():
        said["descriptions"].append(
            {"description": facts.credits.strip(), "descriptionType": "Other"}
        )
    return json_document(said)


def _creator(creator: Creator) -> dict[str, str]:
    if not creator.is_person:
        return {"name": creator.name, "nameType": "Organizational"}
    return {
        "name": creator.whole,
        "nameType": "Personal",
        "familyName": creator.name,
        "givenName": creator.given,
    }
