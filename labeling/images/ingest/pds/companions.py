"""Companion products of a frame: range, points (XYZ) and the rover mask.

They are found by name: same exposure, same eye, different product type. A product whose name has
another form is found by SOURCE_PRODUCT_ID in its label, which names the frame.

A companion of the frame's own geometry, raw or linearized, fits pixel by pixel. A linearized range
(RNGL, RNL; a CAHV camera model) belongs to the linearized frame, and not to the raw one (CAHVOR),
whose lens distortion moves terrain by several pixels. It is still used for a raw frame if its
SOURCE_PRODUCT_ID names that frame and both labels have a camera model in the same coordinate system
with the same center. Range is measured from that center, so it is the same along a ray. Each raw
pixel then takes the range of the linearized pixel that its ray hits. Ranges are not interpolated,
since 0.0 means no range. Other companions are not used.

Range from points is their distance from the camera's center C in the coordinate system of the
points: C itself in a rover frame, or C transformed by the rover's pose in the site frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from labeling.images.ingest.pds.images import PdsImage, open_image, stem_of
from labeling.images.ingest.pds.labels import MASK, RANGE_MAP, ROVER_FRAMES, XYZ_MAP, ImageLabel
from labeling.images.ingest.places import Place
from labeling.images.ingest.product_ids import (
    RANGE_TYPES,
    ROVER_MASK_TYPES,
    XYZ_TYPES,
    is_mission_name,
    parse_product_id,
)
from labeling.images.ingest.products import Refused
from terrain.camera import CameraModel, rotate

Float32 = npt.NDArray[np.float32]

# Largest distance of the centers of equal cameras, meters: labels round them
_SAME_CENTER = 0.001
# Lens distortion is smooth: the mapping between two geometries is computed at every 16th pixel and
# interpolated in between, good to 0.01 px
_GRID_STEP = 16

# More files with other names than this in a folder are not companions
_MOST_UNNAMED = 256

# Kind of a companion, by the product type in its name
_KINDS = (
    dict.fromkeys(RANGE_TYPES, RANGE_MAP)
    | dict.fromkeys(XYZ_TYPES, XYZ_MAP)
    | dict.fromkeys(ROVER_MASK_TYPES, MASK)
)

# Sentence about a companion that cannot be mapped to the frame's pixels
_DOES_NOT_FIT = (
    "was not used: its geometry or its coordinates differ from the frame's, and its label does "
    "not say how to convert them."
)

_SITE_FRAME = "SITE_FRAME"
_LEVEL_FRAME = "LOCAL_LEVEL_FRAME"


@dataclass(frozen=True, slots=True)
class Companions:
    """The files of a place that may be companions of its frames.

    `by_exposure` has companions by exposure and kind, from their names; `unnamed` has (name, label)
    of .IMG files with other names, by folder; for `detached` see `images.labels_by_stem`.
    """

    place: Place
    by_exposure: Mapping[tuple[str, str], tuple[str, ...]]
    unnamed: Mapping[str, tuple[tuple[str, str | None], ...]]
    detached: Mapping[str, str]

    def range_of(self, name: str, frame: PdsImage, notes: list[str]) -> Float32 | None:
        """Return the range of every pixel of a frame, float32 (H, W) meters, 0.0 = no range.

        None without any. A range product is preferred to points, and the frame's own geometry to
        another. A sentence about each unused companion is added to `notes`. Raises Refused if a
        companion is damaged or does not match its name.
        """
        found: Float32 | None = None
        for derived in (RANGE_MAP, XYZ_MAP):
            if found is not None:
                others = map(PurePosixPath, self._named(name, derived))
                notes += [f"{other.name} was not needed for its range." for other in others]
                break
            for companion in self._of(name, frame, derived):
                if found is not None:
                    notes.append(f"{companion.path.name} was not needed for its range.")
                    continue
                ranges = range_from(companion)
                fitting = _fitted(ranges, companion, frame) if ranges is not None else None
                if fitting is None:
                    notes.append(f"{companion.path.name} {_DOES_NOT_FIT}")
                elif bool((fitting > 0.0).any()):
                    found = fitting
                else:
                    notes.append(f"{companion.path.name} was not used: it contains no range.")
        return found

    def rover_mask_of(
        self, name: str, frame: PdsImage, notes: list[str]
    ) -> npt.NDArray[np.bool_] | None:
        """Return the rover mask of a frame, bool (H, W), True = rover; None without a product.

        As in the released masks, every value except 0 is the rover. `notes` and Refused are as in
        `range_of`.
        """
        found: Float32 | None = None
        for companion in self._of(name, frame, MASK):
            if found is not None:
                notes.append(f"{companion.path.name} was not needed for its mask.")
                continue
            found = _fitted((companion.array() != 0).astype(np.float32), companion, frame)
            if found is None:
                notes.append(f"{companion.path.name} {_DOES_NOT_FIT}")
        return None if found is None else found > 0.0

    def of_frames(self, names: Iterable[str]) -> set[str]:
        """Return the companions of these frames' exposures, found by name."""
        parts = [parse_product_id(PurePosixPath(name).stem) for name in names]
        exposures = {each.exposure for each in parts if each is not None}
        return {
            other
            for (exposure, _), others in self.by_exposure.items()
            if exposure in exposures
            for other in others
        }

    def _of(self, name: str, frame: PdsImage, derived: str) -> Iterator[PdsImage]:
        """Yield the companions of one kind of a frame, those of its own geometry first."""
        found = [self._open(other, name, derived) for other in self._named(name, derived)]
        folder = self.unnamed.get(str(PurePosixPath(name).parent), ())
        if folder:
            by_source = _by_source(self.place, folder)
            others = by_source.get((frame.label.product_id.upper(), derived), ())
            found += [self._open(other, name, derived) for other in others if other != name]
        return iter(sorted(found, key=lambda image: image.geometry != frame.geometry))

    def _named(self, name: str, derived: str) -> list[str]:
        """Return the companions of one kind of a frame that are found by name."""
        parts = parse_product_id(PurePosixPath(name).stem)
        named = self.by_exposure.get((parts.exposure, derived), ()) if parts is not None else ()
        return [other for other in named if other != name]

    def _open(self, other: str, name: str, derived: str) -> PdsImage:
        image = open_image(self.place, other, self.detached)
        if derived not in image.label.derived:
            raise Refused(
                f"{image.path.name} is not the {derived.lower().replace('_', ' ')} of "
                f"{PurePosixPath(name).name}: its label says {image.label.derived}."
            )
        return image


@lru_cache(maxsize=8)
def _by_source(
    place: Place, files: tuple[tuple[str, str | None], ...]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Group files by (id of their source product, kind of file), as read from their PDS labels.

    `files` are (file name, name of its PDS label or None). Each process reads a folder's labels
    once.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for name, label_name in files:
        try:
            label = open_image(place, name, {stem_of(name): label_name} if label_name else {}).label
        except Refused:
            continue  # it is a candidate of its own and is refused there by name
        for source in label.sources:
            key = (source, label.derived)
            found[key] = (*found.get(key, ()), name)
    return found


def find_companions(
    place: Place, images: list[str], detached: Mapping[str, str]
) -> tuple[Companions, list[str]]:
    """Return the companions among a place's .IMG files, and the other names: possible frames."""
    by_exposure: dict[tuple[str, str], list[str]] = {}
    unnamed: dict[str, list[tuple[str, str | None]]] = {}
    frames = []
    for name in images:
        parts = parse_product_id(PurePosixPath(name).stem)
        if parts is not None and parts.product_type in _KINDS:
            key = (parts.exposure, _KINDS[parts.product_type])
            by_exposure.setdefault(key, []).append(name)
            continue
        if not is_mission_name(PurePosixPath(name).stem):
            folder = str(PurePosixPath(name).parent)
            unnamed.setdefault(folder, []).append((name, detached.get(stem_of(name))))
        frames.append(name)
    found = Companions(
        place,
        {key: tuple(names) for key, names in by_exposure.items()},
        {folder: tuple(files) for folder, files in unnamed.items() if len(files) <= _MOST_UNNAMED},
        detached,
    )
    return found, frames


def range_from(companion: PdsImage) -> Float32 | None:
    """Return the range of a range or XYZ product, float32 (H, W) meters, in its own geometry.

    0.0, negative values, NaN and infinity are no range and become 0.0. Returns None for points in a
    coordinate system in which the camera's center is not known.
    """
    array = companion.array()
    label = companion.label
    if label.derived == RANGE_MAP:
        if array.ndim != 2:
            raise Refused(f"{companion.path.name} has {array.shape[2]} bands; a range has one.")
        return _clean(array)
    if array.ndim != 3 or array.shape[2] != 3:
        raise Refused(
            f"{companion.path.name} does not contain points: it does not have three bands."
        )
    center = center_in(label)
    if center is None:
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.linalg.norm(array.astype(np.float64) - center, axis=2)
    # a point at 0, 0, 0 is the label's MISSING_CONSTANT
    return _clean(np.where((array == 0.0).all(axis=2), 0.0, distance))


def center_in(label: ImageLabel) -> npt.NDArray[np.float64] | None:
    """Return the camera's center in the coordinates of a label's points, (3,) meters, or None."""
    if label.camera_model is None:
        return None
    center = np.array(label.camera_model.c, dtype=np.float64)
    if label.data_frame in ROVER_FRAMES:
        return center
    if label.pose is None or label.pose.frame != _SITE_FRAME:
        return None
    level = rotate(label.pose.quaternion, center)
    if label.data_frame == _LEVEL_FRAME:
        return level
    if label.data_frame == _SITE_FRAME:
        return level + np.array(label.pose.offset, dtype=np.float64)
    return None


def _clean(ranges: npt.NDArray[np.floating]) -> Float32:
    """Return ranges in this machine's byte order, 0.0 where there is no range."""
    clean = ranges.astype(np.float32)
    # fmax returns the number if the other value is NaN
    np.fmax(clean, 0.0, out=clean)
    if np.isinf(clean.max(initial=0.0)):
        clean[np.isinf(clean)] = 0.0
    return clean


def _fitted(values: Float32, of: PdsImage, frame: PdsImage) -> Float32 | None:
    """Return the values of a companion at a frame's pixels; None if it cannot be mapped.

    With the same size and geometry they are used unchanged; otherwise see the module's docstring.
    """
    _, height, width = frame.label.shape
    if values.shape == (height, width) and of.geometry == frame.geometry:
        return values
    if frame.label.product_id.upper() not in of.label.sources:
        return None
    source, target = of.label.camera_model, frame.label.camera_model
    if source is None or target is None or of.label.camera_frame != frame.label.camera_frame:
        return None
    if float(np.linalg.norm(np.subtract(source.c, target.c))) > _SAME_CENTER:
        return None
    return resampled(values, source, target, height, width)


def resampled(
    values: Float32, source: CameraModel, target: CameraModel, height: int, width: int
) -> Float32:
    """Resample values (h, w) of one camera to another with the same center: (height, width).

    Each pixel takes the value of the source pixel that its ray hits, 0.0 outside the source.
    """
    from scipy import ndimage

    x = np.arange(0, width + _GRID_STEP, _GRID_STEP) + 0.5
    y = np.arange(0, height + _GRID_STEP, _GRID_STEP) + 0.5
    origin, direction = target.pixel_to_ray(*np.meshgrid(x, y))
    grid = source.project(origin + direction)
    rows, columns = np.indices((height, width), dtype=np.float64) / _GRID_STEP
    places = [
        ndimage.map_coordinates(np.nan_to_num(grid[..., axis], nan=-1e9), [rows, columns], order=1)
        for axis in (0, 1)
    ]
    column, row = (np.floor(place).astype(np.int64) for place in places)
    inside = (row >= 0) & (row < values.shape[0]) & (column >= 0) & (column < values.shape[1])
    found = np.zeros((height, width), dtype=np.float32)
    found[inside] = values[row[inside], column[inside]]
    return found
