"""What is checked of a release, and what was found wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from merging.formats.tree.tree_files import Tree
from terrain.aggregation.methods import MergeMethod


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a release: one sentence on one of its paths."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Subject:
    """One image and its files, as paths in the release; None where it has none of that kind."""

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
    """What there is to check, what was seen to be wrong already, and what cannot be checked."""

    tree: Tree
    codes: tuple[int, ...]
    method: MergeMethod | None
    sums: dict[str, str] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def recomputed(self) -> int:
        """Images whose masks are made again from their labels."""
        return sum(subject.is_recomputed for subject in self.subjects)
