"""The sums of a release: what SHA256SUMS lists, and whether the files are as it says."""

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
    """Note the sums that a release lists; every file must have one, and every sum its file.

    `is_ours`: it has a manifest, so sums belong to it.
    """
    if checksums.NAME not in names:
        if is_ours:
            made.problems.append(Problem(checksums.NAME, "It is missing."))
        made.unchecked.append("There is no SHA256SUMS: whether files were changed is not known.")
        return
    lines = tree.read(checksums.NAME).decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if (match := _SUM.fullmatch(line)) and match[2] in made.sums:
            made.problems.append(
                Problem(checksums.NAME, f"Line {number} names {match[2]} a second time.")
            )
        elif match:
            made.sums[match[2]] = match[1]
        else:
            made.problems.append(Problem(checksums.NAME, f"Line {number} is not a sum and a path."))
    for name in sorted(made.sums.keys() - set(names)):
        made.problems.append(Problem(name, "The file is missing."))
        del made.sums[name]
    for name in sorted(set(names) - made.sums.keys() - {checksums.NAME}):
        made.problems.append(Problem(name, "The file is not in SHA256SUMS."))


@dataclass(frozen=True, slots=True)
class CheckSum:
    """Compares a file with its sum; it can be sent to other processes."""

    tree: Tree

    def __call__(self, listed: tuple[str, str]) -> list[Problem]:
        path, expected = listed
        try:
            with damage_is_unreadable("It"), self.tree.open(path) as file:
                found = hashlib.file_digest(cast("Any", file), "sha256").hexdigest()
        except Unreadable as error:
            return [Problem(path, str(error))]
        if found != expected:
            return [Problem(path, "It was changed: its sum is not that of SHA256SUMS.")]
        return []
