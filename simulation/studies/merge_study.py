"""Accuracy of each merge method on labels of a simulated crowd.

Only simulated scenes have a known class at every pixel. Labels are processed like real ones:
scores, review of the lowest fifth, rejected labels, and then the merge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulation.scenes.scene import make_scene
from simulation.volunteers.drawing import draw_label
from simulation.volunteers.people import make_volunteers
from terrain.aggregation.majority import PAPER_RULE
from terrain.aggregation.methods import Kind, MergeMethod, methods_to_compare
from terrain.aggregation.weighted import MergeInputs, decide_patterns, random_label, rating_weight
from terrain.agreement.jaccard import agreement_scores, pair_agreement
from terrain.bitplanes import pack_pixels, pack_planes, regions_to_planes, remove_pixels
from terrain.masks import NO_LABEL
from terrain.metrics.contingency import class_indices, count_joint, ratios
from terrain.metrics.intervals import Interval
from terrain.skill.dawid_skene import SkillModel
from terrain.skill.estimates import estimate
from terrain.skill.patterns import VotePatterns, Votes, vote_patterns
from terrain.skill.votes import ImageVotes, collect_votes

CODES = (0, 1, 2, 3)
#: Ground farther away is not labeled (paper 3).
RANGE_LIMIT_M = 30.0
#: The lowest 20 % of all scores are reviewed (paper 3.2).
REVIEWED_PERCENT = 20
#: Bounds of a simulated rating by agreement with the truth (mean Jaccard, Eq. 1): below the first 1
#: (throw out), below the second 2 ... Few labels are thrown out, as in the paper (3.2).
RATING_BOUNDS = (0.05, 0.15, 0.25, 0.35)
#: Vote patterns per image from which skill is estimated.
PATTERNS_OF_AN_IMAGE = 256
RESAMPLES = 4000

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a simulation; the same plan gives the same figures."""

    scenes: int = 60
    size: int = 512
    crowd: int = 30
    labels: int = 10
    seed: int = 1


@dataclass(frozen=True, slots=True)
class SceneLabels:
    """The labels of one scene as vote patterns, with the truth.

    ``votes`` is uint8 (patterns, labels); ``truth`` uint8 (patterns,), the index of the true class,
    or ``NO_VOTE`` where nothing is to be labeled; ``pixels`` int64 (patterns,). Each label has its
    labeler, its agreement score (None: no other label), and its agreement with the truth.
    """

    name: str
    votes: Votes
    truth: npt.NDArray[np.uint8]
    pixels: Counts
    labelers: list[int]
    scores: list[float | None]
    quality: list[float]

    def without(self, labels: Sequence[int]) -> SceneLabels:
        """Return the scene without some labels."""
        kept = [place for place in range(len(self.labelers)) if place not in labels]
        return replace(
            self,
            votes=self.votes[:, kept],
            labelers=[self.labelers[place] for place in kept],
            scores=[self.scores[place] for place in kept],
            quality=[self.quality[place] for place in kept],
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a merge method, as shares of pixels, 0 to 1.

    ``accuracy`` is the share of correct pixels among the labeled ones, ``coverage`` the labeled
    share of the ground, ``found`` the share of the ground labeled correctly. ``gain`` is the
    difference in accuracy from a random label of the same images.
    """

    accuracy: Interval
    coverage: Interval
    found: Interval
    gain: Interval


@dataclass(frozen=True, slots=True)
class Study:
    """The outcome of each method, and the size of the study."""

    plan: Plan
    labels: int
    reviewed: int
    thrown_out: int
    methods: Mapping[Kind, MergeMethod]
    outcomes: Mapping[Kind, Outcome]


def label_scene(plan: Plan, number: int) -> SceneLabels:
    """Draw the labels of one scene of the study; `number` is below `plan.scenes`."""
    scene = make_scene(plan.seed * 10_000 + number, plan.size)
    truth = np.where(scene.range_m > RANGE_LIMIT_M, NO_LABEL, scene.truth).astype(np.uint8)
    crowd = make_volunteers(plan.crowd, np.random.default_rng([plan.seed, 1]))
    rng = np.random.default_rng([plan.seed, 2, number])
    labelers: list[int] = rng.permutation(plan.crowd)[: plan.labels].tolist()
    drawn = [draw_label(crowd[labeler], truth, CODES, rng) for labeler in labelers]
    removed = pack_pixels(truth == NO_LABEL)
    planes = [
        remove_pixels(regions_to_planes(regions, CODES, *truth.shape), removed) for regions in drawn
    ]
    # A label without pixels after post-processing is thrown out (paper 3.1.3).
    kept = [place for place, label in enumerate(planes) if label.any()]
    planes = [planes[place] for place in kept]
    true_planes = pack_planes(truth, CODES)
    found = vote_patterns([*planes, true_planes])
    return SceneLabels(
        scene.product_id,
        found.votes[:, :-1],
        found.votes[:, -1],
        found.pixels,
        [labelers[place] for place in kept],
        agreement_scores(planes),
        [pair_agreement(label, true_planes) or 0.0 for label in planes],
    )


def study(plan: Plan, drawn: Sequence[SceneLabels]) -> Study:
    """Review the labels, merge them by each method, and compare with the truth."""
    ratings = _review(drawn)
    accepted, rated = [], []
    for scene, given in zip(drawn, ratings, strict=True):
        thrown = [place for place, rating in enumerate(given) if rating == 1]
        accepted.append(scene.without(thrown))
        rated.append([rating for rating in given if rating != 1])
    model = _estimate_skill(plan, accepted)
    methods = methods_to_compare(PAPER_RULE, plan.seed)
    tallies = {
        kind: np.array(
            [
                _tally(scene, method, _known(scene, method, given, model))
                for scene, given in zip(accepted, rated, strict=True)
            ]
        )
        for kind, method in methods.items()
    }
    labels = sum(len(scene.labelers) for scene in drawn)
    return Study(
        plan,
        labels,
        sum(rating is not None for given in ratings for rating in given),
        labels - sum(len(scene.labelers) for scene in accepted),
        methods,
        _outcomes(tallies, plan.seed),
    )


def _review(drawn: Sequence[SceneLabels]) -> list[list[int | None]]:
    """Return the rating of each label; None above the lowest fifth of the scores."""
    scores = [score for scene in drawn for score in scene.scores if score is not None]
    below = sorted(scores)[len(scores) * REVIEWED_PERCENT // 100]
    return [
        [
            1 + int(np.searchsorted(RATING_BOUNDS, quality, side="right"))
            if score is not None and score < below
            else None
            for score, quality in zip(scene.scores, scene.quality, strict=True)
        ]
        for scene in drawn
    ]


def _estimate_skill(plan: Plan, accepted: Sequence[SceneLabels]) -> SkillModel:
    images = (
        ImageVotes(
            VotePatterns(scene.votes, scene.pixels).overlapping().condensed(PATTERNS_OF_AN_IMAGE),
            scene.labelers,
        )
        for scene in accepted
    )
    return estimate(collect_votes(images, plan.crowd, len(CODES))).model


def _known(
    scene: SceneLabels, method: MergeMethod, ratings: Sequence[int | None], model: SkillModel
) -> MergeInputs:
    if method.kind == Kind.RANDOM:
        names = [str(labeler) for labeler in scene.labelers]
        return MergeInputs(chosen=random_label(method.seed, scene.name, names))
    if method.kind == Kind.RATINGS:
        weights = (rating_weight([] if r is None else [r], method.weights) for r in ratings)
        return MergeInputs(weights=tuple(weights))
    if method.needs_skill:
        return MergeInputs.of_skill(method, model.prior, model.matrices[scene.labelers])
    return MergeInputs()


def _tally(scene: SceneLabels, method: MergeMethod, known: MergeInputs) -> list[int]:
    """Return the pixels of the ground: correct, labeled, all."""
    winner = decide_patterns(scene.votes, len(CODES), method, known).winner
    place = class_indices(range(len(CODES)))
    places = [place[votes] for votes in (scene.truth, winner)]
    table = count_joint(places, [len(CODES) + 2] * 2, scene.pixels)[: len(CODES)]
    return [int(table.trace()), int(table[:, : len(CODES)].sum()), int(table.sum())]


def _outcomes(tallies: Mapping[Kind, Counts], seed: int) -> dict[Kind, Outcome]:
    """Return shares of pixels with bootstrap percentile intervals over images (Efron 1979)."""
    images = len(tallies[Kind.RANDOM])
    rng = np.random.default_rng([seed, 3])
    # Row 0 has every image once: the value itself. All methods use the same resamples.
    weights = np.ones((RESAMPLES + 1, images))
    weights[1:] = rng.multinomial(images, np.full(images, 1 / images), RESAMPLES)

    def shares(kind: Kind, part: int, whole: int) -> npt.NDArray[np.float64]:
        sums = weights @ tallies[kind]
        # A method that labels nothing has an accuracy of 0.
        return np.nan_to_num(ratios(sums[:, part], sums[:, whole]))

    return {
        kind: Outcome(
            _interval(shares(kind, 0, 1)),
            _interval(shares(kind, 1, 2)),
            _interval(shares(kind, 0, 2)),
            _interval(shares(kind, 0, 1) - shares(Kind.RANDOM, 0, 1)),
        )
        for kind in tallies
    }


def _interval(resampled: npt.NDArray[np.float64]) -> Interval:
    low, high = np.quantile(resampled[1:], (0.025, 0.975)).tolist()
    return Interval(float(resampled[0]), low, high)
