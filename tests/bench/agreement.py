"""Agreement of ten labels from their polygons (45 pairs), and of an eleventh label (ten pairs).

Compared with plain NumPy and with pycocotools' run lengths, each on masks rasterized by rasterio,
so that all three give the same scores. pycocotools can also rasterize polygons, quickly, but it
includes border pixels: its scores differ, so that line has no target.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco
from rasterio.features import rasterize
from shapely.geometry import Polygon, mapping

from terrain.agreement.jaccard import agreement_scores
from terrain.agreement.overlaps import Overlaps
from terrain.bitplanes import Planes, regions_to_planes
from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL, rasterize_regions
from tests.bench import crowd
from tests.bench.figures import Figure, milliseconds

Mask = npt.NDArray[np.uint8]
RunLengths = list[list[dict[str, Any]]]


def our_planes(labels: Sequence[Sequence[Region]]) -> list[Planes]:
    return [regions_to_planes(label, crowd.CODES, crowd.SIZE, crowd.SIZE) for label in labels]


def with_one_more(known: Overlaps, planes: Sequence[Planes], label: Sequence[Region]) -> Any:
    """Return the result of adding one label: its polygons, its pairs, and all new scores."""
    (added,) = our_planes([label])
    return agreement_scores(known.with_label("new", added, planes))


def painted(label: Sequence[Region]) -> Mask:
    """Return a label's mask by rasterio, which also assigns a pixel by its center."""
    shapes = [
        (mapping(Polygon(region.rings[0], region.rings[1:])), region.code)
        for region in reversed(label)
    ]
    mask: Mask = rasterize(
        shapes, out_shape=(crowd.SIZE, crowd.SIZE), fill=NO_LABEL, dtype=np.uint8
    )
    return mask


def plain_scores(masks: Sequence[Mask]) -> list[float]:
    """Return the scores from a boolean mask for each pair and class: the simplest code."""
    agreements = np.zeros((len(masks), len(masks)))
    for i, j in itertools.combinations(range(len(masks)), 2):
        ratios = []
        for code in crowd.CODES:
            a, b = masks[i] == code, masks[j] == code
            union = np.logical_or(a, b).sum()
            if union:
                ratios.append(np.logical_and(a, b).sum() / union)
        agreements[i, j] = agreements[j, i] = np.mean(ratios)
    return list(agreements.sum(axis=0) / (len(masks) - 1))


def run_lengths_of_masks(masks: Sequence[Mask]) -> RunLengths:
    """Return the run lengths of each label, for each class."""
    return [
        [coco.encode(np.asfortranarray(mask == code)) for mask in masks] for code in crowd.CODES
    ]


def run_lengths_of_polygons(labels: Sequence[Sequence[Region]]) -> RunLengths:
    """Return the run lengths from outlines; the few holes of these labels are left out."""
    return [
        [
            coco.merge(
                coco.frPyObjects(
                    [region.rings[0].ravel().tolist() for region in label if region.code == code]
                    or [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
                    crowd.SIZE,
                    crowd.SIZE,
                )
            )
            for label in labels
        ]
        for code in crowd.CODES
    ]


def coco_scores(encoded: RunLengths) -> list[float]:
    """Return the scores from one call of ``iou`` per class and label, with the labels after it."""
    count = len(encoded[0])
    total = np.zeros((count, count))
    present = np.zeros((count, count))
    for labels in encoded:
        filled = coco.area(labels) > 0
        for i in range(count - 1):
            either = filled[i] | filled[i + 1 :]
            iou = coco.iou([labels[i]], labels[i + 1 :], [0] * (count - i - 1))[0]
            total[i, i + 1 :] += np.where(either, iou, 0)
            present[i, i + 1 :] += either
    upper = np.triu_indices(count, 1)
    agreements = np.zeros((count, count))
    agreements[upper] = total[upper] / present[upper]
    return list((agreements + agreements.T).sum(axis=0) / (count - 1))


def run() -> list[Figure]:
    labels = crowd.labels()
    masks = [rasterize_regions(label, crowd.SIZE, crowd.SIZE) for label in labels]
    ours = np.array(agreement_scores(our_planes(labels)), dtype=np.float64)
    plain = [painted(label) for label in labels]
    assert all(map(np.array_equal, masks, plain))
    assert np.allclose(ours, plain_scores(plain), rtol=0, atol=1e-12)
    assert np.allclose(ours, coco_scores(run_lengths_of_masks(masks)), rtol=0, atol=1e-12)
    (eleventh,) = crowd.labels(seed=1969)[:1]
    planes = our_planes(labels)
    known = Overlaps.from_planes(planes, crowd.CODES)
    assert with_one_more(known, planes, eleventh) == agreement_scores(
        [*planes, *our_planes([eleventh])]
    )

    whole = milliseconds(lambda: agreement_scores(our_planes(labels)))
    more = milliseconds(lambda: with_one_more(known, planes, eleventh))
    naive = milliseconds(lambda: plain_scores([painted(label) for label in labels]), repeat=5)
    by_coco = milliseconds(lambda: coco_scores(run_lengths_of_polygons(labels)), repeat=5)
    exact = milliseconds(
        lambda: coco_scores(run_lengths_of_masks([painted(label) for label in labels])), repeat=5
    )
    covered = np.mean([np.mean(mask != NO_LABEL) for mask in masks])
    return [
        Figure("agreement: share of the image that a label covers", 100 * covered, "%"),
        Figure("agreement: polygons of 10 labels to 45 agreements", whole, "ms", 15),
        Figure("agreement: an 11th label, polygons to scores", more, "ms", 4),
        Figure("agreement: polygons to 45 in plain NumPy", naive, "ms"),
        Figure("agreement: polygons to 45 in pycocotools", exact, "ms"),
        Figure("agreement: the same with its own border pixels, inexact", by_coco, "ms"),
        Figure("agreement: times faster than plain NumPy", naive / whole, "x", 10, True),
        Figure("agreement: times faster than pycocotools", exact / whole, "x", 10, True),
    ]
