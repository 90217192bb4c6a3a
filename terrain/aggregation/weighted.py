"""Merges other than one labeler, one vote, and what a merge can say besides the class. Pure.

Everything is decided for combinations of votes (``terrain.skill.patterns``), not for pixels: an
image has a million pixels, and some thousands of combinations. What can be is computed in whole
numbers, so that neither the order of the labels nor the machine changes a pixel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from terrain.aggregation.majority import MergeRule
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.metrics.contingency import balanced_accuracy
from terrain.skill.dawid_skene import Real
from terrain.skill.patterns import NO_VOTE, VoteRuns, Votes
from terrain.skill.probabilities import class_probabilities

Mask = npt.NDArray[np.uint8]
Places = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]

#: In a layer of confidence: nobody labeled the pixel.
NOBODY = 255
#: Labelers of a pixel and votes for a class are counted up to here.
MOST_COUNTED = 255
#: Chances are compared in this many parts.
CHANCE_PARTS = 1_000_000
#: Below this share of all terrain a class was perhaps only ever drawn by mistake.
SMALLEST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a merge for each pattern of votes.

    ``winner`` is uint8 (patterns,), the place of the class among the campaign's codes, ``NO_VOTE``
    where none wins. ``percent`` is uint8 (patterns,): of the votes (or their weights), the share of
    the class that leads, or its chance; whole percent, rounded down; ``NOBODY`` where nobody
    labeled the pixel.
    """

    winner: Places
    percent: Places


@dataclass(frozen=True, slots=True)
class MergeInputs:
    """What a merge method needs besides the votes of one image's labels.

    ``weights`` has a whole number per label (SKILL, RATINGS), ``chosen`` is the place of the label
    that was drawn (RANDOM), ``prior`` float64 (classes,) and ``matrices`` float64 (labels, classes,
    classes) are those of ``terrain.skill.probabilities.class_probabilities`` (EM).
    """

    weights: tuple[int, ...] | None = None
    chosen: int | None = None
    prior: Real | None = None
    matrices: Real | None = None

    @staticmethod
    def of_skill(method: MergeMethod, prior: Real, matrices: Real) -> MergeInputs:
        """Return the inputs of SKILL or EM, from the confusion matrices of the labelers."""
        if method.kind == Kind.SKILL:
            return MergeInputs(weights=tuple(skill_weights(prior, matrices)))
        return MergeInputs(prior=prior, matrices=matrices)


def decide_patterns(
    votes: Votes, classes: int, method: MergeMethod, known: MergeInputs
) -> Decision:
    """Merge each pattern of votes by a method; ``votes`` is uint8 (patterns, labels)."""
    if method.kind == Kind.RANDOM:
        return random_label_decision(votes, classes, known.chosen)
    if method.kind == Kind.EM:
        if known.prior is None or known.matrices is None:
            raise ValueError("The most probable class needs the labelers' confusion matrices.")
        return em_decision(votes, method.rule, known.prior, known.matrices)
    if known.weights is None and method.kind != Kind.VOTES:
        raise ValueError("A weighted vote needs the weight of each label.")
    return weighted_decision(votes, classes, method.rule, known.weights)


def count_votes(votes: Votes, classes: int, weights: Sequence[int] | None = None) -> Counts:
    """Count the votes for each class, or add up their weights: int64 (patterns, classes).

    ``votes`` is uint8 (patterns, labels) as in ``terrain.skill.patterns``; ``weights`` has a whole
    number per label (None: each weighs 1).

    >>> votes = np.array([[0, 0, 1], [1, NO_VOTE, 1]], dtype=np.uint8)
    >>> count_votes(votes, classes=2).tolist()
    [[2, 1], [0, 2]]
    """
    counts = np.zeros((len(votes), classes), dtype=np.int64)
    for label in range(votes.shape[1]):
        voting = np.flatnonzero(votes[:, label] != NO_VOTE)
        counts[voting, votes[voting, label]] += 1 if weights is None else weights[label]
    return counts


def weighted_decision(
    votes: Votes, classes: int, rule: MergeRule, weights: Sequence[int] | None = None
) -> Decision:
    """Return the class with the largest weight, where ``rule`` accepts it (paper 3.3).

    At least ``rule.minimum`` labelers of any weight but 0 chose it, and they have the share of the
    weight on the pixel that the rule wants. Two classes with equal weight are a tie, and a tie is
    unlabeled. Without weights it is the paper's rule.
    """
    counted = list(weights) if weights is not None else [1] * votes.shape[1]
    weight = count_votes(votes, classes, counted)
    chosen = count_votes(votes, classes, [int(each > 0) for each in counted])
    leader, single = _leader(weight)
    most = weight.max(axis=1, initial=0)
    whole = weight.sum(axis=1)
    accepted = single & (_of(chosen, leader) >= rule.minimum) & _reaches(most, whole, rule)
    percent = 100 * most // np.maximum(whole, 1)
    return _decision(leader, accepted, percent, whole > 0)


def em_decision(votes: Votes, rule: MergeRule, prior: Real, matrices: Real) -> Decision:
    """Return the most probable class given the confusion matrices (Dawid & Skene 1979).

    It wins where at least ``rule.minimum`` labelers chose it and its chance is what the rule wants.
    ``prior`` is float64 (classes,), ``matrices`` float64 (labels, classes, classes), as in
    ``terrain.skill.probabilities.class_probabilities``. Chances are compared in millionths.
    """
    chances = class_probabilities(votes, prior, matrices)
    parts = np.rint(chances * CHANCE_PARTS).astype(np.int64)
    leader, single = _leader(parts)
    most = parts.max(axis=1, initial=0)
    enough = _of(count_votes(votes, len(prior)), leader) >= rule.minimum
    accepted = single & enough & _reaches(most, np.full_like(most, CHANCE_PARTS), rule)
    percent = 100 * most // CHANCE_PARTS
    return _decision(leader, accepted, percent, (votes != NO_VOTE).any(axis=1))


def random_label_decision(votes: Votes, classes: int, label: int | None) -> Decision:
    """Return the classes of one chosen label (paper 4.1), with its share of the votes.

    ``label`` is its place among the labels; None: there is none.
    """
    counts = count_votes(votes, classes)
    voters = counts.sum(axis=1)
    if label is None:
        nothing = np.zeros(len(votes), dtype=np.int64)
        return _decision(nothing, nothing > 0, nothing, voters > 0)
    own = votes[:, label]
    drawn = own != NO_VOTE
    place = np.where(drawn, own, 0).astype(np.int64)
    agreeing = np.where(drawn, _of(counts, place), 0)
    return _decision(place, drawn, 100 * agreeing // np.maximum(voters, 1), voters > 0)


def random_label(seed: int, image: str, labels: Sequence[str]) -> int | None:
    """Return the index of the label chosen at random for an image (paper 4.1), or None.

    Each label gets a number from ``seed``, the image's name and its own, and the smallest wins: the
    order does not matter, and a label that comes or goes changes the choice only where it wins.

    >>> random_label(1, "image", ["a", "b"]) == 1 - random_label(1, "image", ["b", "a"])
    True
    >>> random_label(1, "image", []) is None
    True
    """
    numbers = [hashlib.sha256(f"{seed} {image} {label}".encode()).digest() for label in labels]
    return min(range(len(labels)), key=numbers.__getitem__, default=None)


def skill_weights(prior: Real, matrices: Real) -> list[int]:
    """Return the weight of each labeler's vote: 0 (random guessing) to 100 (no errors).

    The balanced accuracy, the mean over the classes of the chance to draw a class as what it is,
    brought to a scale on which guessing is 0 and no mistake is 100. Classes that hardly occur are
    left out. Shapes are those of ``probable_decision``.
    """
    often = np.flatnonzero(prior >= SMALLEST_SHARE).tolist()
    if len(often) < 2:
        return [100] * len(matrices)
    accuracy = balanced_accuracy(matrices, often)
    above = (accuracy - 1 / len(often)) / (1 - 1 / len(often))
    weights: list[int] = np.rint(100 * above.clip(0, 1)).astype(int).tolist()
    return weights


def rating_weight(ratings: Sequence[int], weights: Sequence[int]) -> int:
    """Return the weight of a label with these active ratings, by their median, rounded down.

    ``weights`` are those of ratings 2, 3, 4, 5 and of no rating. A 1 throws a label out: 0.

    >>> rating_weight([5, 2], weights=(1, 2, 3, 4, 2)), rating_weight([], weights=(1, 2, 3, 4, 2))
    (2, 2)
    """
    if not ratings:
        return weights[-1]
    ordered = sorted(ratings)
    half = len(ordered) // 2
    median = ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2
    return weights[median - 2] if median >= 2 else 0


def merged_mask(
    runs: VoteRuns, decision: Decision, codes: Sequence[int], shape: tuple[int, int]
) -> Mask:
    """Return the merged mask: uint8 of ``shape`` (height, width), 255 where no class wins."""
    names = np.full(256, NO_VOTE, dtype=np.uint8)
    names[: len(codes)] = codes
    return _pixels(runs, names[decision.winner], shape, NO_VOTE)


@dataclass(frozen=True, slots=True)
class Layers:
    """The votes behind a merged mask, pixel by pixel.

    ``votes`` is uint8 (classes, height, width): labels that give each class, in the order of the
    campaign's codes. ``labelers`` is uint8 (height, width): labels that give any. Both count to 255
    and stay there. ``confidence`` is uint8 (height, width), percent, as in ``Decision``: 255 where
    nobody labeled the pixel.
    """

    votes: npt.NDArray[np.uint8]
    labelers: Mask
    confidence: Mask


def merge_layers(
    runs: VoteRuns, decision: Decision, classes: int, shape: tuple[int, int]
) -> Layers:
    """Return the layers of a merge, of ``shape`` (height, width)."""
    counts = count_votes(runs.votes, classes)
    planes = [_pixels(runs, _counted(counts[:, k]), shape, 0) for k in range(classes)]
    return Layers(
        np.stack(planes) if planes else np.zeros((0, *shape), dtype=np.uint8),
        _pixels(runs, _counted(counts.sum(axis=1)), shape, 0),
        _pixels(runs, decision.percent, shape, NOBODY),
    )


def _counted(counts: Counts) -> Places:
    """Return counts as uint8, limited to MOST_COUNTED."""
    return np.minimum(counts, MOST_COUNTED).astype(np.uint8)


def _pixels(runs: VoteRuns, values: Places, shape: tuple[int, int], empty: int) -> Mask:
    """Return the image of one value per pattern; ``empty`` everywhere if there are no labels."""
    if not len(runs.lengths):
        return np.full(shape, empty, dtype=np.uint8)
    line = np.repeat(values[runs.pattern], runs.lengths)
    # The runs also cover the bits that fill up the last word.
    return line[: shape[0] * shape[1]].reshape(shape)


def _leader(counts: Counts) -> tuple[Counts, npt.NDArray[np.bool_]]:
    """Return the index of each pattern's largest number, and whether it is the only largest one."""
    if not counts.shape[1]:
        return np.zeros(len(counts), dtype=np.int64), np.zeros(len(counts), dtype=np.bool_)
    most = counts.max(axis=1, keepdims=True)
    return counts.argmax(axis=1), (counts == most).sum(axis=1) == 1


def _of(counts: Counts, place: Counts) -> Counts:
    """Return the number at each pattern's index."""
    if not counts.shape[1]:
        return np.zeros(len(counts), dtype=np.int64)
    taken: Counts = np.take_along_axis(counts, place[:, None], axis=1)[:, 0]
    return taken


def _reaches(part: Counts, whole: Counts, rule: MergeRule) -> npt.NDArray[np.bool_]:
    """Return where ``part / whole`` is the share that the rule requires; never where 0 / 0."""
    share = Fraction(rule.percent) / 100
    left, right = part * share.denominator, whole * share.numerator
    reached: npt.NDArray[np.bool_] = (left > right) if rule.strict else (left >= right)
    return reached & (whole > 0)


def _decision(
    leader: Counts, accepted: npt.NDArray[np.bool_], percent: Counts, labeled: npt.NDArray[np.bool_]
) -> Decision:
    """Return the decision: NO_VOTE where none is accepted, NOBODY where nobody labeled."""
    return Decision(
        np.where(accepted, leader, NO_VOTE).astype(np.uint8),
        np.where(labeled, percent, NOBODY).astype(np.uint8),
    )
