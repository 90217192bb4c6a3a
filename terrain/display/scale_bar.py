"""The scale bar, which shows the width of half a meter in the scene (paper 3.1.1).

A white trapezoid, 0.5 m wide for Curiosity and 0.2 m for Spirit and Opportunity, drawn as if it lay
on the ground in the middle of the image, so its nearer edge is wider. Labelers may ignore anything
smaller. A bar on the rover or in the sky would have no scale: it moves to the nearest place where
all of it lies on ground that is to be labeled.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.camera import LEVEL_UP, CameraModel, Vector, flat_ground_range
from terrain.display.range_limit import cut_row

#: The width of the scale bar by rover, meters (paper 3.1.1).
WIDTHS_M = {"curiosity": 0.5, "perseverance": 0.5, "opportunity": 0.2, "spirit": 0.2}
#: The width of the scale bar for other rovers, meters.
OTHER_WIDTH_M = 0.5

# The range "at the middle" is the median of a window, half of it this many pixels: one boulder or
# one hole of the stereo match must not set the scale. The second is for frames with large holes.
_WINDOWS = (12, 48)

# Height of the drawn trapezoid as a part of its width, and its least height in pixels
_HEIGHT_PER_WIDTH = 0.12
_LEAST_HEIGHT_PX = 8.0

# Pixels around the bar that must be ground, too: its outline lies there
_MARGIN_PX = 4
# Places tried for a bar that cannot lie in the middle: as many along each side of the frame
_PLACES_PER_SIDE = 40

# Looking down along `up` closer than this (sine of the angle), nothing is level and across
_STRAIGHT_DOWN = 1e-6


def scale_bar_width(rover: str) -> float:
    """Return the width of the scale bar on a rover's images, meters.

    >>> scale_bar_width("spirit"), scale_bar_width("a lab's own")
    (0.2, 0.5)
    """
    return WIDTHS_M.get(rover, OTHER_WIDTH_M)


@dataclass(frozen=True, slots=True)
class NominalCamera:
    """The design values of a camera, for frames without a camera model.

    focal_px: focal length in pixels of a full frame, None for a camera that zooms or sends its
    frames at several scales; height_m: height above the ground at the wheels; ground_z: depth of
    that ground below the origin of the rover frame; both in meters.
    """

    focal_px: float | None
    height_m: float
    ground_z: float


# Focal lengths are |A x H| of PDS labels: 1224-1225 MSL, 1188-1223 MER. MSL: the rover frame's
# origin is on the ground, its cameras 1.85-1.98 m above. MER: cameras 1.5 m above ground (Maki et
# al. 2003, "Mars Exploration Rover Engineering Cameras", JGR 108), but 1.25 m above the origin.
CURIOSITY_NAVCAM = NominalCamera(focal_px=1225.0, height_m=1.9, ground_z=0.0)
MER_NAVCAM = NominalCamera(focal_px=1200.0, height_m=1.5, ground_z=0.25)
# Curiosity's Mastcam is beside its NAVCAM. Perseverance's frame has its origin on the ground too;
# its Navcam model's center is 1.95 m above, and its frames come at one, two or four pixels a side.
CURIOSITY_MASTCAM = NominalCamera(focal_px=None, height_m=1.97, ground_z=0.0)
PERSEVERANCE_MAST = NominalCamera(focal_px=None, height_m=1.95, ground_z=0.0)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """The position of the scale bar, in pixel coordinates (x right, y down, continuous).

    x, y: its center; width_px: its width there; top_width_px, bottom_width_px: the widths of its
    farther and nearer edge; polygon: four (x, y) from the top left, clockwise on the screen;
    width_m: the width on the ground that it represents; range_m: slant range of that ground;
    estimated: True when that range comes from flat ground or a cut row, and not from a range
    product.
    """

    x: float
    y: float
    width_px: float
    top_width_px: float
    bottom_width_px: float
    polygon: tuple[tuple[float, float], ...]
    width_m: float
    range_m: float
    estimated: bool

    def to_json(self) -> dict[str, object]:
        """Return a JSON object with the fields' names; the polygon is [[x, y], ...]."""
        return {
            "x": self.x,
            "y": self.y,
            "width_px": self.width_px,
            "top_width_px": self.top_width_px,
            "bottom_width_px": self.bottom_width_px,
            "polygon": [[x, y] for x, y in self.polygon],
            "width_m": self.width_m,
            "range_m": self.range_m,
            "estimated": self.estimated,
        }


def scale_bar(
    width_m: float,
    height: int,
    width: int,
    nominal: NominalCamera | None,
    *,
    limit_m: float,
    camera: CameraModel | None = None,
    up: Vector = LEVEL_UP,
    range_m: npt.NDArray[np.floating] | None = None,
    cut: int | None = None,
    ground: npt.NDArray[np.bool_] | None = None,
) -> ScaleBar | None:
    """Return the scale bar of a frame, or None if the range of its ground is unknown.

    width_m: the width that the bar represents, meters. height, width: size of the frame, pixels.
    nominal: the design values of its camera, used for the height above ground and if `camera` is
    None; None for an unknown rover, whose bar needs a camera model and a range product. limit_m:
    the range limit, meters. camera, up: the frame's camera model and its upward direction. range_m:
    float (H, W) meters, its range product (0.0, negative, NaN = no range). cut: how many rows from
    the top are beyond the limit, where a delivered mask says so. ground: bool (H, W), True on
    ground to be labeled (`ground_to_label`); None to put the bar in the middle whatever is there.

    The range at the bar comes from the first available source: the range product around the bar;
    flat ground seen by the camera model; flat ground seen by the nominal camera, from the cut row,
    whose range is the limit. A cut of 0 gives no information, since the limit is then out of sight.
    The bar is in the center of the frame; if the center is beyond the limit, the bar is in the
    middle column, halfway between the cut row and the bottom. If it would cover a pixel that is not
    `ground`, it is at the nearest place where it covers none. Also None if the bar would be wider
    than the frame, or finds no such place. Source: paper 3.1.1; the width is that of a level bar
    across the line of sight, seen through the camera model, else through a pinhole of the nominal
    camera, f w / depth.
    """
    if camera is None and nominal is None:
        return None
    x = width / 2.0
    if cut is None:
        cut = _rows_beyond_limit(height, width, limit_m, range_m, camera, nominal, up)
    y = height / 2.0 if cut <= height / 2.0 else (cut + height) / 2.0
    if ground is None:
        return _bar_at(x, y, width_m, height, width, nominal, limit_m, camera, up, range_m, cut)
    if range_m is not None:
        range_m = np.where(ground, range_m, 0.0)
    covered = _area_sums(~ground)
    for at_x, at_y in _places(x, y, covered):
        bar = _bar_at(
            at_x, at_y, width_m, height, width, nominal, limit_m, camera, up, range_m, cut
        )
        if bar is not None and _lies_on_ground(bar, covered, limit_m, camera, nominal, up):
            return bar
    return None


def ground_to_label(
    height: int,
    width: int,
    *,
    limit_m: float,
    rover: npt.NDArray[np.bool_] | None = None,
    beyond: npt.NDArray[np.bool_] | None = None,
    range_m: npt.NDArray[np.floating] | None = None,
) -> npt.NDArray[np.bool_]:
    """Return where there is ground to be labeled: bool (height, width).

    limit_m: the range limit, meters. rover, beyond: bool (height, width), True on the rover and
    beyond the limit; None if not known. range_m: float (height, width) meters, 0.0, negative or NaN
    for no range. With ranges, the sky of a tilted horizon is left out, too: a pixel above the
    topmost range within the limit in its column is no ground.

    >>> ground_to_label(3, 1, limit_m=30.0, range_m=np.array([[0.0], [9.0], [0.0]])).T.tolist()
    [[False, True, True]]
    """
    ground = np.ones((height, width), dtype=np.bool_)
    for mask in (rover, beyond):
        if mask is not None:
            ground &= ~mask
    if range_m is not None and bool((range_m > 0.0).any()):
        near = (range_m > 0.0) & (range_m <= limit_m)
        ground &= np.logical_or.accumulate(near, axis=0)
    return ground


def _area_sums(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the summed-area table (integral image) of a mask: int32 (H + 1, W + 1)."""
    height, width = mask.shape
    sums = np.zeros((height + 1, width + 1), dtype=np.int32)
    np.cumsum(np.cumsum(mask, axis=0, dtype=np.int32), axis=1, out=sums[1:, 1:])
    return sums


def _places(x: float, y: float, covered: npt.NDArray[np.int32]) -> Iterator[tuple[float, float]]:
    """Yield (x, y), then the places of a grid that lie on ground, the nearest first."""
    yield x, y
    height, width = covered.shape[0] - 1, covered.shape[1] - 1
    step = max(1.0, max(height, width) / _PLACES_PER_SIDE)
    columns = x + step * np.arange(-_PLACES_PER_SIDE, _PLACES_PER_SIDE + 1)
    rows = y + step * np.arange(-_PLACES_PER_SIDE, _PLACES_PER_SIDE + 1)
    grid = [
        (float(column), float(row))
        for row in rows
        for column in columns
        if _LEAST_HEIGHT_PX <= column < width - _LEAST_HEIGHT_PX
        and _LEAST_HEIGHT_PX <= row < height - _LEAST_HEIGHT_PX
    ]
    half = _LEAST_HEIGHT_PX / 2.0 + _MARGIN_PX
    for column, row in sorted(grid, key=lambda place: math.hypot(place[0] - x, place[1] - y)):
        if _is_clear(covered, column - half, row - half, column + half, row + half):
            yield column, row


def _is_clear(
    covered: npt.NDArray[np.int32], left: float, top: float, right: float, bottom: float
) -> bool:
    """Return whether a box lies in the frame and no pixel in it counts in `covered`."""
    height, width = covered.shape[0] - 1, covered.shape[1] - 1
    x0, y0, x1, y1 = math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
    if x0 < 0 or y0 < 0 or x1 > width or y1 > height:
        return False
    return bool(covered[y1, x1] - covered[y0, x1] - covered[y1, x0] + covered[y0, x0] == 0)


def _lies_on_ground(
    bar: ScaleBar,
    covered: npt.NDArray[np.int32],
    limit_m: float,
    camera: CameraModel | None,
    nominal: NominalCamera | None,
    up: Vector,
) -> bool:
    """Return whether a bar with its outline covers only ground.

    Without ranges, a camera model tells where a tilted horizon is.
    """
    x, y = np.array(bar.polygon).T
    margin = _MARGIN_PX
    if not _is_clear(
        covered, x.min() - margin, y.min() - margin, x.max() + margin, y.max() + margin
    ):
        return False
    if not bar.estimated or camera is None or nominal is None:
        return True
    return bool((flat_ground_range(camera, x, y, nominal.ground_z, up) <= limit_m).all())


def _bar_at(
    x: float,
    y: float,
    width_m: float,
    height: int,
    width: int,
    nominal: NominalCamera | None,
    limit_m: float,
    camera: CameraModel | None,
    up: Vector,
    range_m: npt.NDArray[np.floating] | None,
    cut: int,
) -> ScaleBar | None:
    """Return the bar at a place; None if its range is unknown, or it is wider than the frame."""
    found = _range_at(x, y, height, limit_m, range_m, camera, nominal, up, cut)
    if found is None:
        return None
    distance, estimated = found
    width_px = _width_at(x, y, distance, width_m, height, camera, nominal, up)
    if not width_px < width:
        return None
    half = max(_LEAST_HEIGHT_PX, _HEIGHT_PER_WIDTH * width_px) / 2.0
    top, bottom = (
        _width_at(
            x,
            y + dy,
            _range_along_ground(x, y, dy, distance, camera, nominal, up),
            width_m,
            height,
            camera,
            nominal,
            up,
        )
        for dy in (-half, half)
    )
    polygon = (
        (x - top / 2.0, y - half),
        (x + top / 2.0, y - half),
        (x + bottom / 2.0, y + half),
        (x - bottom / 2.0, y + half),
    )
    return ScaleBar(x, y, width_px, top, bottom, polygon, width_m, distance, estimated)


def _rows_beyond_limit(
    height: int,
    width: int,
    limit_m: float,
    range_m: npt.NDArray[np.floating] | None,
    camera: CameraModel | None,
    nominal: NominalCamera | None,
    up: Vector,
) -> int:
    """Return the number of rows beyond the limit, from ranges or the camera model."""
    if range_m is not None and bool((range_m > 0.0).any()):
        return cut_row(range_m, limit_m)
    if camera is None or nominal is None:
        return 0
    y = np.arange(height) + 0.5
    middle_column = flat_ground_range(camera, width / 2.0, y, nominal.ground_z, up)
    return cut_row(middle_column[:, None], limit_m)


def _range_at(
    x: float,
    y: float,
    height: int,
    limit_m: float,
    range_m: npt.NDArray[np.floating] | None,
    camera: CameraModel | None,
    nominal: NominalCamera | None,
    up: Vector,
    cut: int,
) -> tuple[float, bool] | None:
    """Return (range of the ground at (x, y) in meters, whether it is an estimate), or None."""
    if range_m is not None:
        for half in _WINDOWS:
            window = range_m[_around(y, half), _around(x, half)]
            known = window[np.isfinite(window) & (window > 0.0)]
            if known.size:
                return float(np.median(known)), False
    if nominal is None:
        return None
    if camera is not None:
        flat = float(flat_ground_range(camera, x, y, nominal.ground_z, up))
        if math.isfinite(flat):
            return flat, True
    if 0 < cut < height and nominal.focal_px is not None:
        depression = math.asin(min(1.0, nominal.height_m / limit_m))
        middle = height / 2.0
        depression += math.atan((y - middle) / nominal.focal_px)
        depression -= math.atan((cut - middle) / nominal.focal_px)
        if depression > 0.0:
            return nominal.height_m / math.sin(min(depression, math.pi / 2.0)), True
    return None


def _around(center: float, half: int) -> slice:
    """Return the pixels whose centers are within `half` of a coordinate."""
    return slice(max(0, math.ceil(center - half - 0.5)), math.floor(center + half - 0.5) + 1)


def _width_at(
    x: float,
    y: float,
    range_m: float,
    width_m: float,
    height: int,
    camera: CameraModel | None,
    nominal: NominalCamera | None,
    up: Vector,
) -> float:
    """Return the width in pixels of a level bar of `width_m` across the line of sight.

    NaN where the camera model does not see both its ends.
    """
    if camera is not None:
        origin, direction = camera.pixel_to_ray(x, y)
        across = np.cross(direction, up)
        if float(np.linalg.norm(across)) < _STRAIGHT_DOWN:
            across = np.cross(direction, camera.v)
        across *= width_m / 2.0 / np.linalg.norm(across)
        middle = origin + range_m * direction
        left, right = camera.project(np.stack([middle - across, middle + across]))
        return float(np.linalg.norm(right - left))
    if nominal is None or nominal.focal_px is None:
        return math.nan
    # depth along the optical axis is range * focal / hypot(focal, distance from the center)
    return width_m * math.hypot(nominal.focal_px, y - height / 2.0) / range_m


def _range_along_ground(
    x: float,
    y: float,
    dy: float,
    range_m: float,
    camera: CameraModel | None,
    nominal: NominalCamera | None,
    up: Vector,
) -> float:
    """Return the range of level ground dy pixels below (x, y), which is at range_m."""
    if camera is not None:
        _, middle = camera.pixel_to_ray(x, y)
        _, edge = camera.pixel_to_ray(x, y + dy)
        fall, edge_fall = float(middle @ up), float(edge @ up)
        # toward the horizon and above it there is no level ground to lie on: keep the range
        return range_m * fall / edge_fall if fall < 0.0 and edge_fall < fall / 2.0 else range_m
    if nominal is None or nominal.focal_px is None:
        return range_m
    depression = math.asin(min(1.0, nominal.height_m / range_m))
    lower = depression + math.atan(dy / nominal.focal_px)
    # a bar at the very horizon has no farther edge: keep it from running away
    lower = min(max(lower, depression / 2.0), math.pi / 2.0)
    return range_m * math.sin(depression) / math.sin(lower)
