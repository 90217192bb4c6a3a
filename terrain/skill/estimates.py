"""Skill of a campaign's labelers with confidence intervals.

Pixels are not independent: a labeler who mistakes a dune for soil does so on all of its pixels. The
number of pixels per independent observation is estimated class by class, from the variance of a
labeler's accuracy between images (the design effect of cluster sampling, Kish 1965).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terrain.metrics.contingency import balanced_accuracy
from terrain.skill.dawid_skene import Real, SkillModel, fit, posteriors
from terrain.skill.votes import CampaignVotes

#: The weight of the prior, the crowd's matrix, in observations of each class.
CROWD_OBSERVATIONS = 2.0
#: The fewest labelers with two or more images for an estimate of the variance between images.
FEWEST_LABELERS = 5
#: A class with fewer observations in the whole campaign may have been drawn only by mistake.
FEWEST_OBSERVATIONS = 5.0
#: The share of the posterior inside an interval.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimates:
    """The estimated skill of the labelers of one campaign.

    ``model`` has the confusion matrices: posterior means. ``deviations``, float64 (labelers,
    classes, classes), are their posterior standard deviations, ``observations`` (labelers, classes)
    the numbers of independent observations of each true class behind them, each worth
    ``pixels_per_observation`` (classes,). ``classes`` are the indices of the classes that occur.
    ``skill`` (labelers,) is the balanced accuracy: the mean over these classes of the probability
    that a labeled pixel of the class is labeled correctly; ``low`` and ``high`` enclose 95 % of its
    posterior.
    """

    model: SkillModel
    deviations: Real
    observations: Real
    pixels_per_observation: Real
    classes: tuple[int, ...]
    skill: Real
    low: Real
    high: Real


def estimate(votes: CampaignVotes) -> Estimates:
    """Estimate the skill of all labelers from their overlaps with others.

    The model is fitted twice: first each label's area of a class counts as one observation, then
    as many as ``pixels_per_observation`` finds with the first fit.
    """
    first = fit(votes, rounds=1)
    pixels = _area_of_a_label(_label_sums(votes, first)[0])
    model = fit(votes, _smoothing(first, pixels))
    pixels = pixels_per_observation(votes, model)
    model = fit(votes, _smoothing(model, pixels), start=model)
    return _figures(votes, model, pixels)


def _smoothing(model: SkillModel, pixels: Real) -> Real:
    """Return the crowd's matrix, with the weight of a few observations of each class."""
    crowd = model.counts.sum(axis=0) + 1.0
    crowd *= CROWD_OBSERVATIONS * pixels[:, None] / crowd.sum(axis=1, keepdims=True)
    return np.asarray(crowd, dtype=np.float64)


def _label_sums(votes: CampaignVotes, model: SkillModel) -> tuple[Real, Real]:
    """Return the expected pixels of each class in each label, and the expected correct ones.

    float64 (labels, classes) each.
    """
    classes, labels = votes.classes, len(votes.labelers)
    area, right = np.zeros((labels, classes)), np.zeros((labels, classes))
    for block in votes.blocks:
        posterior, _ = posteriors(block, model.prior, model.matrices)
        weighted = posterior * block.pixels[:, None]
        pattern, drawn = block.pattern, block.marks.indices % classes
        for c in range(classes):
            pixels = weighted[pattern, c]
            area[:, c] += np.bincount(block.label, pixels, labels)
            right[:, c] += np.bincount(block.label, pixels * (drawn == c), labels)
    return area, right


def _area_of_a_label(area: Real) -> Real:
    """Return the size-weighted mean area of each class in a label, at least one pixel.

    ``area`` is float64 (labels, classes), the result (classes,). This is the number of
    pixels per observation if each label's area of a class were right or wrong as a whole.
    """
    total, squares = area.sum(axis=0), (area**2).sum(axis=0)
    mean: Real = np.divide(squares, total, out=np.ones(len(total)), where=total > 0)
    return mean.clip(min=1.0)


def pixels_per_observation(votes: CampaignVotes, model: SkillModel) -> Real:
    """Return the pixels per independent observation: float64 (classes,).

    A label has n pixels of a class, of which x are correct, and r = sum x / sum n over a labeler's
    labels. The variance of r between labels (of a ratio of cluster totals, Cochran 1977, 6.13) is
    divided by r (1 - r) / sum n, its value for independent pixels, and this ratio is pooled over
    labelers. If fewer than ``FEWEST_LABELERS`` have two labels, a label is treated as one
    observation.
    """
    area, right = _label_sums(votes, model)
    count = votes.labeler_count
    pixels = _area_of_a_label(area)
    for c in range(votes.classes):
        n, x = area[:, c], right[:, c]
        seen = n > 1.0
        who = votes.labelers[seen]
        n, x = n[seen], x[seen]
        labels, total = np.bincount(who, minlength=count), np.bincount(who, n, count)
        usable = labels >= 2
        if usable.sum() < FEWEST_LABELERS:
            continue
        rate = np.divide(np.bincount(who, x, count), total, out=np.zeros(count), where=total > 0)
        spread = np.bincount(who, (x - rate[who] * n) ** 2, count)[usable]
        labels, total, rate = labels[usable], total[usable], rate[usable]
        independent = float((rate * (1 - rate)).sum())
        if independent > 0:
            clustered = float((labels / (labels - 1) * spread / total).sum())
            pixels[c] = max(clustered / independent, 1.0)
    return pixels


def _figures(votes: CampaignVotes, model: SkillModel, pixels: Real) -> Estimates:
    """Return the posterior moments; each row of a matrix has a Dirichlet distribution."""
    observations = model.counts.sum(axis=2) / pixels
    certainty = observations + CROWD_OBSERVATIONS
    variance = model.matrices * (1 - model.matrices) / (certainty[:, :, None] + 1)
    places = _classes_that_occur(model, observations)
    skill = balanced_accuracy(model.matrices, places)
    spread = variance[:, places, places].sum(axis=1) / len(places) ** 2
    low, high = interval(skill, spread)
    deviations = np.sqrt(variance)
    return Estimates(model, deviations, observations, pixels, tuple(places), skill, low, high)


def _classes_that_occur(model: SkillModel, observations: Real) -> list[int]:
    """Return the classes to average over: the frequent ones, or all that were drawn."""
    drawn: list[int] = np.flatnonzero(model.counts.sum(axis=(0, 1)) > 0).tolist()
    seen = observations.sum(axis=0)
    often = [c for c in drawn if seen[c] >= FEWEST_OBSERVATIONS]
    return often or drawn or list(range(len(seen)))


def interval(mean: Real, variance: Real) -> tuple[Real, Real]:
    """Return the limits of the middle 95 % of Beta distributions with these moments.

    Arrays of any one shape; the limits stay within 0 and 1.

    >>> low, high = interval(np.array([0.5]), np.array([1 / 12]))  # a uniform distribution
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.025], [0.975])
    """
    from scipy.special import betaincinv

    inside = np.clip(mean, 1e-6, 1 - 1e-6)
    size = np.maximum(inside * (1 - inside) / np.maximum(variance, 1e-12) - 1, 1e-3)
    a, b = inside * size, (1 - inside) * size
    tail = (1 - CONFIDENCE) / 2
    low, high = betaincinv(a, b, tail), betaincinv(a, b, 1 - tail)
    # The mean of a very lopsided distribution can lie outside of its middle part.
    return np.minimum(low, mean), np.maximum(high, mean)
