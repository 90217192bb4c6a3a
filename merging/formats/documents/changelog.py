"""`changelog.md`: the changes since the previous version."""

from __future__ import annotations

from collections.abc import Sequence

from merging.formats.contents.facts import FileFact, ReleaseFacts


def changelog(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return the changes of this version. Earlier versions have their own changelogs."""
    lines = [
        f"# {facts.title}: changelog",
        "",
        f"## Version {facts.version} ({facts.released_on.isoformat()})",
        "",
    ]
    if facts.previous:
        lines += [f"Since version {facts.previous}:", ""]
        lines += [f"- {change}" for change in facts.changes]
    else:
        lines += ["- The first version."]
    return ("\n".join(lines) + "\n").encode()
