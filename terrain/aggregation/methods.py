"""Merge methods for the crowd's labels: the paper's rule and its alternatives.

A method is a value that is stored with a release: the same labels and method give the same masks.
Gold images are always merged by the gold rules (paper 3.3), whatever the method.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from terrain.aggregation.majority import PAPER_RULE, MergeRule


class Kind(StrEnum):
    """The methods by which labels of one image are merged."""

    #: One labeler, one vote (paper 3.3).
    VOTES = "votes"
    #: Votes are weighted by the skill of their labelers.
    SKILL = "skill"
    #: Votes are weighted by the reviewers' ratings of the labels.
    RATINGS = "ratings"
    #: The most probable class under the confusion matrices of the labelers (Dawid & Skene 1979).
    EM = "em"
    #: One label of each image, chosen at random (paper 4.1).
    RANDOM = "random"


class UnknownMethod(ValueError):
    """A stored or typed value is not a merge method; the message says why."""


#: Weights of labels with a median rating (rounded down) of 2, 3, 4, 5; a rating of 1 throws a label
#: out. Unrated labels, which are most of them, weigh as much as those rated 3.
RATING_WEIGHTS = (1, 2, 3, 4)
UNRATED_WEIGHT = 2

#: EM: a class needs this probability, and as many labelers as in the paper.
EM_RULE = MergeRule(minimum=3, percent=90, strict=True)


@dataclass(frozen=True, slots=True)
class MergeMethod:
    """A merge method with its parameters.

    Attributes:
        kind: The kind of method.
        rule: When the leading class of a pixel becomes its label. ``minimum`` counts labelers;
            ``percent`` is a share of the votes (VOTES), of their weights (SKILL, RATINGS) or the
            probability of the class (EM).
        seed: The seed of RANDOM, which has no rule.
        weights: For RATINGS, the weights of ratings 2, 3, 4, 5 and of unrated labels.
        skill: For SKILL and EM, the estimate of the labelers' skill; "" for the current one.
    """

    kind: Kind
    rule: MergeRule = PAPER_RULE
    seed: int = 0
    weights: tuple[int, ...] = (*RATING_WEIGHTS, UNRATED_WEIGHT)
    skill: str = ""

    def __post_init__(self) -> None:
        if len(self.weights) != len(RATING_WEIGHTS) + 1 or min(self.weights) < 0:
            raise UnknownMethod(
                "Give five whole numbers of 0 or more: what ratings of 2, 3, 4 and 5 weigh, and "
                "no rating."
            )

    @property
    def needs_skill(self) -> bool:
        """Return whether the method needs an estimate of the labelers' skill."""
        return self.kind in (Kind.SKILL, Kind.EM)

    def to_json(self) -> dict[str, Any]:
        """Return the parameters of this kind as plain values; ``from_json`` is the inverse.

        >>> MergeMethod(Kind.VOTES).to_json()
        {'kind': 'votes', 'minimum': 3, 'percent': '65', 'strict': True}
        >>> MergeMethod.from_json({"kind": "random", "seed": 7}).seed
        7
        """
        said: dict[str, Any] = {"kind": self.kind.value}
        if self.kind == Kind.RANDOM:
            return {**said, "seed": self.seed}
        said["minimum"] = self.rule.minimum
        said["percent"] = str(self.rule.percent)
        said["strict"] = self.rule.strict
        if self.kind == Kind.RATINGS:
            said["weights"] = list(self.weights)
        if self.needs_skill:
            said["skill"] = self.skill
        return said

    @staticmethod
    def from_json(said: Mapping[str, Any]) -> MergeMethod:
        """Return the method that ``to_json`` wrote. Raises UnknownMethod for anything else."""
        try:
            kind = Kind(said["kind"])
            if kind == Kind.RANDOM:
                return MergeMethod(kind, seed=int(said["seed"]))
            share = Fraction(str(said["percent"]))
            percent = share.numerator if share.denominator == 1 else share
            rule = MergeRule(int(said["minimum"]), percent, bool(said["strict"]))
            if kind == Kind.RATINGS:
                weights = tuple(int(weight) for weight in said["weights"])
                return MergeMethod(kind, rule, weights=weights)
            return MergeMethod(kind, rule, skill=str(said.get("skill", "")))
        except UnknownMethod:
            raise
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            raise UnknownMethod(f"{dict(said)!r} is no way to merge labels: {error}") from error

    def __str__(self) -> str:
        """Describe the method in words, for people and for a release's documents."""
        if self.kind == Kind.RANDOM:
            return f"one accepted label of each image, drawn by lot (seed {self.seed})"
        if self.kind == Kind.VOTES:
            return str(self.rule)
        bound = f"{'more than' if self.rule.strict else 'at least'} {self.rule.percent} %"
        labelers = f"at least {self.rule.minimum} labelers"
        if self.kind == Kind.EM:
            return (
                f"the most probable class by the confusion matrices of the labelers: {labelers} "
                f"and {bound} probable"
            )
        if self.kind == Kind.SKILL:
            return (
                f"{labelers} and {bound} of the votes on the pixel, each weighed by the skill of "
                "its labeler"
            )
        *rated, unrated = self.weights
        return (
            f"{labelers} and {bound} of the votes on the pixel, each weighed by the label's rating "
            f"(2, 3, 4, 5: {', '.join(map(str, rated))}; none: {unrated})"
        )


def methods_to_compare(rule: MergeRule, seed: int = 0) -> dict[Kind, MergeMethod]:
    """Return one method of each kind, with the campaign's own rule."""
    probable = MergeRule(rule.minimum, EM_RULE.percent, EM_RULE.strict)
    return {
        Kind.VOTES: MergeMethod(Kind.VOTES, rule),
        Kind.SKILL: MergeMethod(Kind.SKILL, rule),
        Kind.RATINGS: MergeMethod(Kind.RATINGS, rule),
        Kind.EM: MergeMethod(Kind.EM, probable),
        Kind.RANDOM: MergeMethod(Kind.RANDOM, seed=seed),
    }
