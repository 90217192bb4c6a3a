"""Checksums of a release: the list in SHA256SUMS, and whether the files match it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from merging.formats.storage import checksums
from merging.formats.tree.tree_files import Tree, Unreadable, damage_is_unreadable
from merging.formats.verification.findings import Plan, Problem

_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def read(tree: Tree, names: Collection[str], made: Plan, *, is_ours: bool) -> None:
    """Read the checksums that a release lists. Every file needs a checksum, and every checksum a
    file.

    `is_ours` means that the release has a manifest, so it must have checksums.
    """
    if checksums.NAME not in names:
        if is_ours:
            made.problems.append(Problem(checksums.NAME, "It is missing."))
        made.unchecked.append("There is no SHA256SUMS, so changed files cannot be detected.")
        return
    lines = tree.read(checksums.NAME).decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if (match := _SUM.fullmatch(line)) and match[2] in made.sums:
            made.problems.append(
                Problem(checksums.NAME, f"Line {number} lists {match[2]} a second time.")
            )
        elif match:
            made.sums[match[2]] = match[1]
        else:
            made.problems.append(
                Problem(checksums.NAME, f"Line {number} is not a checksum and a path.")
            )
    for name in sorted(made.sums.keys() - set(names)):
        made.problems.append(Problem(name, "The file is missing."))
        del made.sums[name]
    for name in sorted(set(names) - made.sums.keys() - {checksums.NAME}):
        made.problems.append(Problem(name, "The file is not in SHA256SUMS."))


@dataclass(frozen=True, slots=True)
class CheckSum:
    """Compares a file with its checksum. It can be sent to other processes."""

    tree: Tree

    def __call__(self, listed: tuple[str, str]) -> list[Problem]:
        """Return the problems of one file, given its path and checksum."""
        path, expected = listed
        try:
            with damage_is_unreadable("It"), self.tree.open(path) as file:
                found = hashlib.file_digest(cast("Any", file), "sha256").hexdigest()
        except Unreadable as error:
            return [Problem(path, str(error))]
        if found != expected:
            return [Problem(path, "It was changed: its checksum differs from SHA256SUMS.")]
        return []
