"""Confusion matrices of labelers, estimated from all overlaps of their labels.

The model of Dawid & Skene (1979), for pixels as in STAPLE (Warfield et al. 2004): each pixel has an
unknown true class, and each labeler draws it as a class with the probabilities of their confusion
matrix. Expectation maximization finds the matrices and class shares that maximize the likelihood of
the votes. It is deterministic: it starts from the shares of votes.

Unlabeled pixels count neither for nor against a labeler, because labels are sparse by design.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.skill.votes import Block, CampaignVotes

Real = npt.NDArray[np.float64]

#: The smallest probability, so that one vote never rules out a class.
SMALLEST = 1e-10
#: Stop when an iteration adds less than this to the log-likelihood per pixel.
TOLERANCE = 1e-6
MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class SkillModel:
    """The confusion matrices of labelers, with the counts they were fitted to.

    ``prior`` is float64 (classes,), the share of each class. ``matrices`` is float64 (labelers,
    classes, classes): ``[w, t, d]`` is the probability that labeler w draws a pixel of class t as
    d, given that they label it. ``counts``, of the same shape, are the expected pixel counts from
    which the matrices were computed; ``smoothing`` (classes, classes) are the pseudo-counts added
    for each labeler. ``history`` is the objective per pixel after each iteration; it never
    decreases.
    """

    prior: Real
    matrices: Real
    counts: Real
    smoothing: Real
    history: tuple[float, ...]
    converged: bool


def fit(
    votes: CampaignVotes,
    smoothing: Real | None = None,
    start: SkillModel | None = None,
    rounds: int = MOST_ROUNDS,
    tolerance: float = TOLERANCE,
) -> SkillModel:
    """Fit matrices and class shares to votes by expectation maximization.

    Args:
        votes: All votes of a campaign.
        smoothing: Pseudo-counts added to each labeler's, float64 (classes, classes): the parameters
            of a Dirichlet prior of each row, minus one. None: maximum likelihood.
        start: A model of the same labelers to start from.
        rounds: The largest number of iterations.
        tolerance: The smallest gain per pixel for another iteration.

    Returns:
        The model. Without votes all probabilities are equal.

    >>> from terrain.skill.patterns import VotePatterns
    >>> from terrain.skill.votes import ImageVotes, collect_votes
    >>> patterns = VotePatterns(np.array([[0, 0], [1, 1]], dtype=np.uint8), np.array([3, 1]))
    >>> votes = collect_votes([ImageVotes(patterns, labelers=[0, 1])], labeler_count=2, classes=2)
    >>> fit(votes).prior.round(3).tolist()
    [0.75, 0.25]
    """
    if smoothing is None:
        smoothing = np.zeros((votes.classes, votes.classes))
    counts, classes = _majority(votes) if start is None else (start.counts, start.prior)
    pixels = max(votes.pixels, 1.0)
    history: list[float] = []
    while True:
        prior, matrices = _shares(classes), _shares(counts + smoothing)
        counts, classes, probability = _expected(votes, prior, matrices)
        probability += float((smoothing * np.log(matrices)).sum())
        history.append(probability / pixels)
        converged = len(history) > 1 and history[-1] - history[-2] < tolerance
        if converged or len(history) >= rounds:
            return SkillModel(prior, matrices, counts, smoothing, tuple(history), converged)


def _majority(votes: CampaignVotes) -> tuple[Real, Real]:
    """Return the counts and class sizes if each pattern's shares of votes were the truth."""
    of_class = np.tile(np.eye(votes.classes), (votes.labeler_count, 1))
    sums = _Sums(votes)
    for block in votes.blocks:
        shares = block.marks @ of_class
        sums.add(block, shares / shares.sum(axis=1, keepdims=True))
    return sums.counts, sums.classes


def _expected(votes: CampaignVotes, prior: Real, matrices: Real) -> tuple[Real, Real, float]:
    """Return expected counts by labeler, true and drawn class; class sizes; log-likelihood.

    float64 (labelers, classes, classes) and (classes,).
    """
    sums = _Sums(votes)
    likelihood = 0.0
    for block in votes.blocks:
        posterior, logarithms = posteriors(block, prior, matrices)
        sums.add(block, posterior)
        likelihood += float(block.pixels @ logarithms)
    return sums.counts, sums.classes, likelihood


class _Sums:
    """The sums over blocks of the posteriors that the maximization step needs."""

    def __init__(self, votes: CampaignVotes) -> None:
        self.classes = np.zeros(votes.classes)
        self._drawn = np.zeros((votes.labeler_count * votes.classes, votes.classes))

    def add(self, block: Block, posterior: Real) -> None:
        weighted = posterior * block.pixels[:, None]
        self.classes += weighted.sum(axis=0)
        self._drawn += block.marks.T @ weighted

    @property
    def counts(self) -> Real:
        classes = len(self.classes)
        counts: Real = self._drawn.reshape(-1, classes, classes).transpose(0, 2, 1)
        return counts


def _shares(counts: Real) -> Real:
    """Normalize counts to probabilities along the last axis; equal ones where all are 0."""
    total = counts.sum(axis=-1, keepdims=True)
    equal = np.full_like(counts, 1 / max(counts.shape[-1], 1))
    shares = np.maximum(np.divide(counts, total, out=equal, where=total > 0), SMALLEST)
    chances: Real = shares / shares.sum(axis=-1, keepdims=True)
    return chances


def posteriors(block: Block, prior: Real, matrices: Real) -> tuple[Real, Real]:
    """Return, for each pattern, the posterior of each class and the log-likelihood.

    float64 (patterns, classes) and (patterns,); votes on one pattern are treated as independent
    given the true class.
    """
    from scipy.special import logsumexp

    joint = joint_logarithms(block, prior, matrices)
    total = logsumexp(joint, axis=1)
    return np.exp(joint - total[:, None]), total


def joint_logarithms(block: Block, prior: Real, matrices: Real) -> Real:
    """Return log P(class t, votes) of each pattern: float64 (patterns, classes)."""
    joint: Real = block.marks @ vote_logarithms(matrices)
    joint += np.log(prior)
    return joint


def vote_logarithms(matrices: Real) -> Real:
    """Return a vote's log-likelihoods: float64 (labelers * drawn, true classes)."""
    labelers, classes, _ = matrices.shape
    weights: Real = np.log(matrices).transpose(0, 2, 1).reshape(labelers * classes, classes)
    return weights
