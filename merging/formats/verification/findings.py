"""What is verified in a release, and the problems that were found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from merging.formats.tree.tree_files import Tree
from terrain.aggregation.methods import MergeMethod


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of a release: one sentence about one of its paths."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Subject:
    """One image and the paths of its files in the release; None for missing kinds."""

    product_id: str
    frame: str | None
    removing: tuple[str, ...]
    masks: Mapping[str, str]
    raw: str | None
    labels: int | None
    is_imported: bool = False
    is_recomputed: bool = False


@dataclass(slots=True)
class Plan:
    """What to verify, the problems found so far, and what cannot be verified."""

    tree: Tree
    codes: tuple[int, ...]
    method: MergeMethod | None
    sums: dict[str, str] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def recomputed(self) -> int:
        """The number of images whose masks are merged again from their labels."""
        return sum(subject.is_recomputed for subject in self.subjects)
