"""Agreement of the labels of one image: the mean intersection over union of each pair.

Labels are given as bit planes (``terrain.bitplanes``) or as the pixels they share (``Overlaps``).
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from terrain.agreement.overlaps import Overlaps
from terrain.bitplanes import Planes
from terrain.metrics.contingency import exact_mean, mean_of_defined


def pair_agreement(a: Planes, b: Planes) -> float | None:
    """Return the agreement of two labels of one image, 0 (none) to 1 (on every pixel).

    J(A, B) is the mean, over the classes present in A or in B, of |A_c and B_c| / |A_c or B_c|
    (paper 3.1.3, Eq. 1). ``a`` and ``b`` are uint64 (classes, words), with the classes in the same
    order. Returns None if both labels are empty, and 0 if only one is.

    >>> from terrain.bitplanes import pack_planes
    >>> a = pack_planes(np.array([[0, 0, 255]], dtype=np.uint8), codes=(0,))
    >>> b = pack_planes(np.array([[0, 255, 255]], dtype=np.uint8), codes=(0,))
    >>> pair_agreement(a, b)
    0.5
    """
    return _pair_agreements(_overlaps_of([a, b]))[0][1]


def agreement_scores(labels: Sequence[Planes] | Overlaps) -> list[float | None]:
    """Return the agreement score, 0..1, of each label of one image.

    The score of a label is the mean of its ``pair_agreement`` with every other label (paper 3.1.3,
    Eqs. 2-4). ``labels`` has one uint64 array (classes, words) per label. A single label has no
    score: None. Pairs of two empty labels are ignored; a label without any other pair has None.

    Sums are exactly rounded, so the order of the labels and of the classes does not change a
    score, not even by its last bit.

    >>> from terrain.bitplanes import pack_planes
    >>> a = pack_planes(np.array([[0, 0, 255]], dtype=np.uint8), codes=(0,))
    >>> agreement_scores([a, a]), agreement_scores([a])
    ([1.0, 1.0], [None])
    """
    scores: list[float | None] = []
    for row in _pair_agreements(_overlaps_of(labels)):
        scores.append(exact_mean(agreement for agreement in row if agreement is not None))
    return scores


def class_agreements(labels: Sequence[Planes] | Overlaps) -> npt.NDArray[np.float64]:
    """Return each label's agreement with the others by class: float64 (labels, classes).

    The mean of |A_c and B_c| / |A_c or B_c| over the other labels B, where A or B has the class;
    NaN where neither this label nor any other has the class.
    """
    overlaps = _overlaps_of(labels)
    with_others = overlaps.iou()
    with_others[:, np.eye(len(overlaps.keys), dtype=np.bool_)] = math.nan
    return mean_of_defined(with_others)[:, :, 0].T


def pair_matrix(labels: Sequence[Planes] | Overlaps) -> npt.NDArray[np.float64]:
    """Return the agreement of every pair of labels: float64 (labels, labels), symmetric.

    Entry [i, j] is ``pair_agreement(labels[i], labels[j])``, and nan where that is None. The
    diagonal is 1, as a label agrees with itself, and nan for an empty label.
    """
    overlaps = _overlaps_of(labels)
    count = len(overlaps.keys)
    matrix = np.array(_pair_agreements(overlaps), dtype=np.float64).reshape(count, count)
    areas = np.diagonal(overlaps.shared, axis1=1, axis2=2).sum(axis=0)
    np.fill_diagonal(matrix, np.where(areas > 0, 1.0, math.nan))
    return matrix


def _overlaps_of(labels: Sequence[Planes] | Overlaps) -> Overlaps:
    """Return the overlaps of labels that are given as planes or as overlaps."""
    if isinstance(labels, Overlaps):
        return labels
    # Planes have no codes; only the number and order of the classes matter.
    return Overlaps.from_planes(labels, range(len(labels[0]) if labels else 0))


def _pair_agreements(overlaps: Overlaps) -> list[list[float | None]]:
    """Return the agreement of every pair; None on the diagonal and for two empty labels."""
    count = len(overlaps.keys)
    agreements: list[list[float | None]] = [[None] * count for _ in range(count)]
    by_class = overlaps.iou().transpose(1, 2, 0).tolist()
    for i in range(count):
        for j in range(i):
            agreements[i][j] = agreements[j][i] = exact_mean(by_class[i][j])
    return agreements
