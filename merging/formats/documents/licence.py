"""`LICENSE.txt`: the licence by name and address, and the credits."""

from __future__ import annotations

from collections.abc import Sequence

from merging.formats.contents.facts import FileFact, ReleaseFacts
from merging.formats.contents.licences import licence_url
from merging.formats.documents.naming import creators, rights


def licence(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Under what terms, by whom, and whom it is owed to."""
    people = "; ".join(each.whole for each in creators(facts))
    lines = [
        f"{facts.title}, version {facts.version}",
        f"Copyright {facts.released_on.year}: {people}",
        "",
        f"{rights(facts)}:",
        licence_url(facts.licence),
    ]
    if facts.credits.strip():
        lines += ["", "Credits", "", facts.credits.strip()]
    return ("\n".join(lines) + "\n").encode()
