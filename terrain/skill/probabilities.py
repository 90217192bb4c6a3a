"""Posteriors of the classes given the votes, after the model of ``terrain.skill.dawid_skene``.

The posterior of a class is proportional to its share of all terrain times, for each vote, the
probability that the labeler draws the class as voted. The review queue uses it for the expected
quality of labels, and a merge for the class of a pixel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrain.metrics.contingency import ClassCounts
from terrain.skill.dawid_skene import (
    Real,
    SkillModel,
    joint_logarithms,
    posteriors,
    vote_logarithms,
)
from terrain.skill.patterns import NO_VOTE, Votes
from terrain.skill.votes import CampaignVotes

#: Steps per unit of a log-probability.
LOGARITHM_STEPS = 1 << 32


def class_probabilities(votes: Votes, prior: Real, matrices: Real) -> Real:
    """Return the posterior of each class for each pattern: float64 (patterns, classes).

    ``votes`` is uint8 (patterns, labels) as in ``terrain.skill.patterns``; ``prior`` float64
    (classes,), ``matrices`` float64 (labels, classes, classes), the confusion matrix of each
    label's labeler. Without votes it is the prior. Sums use integers, so the order of the labels
    does not change a posterior, not even in its last bit.

    >>> votes = np.array([[0, 0], [NO_VOTE, NO_VOTE]], dtype=np.uint8)
    >>> matrices = np.array([[[0.9, 0.1], [0.1, 0.9]]] * 2)
    >>> class_probabilities(votes, np.array([0.5, 0.5]), matrices).round(3).tolist()
    [[0.988, 0.012], [0.5, 0.5]]
    """
    from scipy.special import softmax

    logarithms = _in_steps(np.log(matrices))
    evidence = np.tile(_in_steps(np.log(prior)), (len(votes), 1))
    for label in range(votes.shape[1]):
        voting = votes[:, label] != NO_VOTE
        evidence[voting] += logarithms[label].T[votes[voting, label]]
    chances: Real = softmax(evidence / LOGARITHM_STEPS, axis=1)
    return chances


def _in_steps(logarithms: Real) -> npt.NDArray[np.int64]:
    """Return logarithms as an integer number of steps."""
    return np.rint(logarithms * LOGARITHM_STEPS).astype(np.int64)


def expected_quality(votes: CampaignVotes, model: SkillModel) -> Real:
    """Return the expected agreement of each label with the truth, 0..1: float64 (labels,).

    The expected Jaccard index of label A and truth T, E|A_c and T_c| / E|A_c or T_c|, averaged over
    the classes that A has or that are the most probable one somewhere in the image. This is the
    agreement score (paper 3.1.3), with the posterior from the *other* labels in place of each other
    label. A label's own votes do not affect its quality. Only pixels with votes of at least two
    labels are used; NaN for a label that has no such pixels.
    """
    from scipy.special import softmax

    classes, labels = votes.classes, len(votes.labelers)
    inside, drawn, own = (np.zeros((labels, classes)) for _ in range(3))
    of_image = np.zeros((votes.image_count, classes))
    present = np.zeros((votes.image_count, classes), dtype=np.bool_)
    image_of = np.zeros(labels, dtype=np.int64)
    weights = vote_logarithms(model.matrices)
    for block in votes.blocks:
        posterior, _ = posteriors(block, model.prior, model.matrices)
        pixels, pattern = block.pixels, block.pattern
        for c in range(classes):
            of_image[:, c] += np.bincount(block.image, pixels * posterior[:, c], votes.image_count)
        present[block.image, posterior.argmax(axis=1)] = True
        joint = joint_logarithms(block, model.prior, model.matrices)
        others = softmax(joint[pattern] - weights[block.marks.indices], axis=1)
        image_of[block.label] = block.image[pattern]
        vote = block.marks.indices % classes
        for c in range(classes):
            weight = pixels[pattern]
            as_c = weight * (vote == c)
            drawn[:, c] += np.bincount(block.label, as_c, labels)
            inside[:, c] += np.bincount(block.label, as_c * others[:, c], labels)
            change = others[:, c] - posterior[pattern, c]
            own[:, c] += np.bincount(block.label, weight * change, labels)
    truth = of_image[image_of] + own
    counted = (drawn > 0) | present[image_of]
    expected = np.nan_to_num(ClassCounts(inside, drawn, truth).iou())
    total = counted.sum(axis=1)
    quality: Real = np.full(labels, np.nan)
    np.divide((expected * counted).sum(axis=1), total, out=quality, where=drawn.any(axis=1))
    return quality
