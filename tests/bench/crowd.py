"""Ten labels of one synthetic image, as different labelers would draw them.

The terrain is the same for all: large plains of soil, sand and bedrock below a horizon, and a few
big rocks. Each labeler omits some areas, draws the others imprecisely, and sometimes confuses
classes, so that labels cover about half of the image and agree in part.
"""

import numpy as np
import numpy.typing as npt

from terrain.geometry.cleaning import clean_regions
from terrain.geometry.regions import Region

LABELERS = 10
SIZE = 1024
CODES = (0, 1, 2, 3)

# Soil, bedrock, sand, big rock: how many areas and how large, in pixels.
AREAS = ((3, 260.0), (4, 170.0), (3, 200.0), (6, 45.0))
POINTS = 120
SKIPPED = 0.2
MISTAKEN = 0.1
UNSTEADY_PX = 3.0
MISPLACED_PX = 5.0

ANGLES = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
# Areas on the ground look flattened.
ELLIPSE = np.stack([np.cos(ANGLES), 0.6 * np.sin(ANGLES)], axis=1)

Outline = npt.NDArray[np.float64]


def labels(seed: int = 2021, labelers: int = LABELERS) -> list[list[Region]]:
    """Return the regions of each labeler; the same seed gives the same regions."""
    rng = np.random.default_rng(seed)
    terrain = [
        (code, _area(rng, radius))
        for code, (count, radius) in enumerate(AREAS)
        for _ in range(count)
    ]
    return [_drawn_by_one(terrain, rng) for _ in range(labelers)]


def _area(rng: np.random.Generator, radius: float) -> Outline:
    center = rng.uniform((0, 350), (SIZE, SIZE))
    outline: Outline = center + radius * (1 + _waves(rng, (2, 3, 5), 0.15))[:, None] * ELLIPSE
    return outline


def _waves(rng: np.random.Generator, orders: tuple[int, ...], height: float) -> Outline:
    """Return a smooth displacement along the outline."""
    shifts = rng.uniform(0, 2 * np.pi, len(orders))
    heights = rng.uniform(-height, height, len(orders))
    waves: Outline = (heights * np.sin(np.outer(ANGLES, orders) + shifts)).sum(axis=1)
    return waves


def _drawn_by_one(terrain: list[tuple[int, Outline]], rng: np.random.Generator) -> list[Region]:
    regions = []
    for code, outline in terrain:
        if rng.random() < SKIPPED:
            continue
        seen = int(rng.choice(CODES)) if rng.random() < MISTAKEN else code
        wobble = _waves(rng, (4, 7, 11, 17, 23), UNSTEADY_PX)[:, None] * ELLIPSE
        regions.append(Region(seen, (outline + rng.normal(0, MISPLACED_PX, 2) + wobble,)))
    # Small things are drawn first, so that plains do not swallow the rocks.
    return clean_regions(regions[::-1], SIZE, SIZE)
