"""Weighted merges, merges by probability, and the layers of a merge. Pure.

Merges are computed for patterns of votes (``terrain.skill.patterns``), not for pixels: an image has
a million pixels but only a few thousand patterns. Most arithmetic uses integers, so the result
depends neither on the order of the labels nor on the machine.
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

#: Value of the confidence layer where nobody labeled the pixel.
NOBODY = 255
#: Counts of labelers and votes in layers are limited to this value.
MOST_COUNTED = 255
#: Probabilities are compared in units of one millionth.
CHANCE_PARTS = 1_000_000
#: A class with a smaller share of all terrain may have been drawn only by mistake.
SMALLEST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a merge for each pattern of votes.

    ``winner`` is uint8 (patterns,), the index of the winning class among the campaign's codes, or
    ``NO_VOTE``. ``percent`` is uint8 (patterns,): the leading class's share of the votes or
    weights, or its probability, in whole percent rounded down; ``NOBODY`` where nobody labeled the
    pixel.
    """

    winner: Places
    percent: Places


@dataclass(frozen=True, slots=True)
class MergeInputs:
    """What a merge method needs besides the votes of one image's labels.

    ``weights`` has an integer per label (SKILL, RATINGS), ``chosen`` is the index of the randomly
    chosen label (RANDOM), ``prior`` float64 (classes,) and ``matrices`` float64 (labels, classes,
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
            raise ValueError("Dawid-Skene (EM) needs the labelers' confusion matrices.")
        return em_decision(votes, method.rule, known.prior, known.matrices)
    if known.weights is None and method.kind != Kind.VOTES:
        raise ValueError("A weighted vote needs the weight of each label.")
    return weighted_decision(votes, classes, method.rule, known.weights)


def count_votes(votes: Votes, classes: int, weights: Sequence[int] | None = None) -> Counts:
    """Count the votes for each class, or add up their weights: int64 (patterns, classes).

    ``votes`` is uint8 (patterns, labels) as in ``terrain.skill.patterns``; ``weights`` has an
    integer per label; None gives each label the weight 1.

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

    At least ``rule.minimum`` labelers with a weight above 0 must have chosen the class, and they
    must have the share of the pixel's weight that the rule requires. A tie stays unlabeled. Without
    weights this is the paper's rule.
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

    At least ``rule.minimum`` labelers must have chosen the class, and it must have the probability
    that the rule requires.
    ``prior`` is float64 (classes,), ``matrices`` float64 (labels, classes, classes), as in
    ``terrain.skill.probabilities.class_probabilities``. Probabilities are compared in millionths.
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

    The share is of the labelers who labeled the pixel. ``label`` is the index of the label, or None
    if there is none.
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

    Each label gets a hash of ``seed``, the image's name and its own name, and the smallest wins. So
    the order does not matter, and an added label changes the choice only if it wins. None is for an
    image without labels.

    >>> random_label(1, "image", ["a", "b"]) == 1 - random_label(1, "image", ["b", "a"])
    True
    >>> random_label(1, "image", []) is None
    True
    """
    numbers = [hashlib.sha256(f"{seed} {image} {label}".encode()).digest() for label in labels]
    return min(range(len(labels)), key=numbers.__getitem__, default=None)


def skill_weights(prior: Real, matrices: Real) -> list[int]:
    """Return the weight of each labeler's vote: 0 (random guessing) to 100 (no errors).

    The weight is the balanced accuracy, rescaled so that guessing gives 0 and a labeler without
    errors 100. Rare classes are left out. Shapes are those of ``em_decision``.
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

    ``weights`` are those of ratings 2, 3, 4, 5 and of unrated labels. A median of 1 gives 0.

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

    ``votes`` is uint8 (classes, height, width), the votes for each class in the order of the
    campaign's codes. ``labelers`` is uint8 (height, width), the number of votes. Both are limited
    to 255. ``confidence`` is uint8 (height, width), percent, as in ``Decision``: 255 where nobody
    labeled the pixel.
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
    """Return an image with each pattern's value at its pixels; all ``empty`` without labels."""
    if not len(runs.lengths):
        return np.full(shape, empty, dtype=np.uint8)
    line = np.repeat(values[runs.pattern], runs.lengths)
    # The runs also cover the bits that fill up the last word.
    return line[: shape[0] * shape[1]].reshape(shape)


def _leader(counts: Counts) -> tuple[Counts, npt.NDArray[np.bool_]]:
    """Return the index of each pattern's largest count, and whether that maximum is unique."""
    if not counts.shape[1]:
        return np.zeros(len(counts), dtype=np.int64), np.zeros(len(counts), dtype=np.bool_)
    most = counts.max(axis=1, keepdims=True)
    return counts.argmax(axis=1), (counts == most).sum(axis=1) == 1


def _of(counts: Counts, place: Counts) -> Counts:
    """Return the count at each pattern's index."""
    if not counts.shape[1]:
        return np.zeros(len(counts), dtype=np.int64)
    taken: Counts = np.take_along_axis(counts, place[:, None], axis=1)[:, 0]
    return taken


def _reaches(part: Counts, whole: Counts, rule: MergeRule) -> npt.NDArray[np.bool_]:
    """Return where ``part / whole`` satisfies the share of the rule; False for 0 / 0."""
    share = Fraction(rule.percent) / 100
    left, right = part * share.denominator, whole * share.numerator
    reached: npt.NDArray[np.bool_] = (left > right) if rule.strict else (left >= right)
    return reached & (whole > 0)


def _decision(
    leader: Counts, accepted: npt.NDArray[np.bool_], percent: Counts, labeled: npt.NDArray[np.bool_]
) -> Decision:
    """Return the decision: NO_VOTE where no class is accepted, NOBODY where nobody labeled."""
    return Decision(
        np.where(accepted, leader, NO_VOTE).astype(np.uint8),
        np.where(labeled, percent, NOBODY).astype(np.uint8),
    )
