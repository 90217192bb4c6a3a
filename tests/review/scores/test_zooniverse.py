"""Agreement on real volunteers' drawings, against what Zooniverse published for them.

`consensus` of a cluster of polygons is the mean of their pairwise Jaccard indices.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely

from terrain.agreement.exact import exact_agreement_scores, exact_pair_agreement
from terrain.agreement.jaccard import pair_matrix
from terrain.bitplanes import regions_to_planes
from terrain.geometry.regions import Region
from tests import tables

#: Larger than the largest picture; a grid finer than the picture's pixels would change nothing.
SIZE = 1600


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return tables.rows_of(file)


def polygon_of(xs: list[float], ys: list[float]) -> shapely.Polygon:
    """Return a polygon, repaired as Zooniverse does it: buffer(0), and the largest part."""
    polygon = shapely.Polygon(list(zip(xs, ys, strict=True)))
    if not polygon.is_valid:
        polygon = polygon.buffer(0)
        if polygon.geom_type == "MultiPolygon":
            polygon = max(polygon.geoms, key=lambda part: part.area)
    return polygon


def clusters(folder: Path) -> Iterator[tuple[list[shapely.Polygon], float]]:
    """Return the polygons of each cluster, and its published consensus."""
    extracted = rows_of(folder / "polygon_extractor_extractions.csv")
    for row in rows_of(folder / "polygon_reducer_reductions_median.csv"):
        for tool in ("T0_toolIndex0", "T0_toolIndex1"):
            labels = row[f"data.frame0.{tool}_cluster_labels"]
            consensus = row[f"data.frame0.{tool}_consensus"]
            # Nothing drawn, or nothing that two volunteers drew.
            if not consensus:
                continue
            drawn = [
                polygon_of(xs, ys)
                for extract in extracted
                if extract["subject_id"] == row["subject_id"]
                and extract[f"data.frame0.{tool}_pathX"]
                for xs, ys in zip(
                    ast.literal_eval(extract[f"data.frame0.{tool}_pathX"]),
                    ast.literal_eval(extract[f"data.frame0.{tool}_pathY"]),
                    strict=True,
                )
            ]
            members = ast.literal_eval(labels)
            for number, published in enumerate(ast.literal_eval(consensus)):
                chosen = [d for d, m in zip(drawn, members, strict=True) if m == number]
                yield chosen, published


def mean_of_pairs(matrix: np.ndarray) -> float:
    rows, cols = np.triu_indices(len(matrix), 1)
    return float(matrix[rows, cols].mean())


def region_of(polygon: shapely.Polygon) -> Region:
    rings = [polygon.exterior, *polygon.interiors]
    return Region(0, tuple(np.asarray(ring.coords[:-1], dtype=np.float64) for ring in rings))


def test_the_published_consensus(real_data: Path) -> None:
    found = list(clusters(real_data / "zooniverse" / "cat-project"))
    assert len(found) > 15
    for polygons, published in found:
        # By exact geometry ...
        pairs = [
            exact_pair_agreement({0: a}, {0: b}) for a, b in itertools.combinations(polygons, 2)
        ]
        assert np.mean([pair or 0.0 for pair in pairs]) == pytest.approx(published, abs=1e-9)
        # ... and by pixels, as scores are computed.
        planes = [regions_to_planes([region_of(p)], (0,), SIZE, SIZE) for p in polygons]
        assert mean_of_pairs(pair_matrix(planes)) == pytest.approx(published, abs=0.01)


def test_exact_scores_by_hand() -> None:
    left, right = shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)
    assert exact_pair_agreement({0: left}, {0: right}) == pytest.approx(1 / 3)
    assert exact_pair_agreement({0: left}, {1: left}) == 0.0
    assert exact_pair_agreement({}, {}) is None
    scores = exact_agreement_scores([{0: left}, {0: left}, {0: right}])
    assert scores == pytest.approx([(1 + 1 / 3) / 2, (1 + 1 / 3) / 2, 1 / 3])
    assert exact_agreement_scores([{0: left}]) == [None]
