"""`LICENSE.txt`: the license by name and address, and the credits."""

from __future__ import annotations

from collections.abc import Sequence

from merging.formats.contents.facts import FileFact, ReleaseFacts
from merging.formats.contents.licenses import license_url
from merging.formats.documents.naming import creators, rights


def license(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return the license text: the license, the creators, and the credits."""
    people = "; ".join(each.whole for each in creators(facts))
    lines = [
        f"{facts.title}, version {facts.version}",
        f"Copyright {facts.released_on.year}: {people}",
        "",
        f"{rights(facts)}:",
        license_url(facts.license),
    ]
    if facts.credits.strip():
        lines += ["", "Credits", "", facts.credits.strip()]
    return ("\n".join(lines) + "\n").encode()
