"""From the polygons of a labeler to bit planes."""

import numpy as np

from terrain.bitplanes import regions_to_planes
from terrain.geometry.cleaning import clean_regions
from terrain.masks import rasterize_rings
from tests.bench import crowd
from tests.bench.figures import Figure, milliseconds


def run() -> list[Figure]:
    labels = crowd.labels()
    size = crowd.SIZE
    regions = [region for label in labels for region in label]
    # An ordinary one: not the largest plain and not the smallest rock.
    ordinary = sorted(regions, key=lambda region: np.ptp(region.rings[0], axis=0).prod())
    rings = ordinary[len(ordinary) // 2].rings

    one = milliseconds(lambda: rasterize_rings(rings, size, size), repeat=100)
    planes = milliseconds(
        lambda: [regions_to_planes(label, crowd.CODES, size, size) for label in labels]
    )
    clean = milliseconds(lambda: [clean_regions(label, size, size) for label in labels])
    return [
        Figure("polygons: rasterizing one of ordinary size", one, "ms", 0.2),
        Figure("polygons: one label to planes", planes / len(labels), "ms"),
        Figure("polygons: cleaning one label", clean / len(labels), "ms"),
    ]
