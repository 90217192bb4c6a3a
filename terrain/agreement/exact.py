"""Agreement by exact polygon areas, without pixels: for checks, and for images of any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import shapely

from terrain.metrics.contingency import exact_mean, ratio


def exact_pair_agreement(
    a: Mapping[int, shapely.Geometry], b: Mapping[int, shapely.Geometry]
) -> float | None:
    """Return the agreement of two labels by polygon areas, 0..1 (paper 3.1.3, Eq. 1).

    ``a`` and ``b`` give the area of each class code as a valid polygon or multipolygon. The result
    is the mean intersection over union of the classes that occur in either label; None if both are
    empty. It is close to ``terrain.agreement.jaccard.pair_agreement``, which counts pixels.

    >>> a, b = {0: shapely.box(0, 0, 2, 1)}, {0: shapely.box(1, 0, 2, 1)}
    >>> exact_pair_agreement(a, b)
    0.5
    """
    ratios = []
    for code in {*a, *b}:
        one, other = a.get(code, shapely.Polygon()), b.get(code, shapely.Polygon())
        shared, united = shapely.intersection(one, other).area, shapely.union(one, other).area
        ratios.append(ratio(shared, united))
    return exact_mean(share for share in ratios if share is not None)


def exact_agreement_scores(labels: Sequence[Mapping[int, shapely.Geometry]]) -> list[float | None]:
    """Return the score of each label of one image by areas (paper 3.1.3, Eqs. 2-4).

    As ``terrain.agreement.jaccard.agreement_scores``: the mean over the other labels; None for a
    label without another to compare it with.

    >>> a, b = {0: shapely.box(0, 0, 2, 1)}, {0: shapely.box(1, 0, 2, 1)}
    >>> exact_agreement_scores([a, b]), exact_agreement_scores([a])
    ([0.5, 0.5], [None])
    """
    scores: list[float | None] = []
    for i, label in enumerate(labels):
        pairs = [exact_pair_agreement(label, other) for j, other in enumerate(labels) if j != i]
        scores.append(exact_mean(pair for pair in pairs if pair is not None))
    return scores
