"""`changelog.md`: what is different from the version before."""

from __future__ import annotations

from collections.abc import Sequence

from merging.formats.contents.facts import FileFact, ReleaseFacts


def changelog(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """The changes of this version; the versions before have changelogs of their own."""
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
