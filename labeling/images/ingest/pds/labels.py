"""What a PDS label says about its image, in one vocabulary for PDS3 and PDS4."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.images.ingest.products import Refused, RoverPose
from labeling.images.ingest.rasters import MAX_PIXELS
from terrain.camera import LEVEL_UP, CameraModel, InvalidCameraModel, Vector, up_from_quaternion

FRAME = "IMAGE"
RANGE_MAP = "RANGE_MAP"
XYZ_MAP = "XYZ_MAP"
MASK = "MASK"

#: Frames in which a camera model is in the rover's own frame, z down.
ROVER_FRAMES = frozenset({"ROVER_NAV_FRAME", "ROVER_FRAME"})

# Bits of a pixel of an old 12-bit camera, if its label does not say
_DEFAULT_BITS = 12

# A label's byte order is wrong if over a hundredth of the values are impossible, and in the other
# order at most a tenth as many. Every fourth row is examined.
_MOST_OUTSIDE, _FEWER, _CHECKED_ROWS = 0.01, 10.0, 4
# Labels round their means to 6 digits
_SAME_MEAN = 0.001
# Plausible ranges, points and angles of a surface product, apart from 0
_LENGTHS_M = (1e-6, 1e7)

# The type of a CAHVORE lens: perspective, fisheye, or by its parameter (Gennery 2006)
_LENS_LINEARITY = {1: 1.0, 2: 0.0}


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """One image as its label describes it; fields that the label lacks are empty or None.

    Attributes:
        host: Spacecraft ("MSL", "MER1", "MER2", "M2020").
        instrument: The label's name of the camera.
        derived: FRAME for a camera frame, else RANGE_MAP, XYZ_MAP, MASK or another map's name.
        image_type: "REGULAR", "THUMBNAIL" ...
        shape: (bands, lines, samples).
        data_file: Name of the file with the pixels, "" for the label's own file.
        offset: Bytes before the first pixel.
        file_bytes: Size of the file, None if not given.
        sources: Ids, in upper case, of the products that it was made from.
        camera_frame: Coordinate system of the camera model.
        data_frame: Coordinate system of an XYZ product's points.
        mean: Mean of the pixels, or of the source product's pixels.

    The other fields are as in `products.Product`.
    """

    product_id: str
    host: str
    instrument: str
    shape: tuple[int, int, int]
    sample_bits: int
    significant_bits: int
    offset: int
    data_file: str = ""
    file_bytes: int | None = None
    derived: str = FRAME
    image_type: str = "REGULAR"
    sources: tuple[str, ...] = ()
    sol: int | None = None
    start_time: datetime | None = None
    spacecraft_clock: str = ""
    local_true_solar_time: str = ""
    motion_counter: Mapping[str, int] = field(default_factory=dict)
    sequence: str = ""
    geometry: str = ""
    camera_model: CameraModel | None = None
    camera_frame: str = ""
    data_frame: str = ""
    pose: RoverPose | None = None
    pointing: tuple[float, float] | None = None
    field_of_view: tuple[float, float] | None = None
    mean: float | None = None

    @property
    def up(self) -> Vector:
        """Return up in the rover frame from the rover's attitude; level if unknown."""
        return LEVEL_UP if self.pose is None else up_from_quaternion(self.pose.quaternion)

    @property
    def needed_bytes(self) -> int:
        """Return the size of a file that ends with the last pixel, bytes."""
        return self.offset + math.prod(self.shape) * self.sample_bits // 8


def check_size(label: ImageLabel, path: Path) -> None:
    """Raise Refused if the label and the file of the pixels disagree in size."""
    there = path.stat().st_size
    if math.prod(label.shape) > MAX_PIXELS * 3:
        raise Refused(f"The label of {path.name} claims {math.prod(label.shape):,} values.")
    if min(label.shape) < 1 or label.offset < 0:
        raise Refused(f"The label of {path.name} describes an image without pixels.")
    if label.offset >= there:
        raise Refused(
            f"The label of {path.name} places the image at byte {label.offset:,}, past the end of "
            f"the file with {there:,} bytes: it is truncated, or its label is wrong."
        )
    needed = label.needed_bytes
    if there < needed:
        raise Refused(f"{path.name} is truncated: it has {there:,} of {needed:,} bytes.")
    if label.file_bytes is not None and not needed <= label.file_bytes == there:
        raise Refused(
            f"Label and data of {path.name} disagree in size: the label gives "
            f"{label.file_bytes:,} bytes and an image that ends at {needed:,}, but the file has "
            f"{there:,}."
        )


def as_image(array: object, label: ImageLabel, path: Path) -> npt.NDArray[Any]:
    """Return an array from `pdr` as (H, W) for one band and (H, W, bands) for more.

    Raises Refused if it has another shape than its label says.
    """
    bands, lines, samples = label.shape
    if isinstance(array, np.ndarray):
        if array.shape in {(lines, samples), (1, lines, samples)} and bands == 1:
            return array.reshape(lines, samples)
        if array.shape == (bands, lines, samples):
            return np.ascontiguousarray(np.moveaxis(array, 0, -1))
        if array.shape == (lines, samples, bands):
            return array
    raise Refused(f"The image of {path.name} cannot be read as its label describes it.")


def check_byte_order(pixels: npt.NDArray[Any], label: ImageLabel, path: Path) -> None:
    """Raise Refused if the data fit the label only in the other byte order.

    A frame's values need no more bits than the label says, and ranges are plausible distances; in
    the wrong byte order most values violate this. For a frame that uses all its bits, the label's
    mean decides. A mean that fits neither order is ignored, because radiometric and linearized
    products of Spirit and Opportunity have the mean of their source frame.
    """
    if pixels.dtype.itemsize < 2:
        return
    sample = pixels[::_CHECKED_ROWS]
    outside = _share_outside(sample, label)
    is_wrong = outside > _MOST_OUTSIDE and (
        _share_outside(sample.byteswap(), label) < outside / _FEWER
    )
    if label.mean and np.issubdtype(pixels.dtype, np.integer):
        means = (float(pixels.mean()), float(pixels.byteswap().mean()))
        fits = [abs(mean - label.mean) <= _SAME_MEAN * abs(label.mean) for mean in means]
        is_wrong = is_wrong or fits == [False, True]
    if is_wrong:
        raise Refused(
            f"Label and data of {path.name} disagree: the data are noise in the byte order that "
            "the label gives, and fit it in the other. Correct SAMPLE_TYPE (PDS4: data_type) in "
            "the label."
        )


def _share_outside(values: npt.NDArray[Any], label: ImageLabel) -> float:
    """Return the share of values that are impossible by the label, 0..1."""
    if np.issubdtype(values.dtype, np.integer):
        outside = (values < 0) | (values > (1 << label.significant_bits) - 1)
    else:
        with np.errstate(invalid="ignore"):  # swapped bytes may be any of the NaNs
            lengths = np.abs(values)
        is_length = (lengths >= _LENGTHS_M[0]) & (lengths <= _LENGTHS_M[1])
        outside = ~(is_length | (values == 0.0))
    return float(np.count_nonzero(outside) / max(1, outside.size))


def camera_model_of(document: Mapping[str, object], path: Path) -> CameraModel:
    """Return the camera model of a label. Raise Refused if it is invalid.

    The keys are those of `CameraModel.from_json`; for a CAHVORE, lens kind "t" and parameter "p"
    replace the linearity.
    """
    try:
        if document.get("model_type") == "CAHVORE":
            kind, parameter = number(document.get("t")), number(document.get("p"))
            linearity = _LENS_LINEARITY.get(int(kind)) if kind is not None else None
            linearity = parameter if linearity is None else linearity
            document = {**document, "linearity": 1.0 if linearity is None else linearity}
        return CameraModel.from_json(document)
    except InvalidCameraModel as error:
        raise Refused(
            f"The camera model in the label of {path.name} is invalid: {error}"
        ) from error


def pose_of(frame: str, offset: object, quaternion: object, path: Path) -> RoverPose | None:
    """Return a rover's pose; None if the label lacks its attitude.

    Raise Refused if it is invalid.
    """
    turned = numbers(quaternion, 4)
    if turned is None:
        if isinstance(quaternion, Sequence) and len(quaternion) == 4:
            raise Refused(f"The rover attitude in the label of {path.name} is not four numbers.")
        return None
    s, i, j, k = turned
    try:
        up_from_quaternion((s, i, j, k))
    except InvalidCameraModel as error:
        raise Refused(
            f"The rover attitude in the label of {path.name} is invalid: {error}"
        ) from error
    x, y, z = numbers(offset, 3) or (0.0, 0.0, 0.0)
    return RoverPose(frame, (x, y, z), (s, i, j, k))


def pointing_of(
    azimuth: object, elevation: object, camera: CameraModel | None
) -> tuple[float, float] | None:
    """Return (azimuth, elevation) in degrees from the label, azimuth in 0..360; or None.

    Some labels (radiometric MER products) have the elevation with the opposite sign; the camera
    model's axis decides.
    """
    around, above = number(azimuth), number(elevation)
    if around is None or above is None:
        return None
    if camera is not None:
        axis = math.degrees(math.asin(max(-1.0, min(1.0, -camera.a[2]))))
        if abs(above + axis) < abs(above - axis):
            above = -above
    return around % 360.0, above


def significant_bits(mask: object, sample_bits: int, signed: bool) -> int:
    """Return the number of bits of a data number from its bit mask, without the sign.

    `mask` is an integer, or its binary digits with or without "2#...#". If it is missing or
    invalid: 12 of 16 and 8 of 8 bits.
    """
    if isinstance(mask, str):
        digits = mask.removeprefix("2#").removesuffix("#")
        mask = int(digits, 2) if digits and set(digits) <= {"0", "1"} else None
    if not isinstance(mask, int) or mask <= 0:
        return min(_DEFAULT_BITS, sample_bits)
    return max(8, min(mask.bit_length(), sample_bits - signed))


def counters(names: Sequence[object], values: Sequence[object]) -> dict[str, int]:
    """Return the motion counters by name, in order; invalid values are omitted."""
    found = {}
    for name, value in zip(names, values, strict=False):
        count = whole(value)
        if count is not None:
            found[str(name).strip().upper()] = count
    return found


def whole(value: object) -> int | None:
    """Return a count of a label; None for anything else."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None


def numbers(values: object, count: int) -> tuple[float, ...] | None:
    """Return `count` finite numbers; None for anything else."""
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != count:
        return None
    found = [number(value) for value in values]
    return tuple(value for value in found if value is not None) if None not in found else None


def number(value: object) -> float | None:
    """Return a finite number, with or without its unit; None for "N/A", "UNK" and similar."""
    if isinstance(value, Mapping):
        value = value.get("value")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def pair(first: object, second: object) -> tuple[float, float] | None:
    """Return two finite numbers, with or without their units; None for anything else."""
    one, other = number(first), number(second)
    return (one, other) if one is not None and other is not None else None


def utc(value: object) -> datetime | None:
    """Return a label's time, in UTC with or without a Z; None for "UNK" and similar."""
    try:
        return datetime.fromisoformat(str(value).removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return None


def text(value: object) -> str:
    """Return a word of a label; "" if it is missing or declared unknown."""
    word = "" if value is None else str(value).strip()
    return "" if word.upper() in {"UNK", "N/A", "NULL", "NONE"} else word


def geometry_of(word: object) -> str:
    """Return "raw" or "linearised" for a label's geometry projection type, else ""."""
    return {"RAW": "raw", "LINEARIZED": "linearised"}.get(str(word).upper(), "")
