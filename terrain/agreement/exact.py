"""Agreement by exact geometry, without pixels: for checking, and for images of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import shapely

from terrain.metrics.contingency import exact_mean, ratio


def exact_pair_agreement(
    a: Mapping[int, shapely.Geometry], b: Mapping[int, shapely.Geometry]
) -> float | None:
    """How well two labels agree (paper 3.1.3, Eq. 1), by the areas of their polygons, 0..1.

    ``a`` and ``b`` give the area of each class code as a valid polygon or multipolygon. The mean
    over the classes that either has of the area both share by the area either covers; None where
    neither has any. Close to ``terrain.agreement.jaccard.pair_agreement``, which counts pixels.
    """
    ratios = []
    for code in {*a, *b}:
        one, other = a.get(code, shapely.Polygon()), b.get(code, shapely.Polygon())
        shared, united = shapely.intersection(one, other).area, shapely.union(one, other).area
        ratios.append(ratio(shared, united))
    return exact_mean(share for share in ratios if share is not None)


def exact_agreement_scores(labels: Sequence[Mapping[int, shapely.Geometry]]) -> list[float | None]:
    """The score of each label of one image (paper 3.1.3, Eqs. 2-4), by exact geometry.

    As ``terrain.agreement.jaccard.agreement_scores``: the mean over the other labels; None for a
    label without another to compare it with.
    """
    scores: list[float | None] = []
    for i, label in enumerate(labels):
        pairs = [exact_pair_agreement(label, other) for j, other in enumerate(labels) if j != i]
        scores.append(exact_mean(pair for pair in pairs if pair is not None))
    return scores
