"""Labels of simulated volunteers: the truth with typical human errors."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt
import shapely

from simulation.volunteers.people import Volunteer
from terrain.geometry.cleaning import clean_regions
from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL, mask_to_regions

Mask = npt.NDArray[np.uint8]

# Lengths in a volunteer's habits refer to an image of this size
_FULL_SIZE = 1024
# Resolution of a person's outline; the truth is sampled on a grid of about this size
_SKETCH_SIZE = 256

_MOST_POINTS = 150


def draw_label(
    volunteer: Volunteer, scene_truth: Mask, codes: Collection[int], rng: np.random.Generator
) -> list[Region]:
    """Return the label of a volunteer for an image with known truth.

    Args:
        scene_truth: uint8 (H, W), class codes; 255 where nothing is to be drawn (sky, rover, beyond
            the range limit).
        codes: The classes of the campaign; others in the truth are not drawn.

    Returns:
        Regions inside the image that do not overlap; an empty list if nothing was drawn.
    """
    height, width = scene_truth.shape
    classes = sorted(codes)
    if volunteer.kind == "malicious":
        return clean_regions(_vandalism(height, width, classes, rng), width, height)
    scale = max(height, width) / _FULL_SIZE
    seen, pixel = _sketch(volunteer, scene_truth, classes, scale, rng)
    regions = []
    # small ones first: people draw a rock first, then the soil around it
    outlines = sorted(mask_to_regions(seen), key=lambda region: len(region.rings[0]))
    for outline in outlines:
        shape = shapely.Polygon(
            outline.rings[0] * pixel, [ring * pixel for ring in outline.rings[1:]]
        )
        drawn = _outlined(volunteer, shape.buffer(0), scale, rng)
        code = _named(volunteer, outline.code, classes, rng)
        regions += [Region(code, _rings(part)) for part in drawn]
    regions.sort(key=lambda region: shapely.Polygon(region.rings[0]).area)
    return clean_regions(regions, width, height)


def _sketch(
    volunteer: Volunteer,
    truth: Mask,
    classes: list[int],
    scale: float,
    rng: np.random.Generator,
) -> tuple[Mask, float]:
    """Return the truth as the volunteer sees it: coarse, with displaced borders.

    Returns:
        The mask, and the size of its pixels in image pixels.
    """
    from scipy.ndimage import gaussian_filter, map_coordinates

    step = max(1, round(max(truth.shape) / _SKETCH_SIZE))
    coarse = truth[step // 2 :: step, step // 2 :: step]
    bend = volunteer.border_px * scale / step
    rows, cols = np.meshgrid(*(np.arange(n) for n in coarse.shape), indexing="ij")
    places = [rows + bend * _wave(coarse.shape, rng), cols + bend * _wave(coarse.shape, rng)]
    bent = map_coordinates(coarse, places, order=0, mode="nearest")
    # merge what people see as one area
    blur = 0.45 * volunteer.detail_px * scale / step + 0.4
    strength = np.stack(
        [gaussian_filter((bent == code).astype(np.float32), blur) for code in [*classes, NO_LABEL]]
    )
    values = np.array([*classes, NO_LABEL], dtype=np.uint8)
    seen = values[strength.argmax(axis=0)]
    seen[strength.max(axis=0) < 0.34] = NO_LABEL
    # masked areas are not outlined
    seen[coarse == NO_LABEL] = NO_LABEL
    return seen, float(step)


def _wave(shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return smooth noise of standard deviation 1 and a scale of a tenth of the image."""
    from scipy.ndimage import zoom

    knots = rng.standard_normal((11, 11))
    factors = (shape[0] / 11, shape[1] / 11)
    wave: npt.NDArray[np.float64] = zoom(knots, factors, order=3, mode="nearest", grid_mode=True)
    return 1.3 * wave


def _outlined(
    volunteer: Volunteer, shape: shapely.Geometry, scale: float, rng: np.random.Generator
) -> list[shapely.Polygon]:
    """Return the outlines that a volunteer draws for one region of the truth: none or some."""
    detail = volunteer.detail_px * scale
    smallest = volunteer.smallest_px * scale
    if shape.area < smallest**2 or rng.random() < volunteer.miss_rate:
        return []
    if rng.random() > volunteer.cover:
        shape = _part_of(shape, rng)
    shape = shape.buffer(-volunteer.gap_px * scale - 0.3 * detail).buffer(0.3 * detail)
    parts = []
    for polygon in shapely.get_parts(shape):
        if polygon.area < 0.5 * smallest**2:
            continue
        # small holes in a region are ignored
        holes = [ring for ring in polygon.interiors if shapely.Polygon(ring).area > smallest**2]
        whole = shapely.Polygon(polygon.exterior, holes)
        parts.append(_with_few_points(whole, 0.45 * detail + 2.0 * scale))
    return parts


def _with_few_points(polygon: shapely.Polygon, tolerance: float) -> shapely.Polygon:
    """Return a polygon simplified to as many points as a person would click."""
    simple = polygon.simplify(tolerance)
    while shapely.get_num_coordinates(simple) > _MOST_POINTS:
        tolerance *= 1.35
        simple = polygon.simplify(tolerance)
    return simple


def _part_of(shape: shapely.Geometry, rng: np.random.Generator) -> shapely.Geometry:
    """Return one side of a region: labels are deliberately sparse."""
    x0, y0, x1, y1 = shape.bounds
    angle, share = rng.uniform(0, 2 * np.pi), rng.uniform(-0.1, 0.35)
    reach = float(np.hypot(x1 - x0, y1 - y0))
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2]) + along * share * 0.5 * reach
    corners = [middle + reach * across, middle - reach * across]
    corners += [corners[1] - 2 * reach * along, corners[0] - 2 * reach * along]
    return shape.intersection(shapely.Polygon(corners))


def _named(volunteer: Volunteer, true: int, classes: list[int], rng: np.random.Generator) -> int:
    """Return the class that a volunteer gives to a region of class `true`."""
    chances = {c: p for c, p in volunteer.confuse.get(true, {}).items() if c in classes}
    pick = rng.random() * max(sum(chances.values()), 1e-9)
    for code, chance in chances.items():
        pick -= chance
        if pick < 0:
            return code
    return true


def _rings(polygon: shapely.Polygon) -> tuple[npt.NDArray[np.float64], ...]:
    rings = [polygon.exterior, *polygon.interiors]
    return tuple(shapely.get_coordinates(ring)[:-1] for ring in rings)


def _vandalism(
    height: int, width: int, classes: list[int], rng: np.random.Generator
) -> list[Region]:
    """Return a label that ignores the image: all one class, blobs, or a scribble."""
    styles: tuple[Callable[..., list[Region]], ...] = (_all_one, _blobs, _scribble)
    return styles[int(rng.integers(3))](np.array([width, height]), classes, rng)


def _all_one(
    size: npt.NDArray[np.int64], classes: list[int], rng: np.random.Generator
) -> list[Region]:
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) + rng.uniform(-0.06, 0.06, (4, 2))
    return [Region(int(rng.choice(classes)), (np.clip(corners, 0, 1) * size,))]


def _blobs(
    size: npt.NDArray[np.int64], classes: list[int], rng: np.random.Generator
) -> list[Region]:
    regions = []
    for _ in range(int(rng.integers(3, 8))):
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        radius = rng.uniform(0.05, 0.22) * (1 + 0.25 * np.sin(3 * turn + rng.uniform(0, 6)))
        ring = rng.random(2) + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        regions.append(Region(int(rng.choice(classes)), (np.clip(ring, 0, 1) * size,)))
    return regions


def _scribble(
    size: npt.NDArray[np.int64], classes: list[int], rng: np.random.Generator
) -> list[Region]:
    path = shapely.LineString(rng.random((14, 2)) * size)
    shape = path.buffer(0.012 * float(size.min()), quad_segs=2)
    code = int(rng.choice(classes))
    return [Region(code, _rings(part)) for part in shapely.get_parts(shape)]
