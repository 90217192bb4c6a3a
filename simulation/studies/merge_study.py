"""How near to the truth each way of merging comes, with a crowd that is simulated.

Only a simulated crowd draws on pictures whose every pixel is known. Labels go through what real
ones go through: scores, the review of the lowest fifth, labels thrown out, and only then a merge.
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
from terrain.aggregation.methods import Kind, MergeMethod, methods_beside
from terrain.aggregation.weighted import Known, decide, random_label, rating_weight
from terrain.agreement.jaccard import agreement_scores, pair_agreement
from terrain.bitplanes import pack_pixels, pack_planes, regions_to_planes, remove_pixels
from terrain.masks import NO_LABEL
from terrain.metrics.contingency import count_together, places_of, ratios
from terrain.metrics.intervals import Interval
from terrain.skill.ballots import ImageVotes, ballots
from terrain.skill.dawid_skene import SkillModel
from terrain.skill.estimates import estimate
from terrain.skill.patterns import VotePatterns, Votes, vote_patterns

CODES = (0, 1, 2, 3)
#: Ground farther away is not labeled (paper 3).
RANGE_LIMIT_M = 30.0
#: The lowest 20 % of all scores are reviewed (paper 3.2).
REVIEWED_PERCENT = 20
#: A reviewer's rating by how well a label agrees with the truth (mean Jaccard, Eq. 1): below the
#: first bound 1, which throws it out, below the second 2 ... Few are, as in the paper (3.2).
RATING_BOUNDS = (0.05, 0.15, 0.25, 0.35)
#: Patterns of one image that skill is estimated from.
PATTERNS_OF_AN_IMAGE = 256
RESAMPLES = 4000

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is simulated; the same plan gives the same figures."""

    scenes: int = 60
    size: int = 512
    crowd: int = 30
    labels: int = 10
    seed: int = 1


@dataclass(frozen=True, slots=True)
class SceneLabels:
    """One scene as its labels and the truth divide it.

    ``votes`` is uint8 (patterns, labels), ``truth`` uint8 (patterns,), the place of the true class,
    ``NO_VOTE`` where there is nothing to label, ``pixels`` int64 (patterns,). Of each label there
    is who drew it, its agreement score (None: no other label), and how well it agrees with the
    truth.
    """

    name: str
    votes: Votes
    truth: npt.NDArray[np.uint8]
    pixels: Counts
    labelers: list[int]
    scores: list[float | None]
    quality: list[float]

    def without(self, labels: Sequence[int]) -> SceneLabels:
        """The scene without some labels."""
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
    """How a method did: shares of pixels, 0 to 1.

    ``accuracy`` is the share of the labeled pixels that are right, ``coverage`` the share of the
    ground that is labeled, ``found`` the share of the ground that is labeled and right. ``gain`` is
    how much more accurate it is than a label drawn by lot, on the same images.
    """

    accuracy: Interval
    coverage: Interval
    found: Interval
    gain: Interval


@dataclass(frozen=True, slots=True)
class Study:
    """The outcome of each method, and what it was measured on."""

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
    # A label with nothing left is thrown out (paper 3.1.3).
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
    """Review the labels, merge them each way, and compare with the truth."""
    ratings = _review(drawn)
    accepted, rated = [], []
    for scene, given in zip(drawn, ratings, strict=True):
        thrown = [place for place, rating in enumerate(given) if rating == 1]
        accepted.append(scene.without(thrown))
        rated.append([rating for rating in given if rating != 1])
    model = _estimate_skill(plan, accepted)
    methods = methods_beside(PAPER_RULE, plan.seed)
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
    """The rating of each label, None where nobody looked: the lowest fifth of all scores."""
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
    return estimate(ballots(images, plan.crowd, len(CODES))).model


def _known(
    scene: SceneLabels, method: MergeMethod, ratings: Sequence[int | None], model: SkillModel
) -> Known:
    if method.kind == Kind.RANDOM:
        names = [str(labeler) for labeler in scene.labelers]
        return Known(chosen=random_label(method.seed, scene.name, names))
    if method.kind == Kind.RATINGS:
        weights = (rating_weight([] if r is None else [r], method.weights) for r in ratings)
        return Known(weights=tuple(weights))
    if method.needs_skill:
        return Known.of_skill(method, model.prior, model.matrices[scene.labelers])
    return Known()


def _tally(scene: SceneLabels, method: MergeMethod, known: Known) -> list[int]:
    """Pixels of the ground: right, labeled, all."""
    winner = decide(scene.votes, len(CODES), method, known).winner
    place = places_of(range(len(CODES)))
    places = [place[votes] for votes in (scene.truth, winner)]
    table = count_together(places, [len(CODES) + 2] * 2, scene.pixels)[: len(CODES)]
    return [int(table.trace()), int(table[:, : len(CODES)].sum()), int(table.sum())]


def _outcomes(tallies: Mapping[Kind, Counts], seed: int) -> dict[Kind, Outcome]:
    """Shares of all pixels, with percentile intervals from resampled images (Efron 1979)."""
    images = len(tallies[Kind.RANDOM])
    rng = np.random.default_rng([seed, 3])
    # Row 0 is every image once: the value itself. The same resamples serve all methods.
    weights = np.ones((RESAMPLES + 1, images))
    weights[1:] = rng.multinomial(images, np.full(images, 1 / images), RESAMPLES)

    def shares(kind: Kind, part: int, whole: int) -> npt.NDArray[np.float64]:
        sums = weights @ tallies[kind]
        # A method that labels nothing at all has found nothing.
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
