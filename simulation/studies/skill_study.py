"""A study of agreement scores and skill estimates on a crowd of known skill.

Synthetic volunteers draw on synthetic scenes. Their labels are scored and their skill is estimated
like that of real labelers. Because the truth is known, the study can measure how many bad labels
are in the lowest fifth, and how accurate the estimates are.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulation.scenes.scene import make_scene
from simulation.volunteers.drawing import draw_label
from simulation.volunteers.people import Kind, Volunteer, make_volunteer
from terrain.agreement.jaccard import agreement_scores
from terrain.agreement.overlaps import Overlaps
from terrain.bitplanes import Planes, pack_planes, regions_to_planes
from terrain.masks import NO_LABEL
from terrain.metrics.contingency import ratios
from terrain.skill.estimates import estimate
from terrain.skill.patterns import vote_patterns
from terrain.skill.probabilities import expected_quality
from terrain.skill.votes import ImageVotes, collect_votes

Real = npt.NDArray[np.float64]

CODES = (0, 1, 2, 3)
#: Share of the labels that is reviewed (paper 3.2), and share of the bad labels it should contain.
REVIEWED = 0.2
#: Vote patterns kept per image, as on the site.
PATTERNS = 256
#: Range limit, meters (paper 3).
RANGE_LIMIT = 30.0
#: Seeds of held-out scenes begin here.
HELD_OUT_SEED = 9000

#: Confuses each class with another one, and draws with care.
WRONG_CLASS = "wrong-class"
BAD = ("sloppy", "malicious", WRONG_CLASS)
_WRONG: dict[int, dict[int, float]] = {
    0: {2: 0.7, 0: 0.3},
    1: {0: 0.7, 1: 0.3},
    2: {0: 0.7, 2: 0.3},
    3: {1: 0.7, 3: 0.3},
}


@dataclass(frozen=True, slots=True)
class Crowd:
    """A simulated crowd: members by kind, number of labels, and the seed."""

    name: str
    people: dict[str, int]
    images: int = 80
    labels_per_image: int = 10
    size: int = 256
    held_out: int = 10
    seed: int = 1

    def volunteers(self) -> list[tuple[str, Volunteer]]:
        """Return pairs of kind and volunteer, ordered by kind."""
        rng = np.random.default_rng([self.seed, 1])
        kinds = [kind for kind, count in self.people.items() for _ in range(count)]
        return [(kind, _volunteer(kind, number, rng)) for number, kind in enumerate(kinds)]


PLAIN = Crowd(
    "plain", {"careful": 14, "ordinary": 16, "hasty": 5, "sloppy": 3, "malicious": 2}, seed=1
)
CROWDS = (
    PLAIN,
    Crowd(
        "many bad",
        {"careful": 12, "ordinary": 14, "hasty": 4, "sloppy": 6, "malicious": 4},
        seed=2,
    ),
    Crowd(
        "wrong class",
        {"careful": 13, "ordinary": 15, "hasty": 5, "sloppy": 2, "malicious": 1, WRONG_CLASS: 4},
        seed=3,
    ),
    Crowd(
        "few labels",
        {"careful": 14, "ordinary": 16, "hasty": 5, "sloppy": 3, "malicious": 2},
        images=160,
        labels_per_image=4,
        seed=4,
    ),
)


@dataclass(frozen=True, slots=True)
class Labeler:
    """The true and the estimated skill of one labeler.

    ``true`` is the balanced accuracy of the labels against the true masks, which a perfect estimate
    would give. ``held_out`` is the same on scenes that were not used for the estimate.
    """

    kind: str
    true: float
    held_out: float
    skill: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Found:
    """The results of the study of one crowd.

    ``kinds`` are the kinds of the labels' authors. ``score``, ``quality`` and ``skill`` are float64
    (labels,). The quality of a label without overlap is its score, as in the queue; its skill is
    that of its labeler.
    """

    crowd: Crowd
    labelers: list[Labeler]
    kinds: list[str]
    score: Real
    quality: Real
    skill: Real

    @property
    def bad(self) -> npt.NDArray[np.bool_]:
        """Return which labels are by poor or careless labelers: bool (labels,)."""
        return np.isin(self.kinds, BAD)

    def share_found(self, values: Real, reviewed: float = REVIEWED) -> float:
        """Return the share of bad labels that is among the lowest by these values."""
        lowest = np.argsort(values, kind="stable")[: int(reviewed * len(values))]
        return float(self.bad[lowest].sum() / self.bad.sum())

    def most_to_find(self, reviewed: float = REVIEWED) -> float:
        """Return the largest possible `share_found`: the lowest share may be too small for all."""
        return min(1.0, int(reviewed * len(self.kinds)) / float(self.bad.sum()))

    @property
    def rank_correlation(self) -> float:
        """Return Spearman's correlation of estimated and true skill."""
        return _spearman([(one.skill, one.true) for one in self.labelers])

    @property
    def held_out_correlation(self) -> float:
        """Return Spearman's correlation of estimated skill and skill on held-out scenes."""
        return _spearman([(one.skill, one.held_out) for one in self.labelers])

    @property
    def inside(self) -> float:
        """Return how many of the 95 % intervals contain the skill on held-out scenes."""
        return float(np.mean([one.low <= one.held_out <= one.high for one in self.labelers]))


def _spearman(pairs: Sequence[tuple[float, float]]) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(pairs).statistic)


class _Accuracy:
    """Balanced accuracy of labelers against true masks, accumulated label by label.

    It is the mean, over the classes, of the share of the labeled pixels of a true class that were
    labeled correctly.
    """

    def __init__(self, people: int) -> None:
        self._right, self._drawn = (np.zeros((people, len(CODES))) for _ in range(2))

    def add(self, who: int, label: Planes, true: Planes) -> None:
        anything = np.bitwise_or.reduce(label, axis=0)
        self._right[who] += np.bitwise_count(label & true).sum(axis=1)
        self._drawn[who] += np.bitwise_count(anything & true).sum(axis=1)

    def skill(self) -> list[float]:
        skill: list[float] = np.nanmean(ratios(self._right, self._drawn), axis=1).tolist()
        return skill


def study(crowd: Crowd) -> Found:
    """Simulate a crowd, score its labels and estimate the skill of its labelers."""
    people = crowd.volunteers()
    images, score, kinds = [], [], []
    accuracy = _Accuracy(len(people))
    for number in range(crowd.images):
        rng = np.random.default_rng([crowd.seed, 2, number])
        chosen = rng.choice(len(people), crowd.labels_per_image, replace=False).tolist()
        truth = _truth(1000 * crowd.seed + number, crowd.size)
        true = pack_planes(truth, CODES)
        drawn = [_drawn(people[who][1], truth, rng) for who in chosen]
        for who, label in zip(chosen, drawn, strict=True):
            accuracy.add(who, label, true)
        # A label with nothing left is thrown out (paper 3.1.3).
        kept = [n for n, planes in enumerate(drawn) if planes.any()]
        labels = [drawn[n] for n in kept]
        patterns = vote_patterns(labels).overlapping().condensed(PATTERNS)
        images.append(ImageVotes(patterns, [chosen[n] for n in kept]))
        score += _scores(labels)
        kinds += [people[chosen[n]][0] for n in kept]
    votes = collect_votes(images, len(people), len(CODES))
    estimates = estimate(votes)
    quality = expected_quality(votes, estimates.model) * estimates.skill[votes.labelers]
    scores = np.array(score)
    labelers = [
        Labeler(kind, true, held_out, float(skill), float(low), float(high))
        for (kind, _), true, held_out, skill, low, high in zip(
            people,
            accuracy.skill(),
            _held_out_skill(crowd, [volunteer for _, volunteer in people]),
            estimates.skill,
            estimates.low,
            estimates.high,
            strict=True,
        )
    ]
    quality = np.where(np.isnan(quality), scores, quality)
    return Found(crowd, labelers, kinds, scores, quality, estimates.skill[votes.labelers])


def _volunteer(kind: str, number: int, rng: np.random.Generator) -> Volunteer:
    if kind == WRONG_CLASS:
        return replace(make_volunteer("careful", number, rng), confuse=_WRONG)
    kinds: dict[str, Kind] = {
        "careful": "careful",
        "ordinary": "ordinary",
        "hasty": "hasty",
        "sloppy": "sloppy",
        "malicious": "malicious",
    }
    return make_volunteer(kinds[kind], number, rng)


def _truth(seed: int, size: int) -> npt.NDArray[np.uint8]:
    scene = make_scene(seed, size)
    return np.where(scene.range_m > RANGE_LIMIT, NO_LABEL, scene.truth).astype(np.uint8)


def _drawn(volunteer: Volunteer, truth: npt.NDArray[np.uint8], rng: np.random.Generator) -> Planes:
    regions = draw_label(volunteer, truth, CODES, rng)
    planes = regions_to_planes(regions, CODES, *truth.shape)
    allowed = np.bitwise_or.reduce(pack_planes(truth, CODES), axis=0)
    visible: Planes = planes & allowed
    return visible


def _scores(labels: Sequence[Planes]) -> list[float]:
    overlaps = Overlaps.empty(CODES)
    for number, planes in enumerate(labels):
        overlaps = overlaps.with_label(str(number), planes, labels[:number])
    # A label without others has no score; it is not among the lowest.
    return [1.0 if score is None else score for score in agreement_scores(overlaps)]


def _held_out_skill(crowd: Crowd, people: Collection[Volunteer]) -> list[float]:
    accuracy = _Accuracy(len(people))
    for number in range(crowd.held_out):
        truth = _truth(HELD_OUT_SEED + number, crowd.size)
        true = pack_planes(truth, CODES)
        for who, volunteer in enumerate(people):
            rng = np.random.default_rng([crowd.seed, 3, number, who])
            accuracy.add(who, _drawn(volunteer, truth, rng), true)
    return accuracy.skill()
