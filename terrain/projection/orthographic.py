"""Orthographic (top-down) views of the ground in front of a rover (paper 4.2, Figure 8).

In a rover's image most pixels show the ground near its wheels, and only a few show each square
meter at 30 m. In a top-down view all square meters have equally many pixels. Each cell of the view
is assigned a pixel of the image; images and masks are resampled by these indices, so class codes
are never mixed.

The ground is a plane or a measured range map. In the frame of the ground, `ahead` is the viewing
direction of the camera and `right` is perpendicular to it. Both are level, in meters from the point
straight below the camera's center. Row 0 of a view is farthest ahead, column 0 farthest left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from terrain.camera import LEVEL_UP, CameraModel, Vector
from terrain.display.reduced_range import REDUCTION

Places = npt.NDArray[np.float64]
Ranges = npt.NDArray[np.float32]
Sources = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]
Pixel = TypeVar("Pixel", bound=np.generic)

#: In sources: a cell that no pixel shows.
UNSEEN = -1

# More cells than this are a mistake in the parameters: 100 m x 100 m at 1 cm
_MOST_CELLS = 10**8

# Looking down along `up` closer than this (sine of the angle), the camera looks nowhere ahead
_STRAIGHT_DOWN = 1e-6

# Where the ranges around a place differ by this factor more than level ground's do, something
# stands in front of something else
_JUMP = 1.2

# So far away that a ray's direction does not depend on where in the lens it starts
_FAR_M = 1e6

# Places in a cell are told apart to a cell's size over this
_STEPS_PER_CELL = 1 << 20


class NoGround(ValueError):
    """The camera cannot see the ground; the message says why."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a top-down view.

    meters_per_pixel: side length of a cell. nearest_m, farthest_m: distances ahead of the camera to
    the nearer and farther edge of the view; half_width_m: its extent to the left and to the right.
    The view is rounded to whole cells, at the farther edge and at both sides. Raises ValueError for
    an empty view.
    """

    meters_per_pixel: float = 0.05
    nearest_m: float = 0.0
    farthest_m: float = 30.0
    half_width_m: float = 15.0

    def __post_init__(self) -> None:
        numbers = (self.meters_per_pixel, self.nearest_m, self.farthest_m, self.half_width_m)
        if not all(map(math.isfinite, numbers)) or self.meters_per_pixel <= 0.0:
            raise ValueError("A pixel of the view needs a size in meters, such as 0.05.")
        if self.farthest_m <= self.nearest_m or self.half_width_m <= 0.0:
            raise ValueError("The view is empty: its far edge must lie beyond its near edge.")
        rows, columns = self.shape
        if rows * columns > _MOST_CELLS:
            raise ValueError(
                f"The view would have {rows} x {columns} pixels: choose larger ones, or less ground"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, columns), at least 1 each."""
        depth = self.farthest_m - self.nearest_m
        rows = max(1, round(depth / self.meters_per_pixel))
        return rows, 2 * max(1, round(self.half_width_m / self.meters_per_pixel))

    def ahead(self) -> Places:
        """Return the distance ahead of the center of each row, meters: (rows,)."""
        rows = self.shape[0]
        steps = np.arange(rows, 0, -1, dtype=np.float64) - 0.5
        return self.nearest_m + steps * self.meters_per_pixel

    def right(self) -> Places:
        """Return the distance to the right of the center of each column, meters: (columns,)."""
        columns = self.shape[1]
        steps = np.arange(columns, dtype=np.float64) + 0.5 - columns / 2
        return steps * self.meters_per_pixel

    def world_file(self) -> tuple[float, float, float, float, float, float]:
        """Return the six numbers of a world file: right = A column + C, ahead = E row + F.

        Returned in the order of such a file: A, D, B, E, C, F; (C, F) is the center of the upper
        left pixel, meters.

        >>> Grid(meters_per_pixel=0.5, farthest_m=10.0, half_width_m=2.0).world_file()
        (0.5, 0.0, 0.0, -0.5, -1.75, 9.75)
        """
        size = self.meters_per_pixel
        return size, 0.0, 0.0, -size, float(self.right()[0]), float(self.ahead()[0])


@dataclass(frozen=True, slots=True)
class GroundFrame:
    """The origin and axes of the ground's coordinates: (3,) vectors in the camera's frame.

    foot: the point straight below the camera's center at wheel level, meters; ahead, right, up:
    orthogonal unit vectors; height: of the camera above the foot, meters.
    """

    foot: Vector
    ahead: Vector
    right: Vector
    up: Vector
    height: float


def ground_frame(camera: CameraModel, ground_z: float = 0.0, up: Vector = LEVEL_UP) -> GroundFrame:
    """Return the frame of the ground below a camera.

    ground_z, up: as in `terrain.camera.flat_ground_range`. For a camera that looks straight down,
    ahead is the direction toward the top of its image. Raises NoGround if the camera is not above
    the ground.
    """
    center, toward = np.array(camera.c), np.array(camera.a)
    upward = np.array(up) / np.linalg.norm(up)
    height = float(center @ upward) + ground_z
    if not height > 0.0:
        raise NoGround("The camera model lies below the ground, so the ground cannot be seen.")
    ahead = toward - (toward @ upward) * upward
    if np.linalg.norm(ahead) < _STRAIGHT_DOWN:
        top = float(camera.vertical_focal_length_px) * toward - np.array(camera.v)
        ahead = top - (top @ upward) * upward
    ahead /= np.linalg.norm(ahead)
    return GroundFrame(
        foot=_vector(center - height * upward),
        ahead=_vector(ahead),
        right=_vector(np.cross(ahead, upward)),
        up=_vector(upward),
        height=height,
    )


def sources_on_plane(
    camera: CameraModel, frame: GroundFrame, grid: Grid, shape: tuple[int, int]
) -> Sources:
    """Return the image pixel that each cell shows, on a plane at wheel level.

    shape: (height, width) of the image. Each cell shows the pixel that contains its center, so
    positions on a plane are correct to half a cell. Returns int32 `grid.shape`, flat indices into
    the image (row * width + column), UNSEEN outside of it.
    """
    height, width = shape
    places = (
        np.array(frame.foot)
        + grid.ahead()[:, None, None] * np.array(frame.ahead)
        + grid.right()[None, :, None] * np.array(frame.right)
    )
    with np.errstate(all="ignore"):
        pixels = camera.project(places)
    x, y = pixels[..., 0], pixels[..., 1]
    seen = (x >= 0.0) & (x < width) & (y >= 0.0) & (y < height)
    seen &= _within_lens(camera, places, shape)
    sources = np.full(grid.shape, UNSEEN, dtype=np.int32)
    sources[seen] = y[seen].astype(np.int32) * width + x[seen].astype(np.int32)
    return sources


def sources_over_range(
    camera: CameraModel,
    frame: GroundFrame,
    grid: Grid,
    shape: tuple[int, int],
    range_m: Ranges,
) -> Sources:
    """Return the image pixel that each cell shows, on ground with measured ranges.

    shape: (height, width) of the image. range_m: its reduced range in meters, float32 (ceil(height
    / 4), ceil(width / 4)), 0.0 = none, see `terrain.display.reduced_range`; it is interpolated
    between cells, but not across a jump of range such as the edge of a rock.

    Each pixel with a range has a position on the ground. A cell shows, of the pixels that fall into
    it, the one nearest to its center. Distant pixels are farther apart than cells: a cell into
    which no pixel falls shows the pixel of the nearest cell that has one, unless that cell is
    farther away than the spacing of pixels on level ground there (across the line of sight; along
    it, twice the spacing, since ground may slope away). In that case something hides the cell, and
    it is UNSEEN. So positions are correct to one cell, and far away to one pixel's footprint.
    Returns int32 `grid.shape`, flat indices into the image (row * width + column).
    """
    from scipy import ndimage

    ahead, right, ranges = _places(camera, frame, shape, range_m)
    rows, columns = grid.shape
    size = np.float32(grid.meters_per_pixel)
    far_edge = np.float32(grid.nearest_m + rows * grid.meters_per_pixel)
    row, column = (far_edge - ahead) / size, right / size + np.float32(columns / 2)
    inside = (row >= 0.0) & (row < rows) & (column >= 0.0) & (column < columns)
    pixel = np.flatnonzero(inside)
    row, column = row.ravel()[pixel], column.ravel()[pixel]
    cell_row, cell_column = row.astype(np.int32), column.astype(np.int32)
    off_middle = (row - cell_row - 0.5) ** 2 + (column - cell_column - 0.5) ** 2
    # one number decides: the distance first, among equal ones the earlier pixel
    order = (off_middle * _STEPS_PER_CELL).astype(np.int64) << 32 | pixel
    nearest = np.full(rows * columns, np.iinfo(np.int64).max, dtype=np.int64)
    np.minimum.at(nearest, cell_row * np.int64(columns) + cell_column, order)
    filled = (nearest != np.iinfo(np.int64).max).reshape(grid.shape)
    own = np.where(filled, nearest.reshape(grid.shape) & 0xFFFFFFFF, UNSEEN).astype(np.int32)
    if filled.all() or not filled.any():
        return own
    from_row, from_column = ndimage.distance_transform_edt(
        ~filled, return_distances=False, return_indices=True
    )
    spread = own[from_row, from_column]
    # how far the pixel was spread, along its line of sight and across it
    away = np.stack([from_row - np.arange(rows)[:, None], np.arange(columns) - from_column])
    sight = np.stack([grid.ahead()[from_row], grid.right()[from_column]])
    sight /= np.maximum(np.hypot(*sight), grid.meters_per_pixel)
    along = np.abs((away * sight).sum(axis=0)) * grid.meters_per_pixel
    across = np.abs(away[0] * sight[1] - away[1] * sight[0]) * grid.meters_per_pixel
    distance = ranges.ravel()[spread]
    focal = camera.focal_length_px
    too_far = along > 2.0 * distance**2 / (frame.height * focal) + grid.meters_per_pixel
    too_far |= across > distance / focal + grid.meters_per_pixel
    spread[too_far] = UNSEEN
    return cast(Sources, spread)


def mask_sources(sources: Sources, masked: Bool | None) -> Sources:
    """Return the sources without masked pixels (rover, beyond the range limit).

    The rover's deck is not ground; without the mask it would appear on the ground behind it.
    """
    if masked is None:
        return sources
    hidden = masked.ravel()[sources] & (sources != UNSEEN)
    return np.where(hidden, np.int32(UNSEEN), sources)


def view_from_above(
    picture: npt.NDArray[Pixel], sources: Sources, nothing: int
) -> npt.NDArray[Pixel]:
    """Return an image or mask resampled to the view's cells by nearest neighbor.

    >>> picture = np.array([[10, 20]], dtype=np.uint8)
    >>> view_from_above(picture, np.array([[1, UNSEEN]], dtype=np.int32), nothing=0).tolist()
    [[20, 0]]
    """
    flat = picture.reshape(-1, *picture.shape[2:])
    view = flat[np.maximum(sources, 0)]
    view[sources == UNSEEN] = nothing
    return view


def _places(
    camera: CameraModel,
    frame: GroundFrame,
    shape: tuple[int, int],
    range_m: Ranges,
) -> tuple[Ranges, Ranges, Ranges]:
    """Return the meters ahead and to the right of each pixel's ground, and its range.

    float32 (height, width) each.
    """
    from scipy import ndimage

    height, width = shape
    y = (np.arange(range_m.shape[0]) + 0.5) * REDUCTION
    x = (np.arange(range_m.shape[1]) + 0.5) * REDUCTION
    origin, ray = camera.pixel_to_ray(x[None, :], y[:, None])
    known = (range_m > 0.0) & np.isfinite(range_m)
    # without a range the direction is still wanted, by the neighbors: that of something far away
    distance = np.where(known, range_m, _FAR_M)
    # ranges count from the camera's center, also where a fisheye's ray starts elsewhere
    start = np.broadcast_to(origin - np.array(camera.c), ray.shape)
    along = np.einsum("...i,...i->...", start, ray)
    aside = np.einsum("...i,...i->...", start, start)
    unit = start + ray * (np.sqrt(distance**2 - aside + along**2) - along)[..., None]
    unit /= distance[..., None]
    # over a plane 1 / range is linear in the pixel; where it jumps each cell keeps its own
    inverse = np.where(known, 1.0 / distance, 0.0).astype(np.float32)
    farthest = ndimage.minimum_filter(inverse, 3, mode="nearest")
    nearest = ndimage.maximum_filter(inverse, 3, mode="nearest")
    level = np.float32(2 * REDUCTION / (frame.height * camera.focal_length_px))
    is_smooth = (farthest > 0.0) & (nearest <= farthest * np.float32(_JUMP) + level)
    fine = _enlarged(inverse, height, width)
    coarse = _repeated(inverse, height, width)
    smooth = _repeated(is_smooth & known, height, width)
    with np.errstate(divide="ignore", invalid="ignore"):
        known_here = np.where(coarse > 0.0, coarse, np.float32(np.nan))
        ranges = cast(Ranges, 1.0 / np.where(smooth, fine, known_here))
    ahead, right = (
        _enlarged((unit @ np.array(axis)).astype(np.float32), height, width) * ranges
        for axis in (frame.ahead, frame.right)
    )
    return ahead, right, ranges


def _enlarged(reduced: Ranges, height: int, width: int) -> Ranges:
    """Interpolate values of the reduced cells to (height, width) pixels.

    Beyond the outermost cell centers, values are extrapolated by half a cell.
    """
    from scipy import ndimage

    more = (
        np.pad(reduced, 1, mode="reflect", reflect_type="odd")
        if min(reduced.shape) > 1
        else np.pad(reduced, 1, mode="edge")
    )
    fine = ndimage.zoom(more, REDUCTION, order=1, mode="nearest", grid_mode=True)
    inside = slice(REDUCTION, REDUCTION + height), slice(REDUCTION, REDUCTION + width)
    return cast(Ranges, fine[inside])


def _repeated(reduced: npt.NDArray[Pixel], height: int, width: int) -> npt.NDArray[Pixel]:
    """Repeat the value of each reduced cell for all of its pixels."""
    return reduced.repeat(REDUCTION, axis=0).repeat(REDUCTION, axis=1)[:height, :width]


def _within_lens(camera: CameraModel, places: Places, shape: tuple[int, int]) -> Bool:
    """Return which positions are no farther from the optical axis than the image's corners.

    A lens's distortion polynomial is valid within its image only; farther out it may fold back and
    project points beside the camera into the image.
    """
    height, width = shape
    _, corners = camera.pixel_to_ray([0.0, width, 0.0, width], [0.0, 0.0, height, height])
    axis = np.array(camera.a)
    offset = places - np.array(camera.c)
    off_axis = (offset @ axis) / np.linalg.norm(offset, axis=-1)
    return cast(Bool, off_axis >= float((corners @ axis).min()))


def _vector(array: Places) -> Vector:
    """Return the three numbers of an array as a tuple."""
    return float(array[0]), float(array[1]), float(array[2])
