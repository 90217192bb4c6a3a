"""What a PDS label says of its image, in one vocabulary for PDS3 and PDS4."""

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

#: The frames in which a camera model is the rover's own, z down.
ROVER_FRAMES = frozenset({"ROVER_NAV_FRAME", "ROVER_FRAME"})

# What a pixel of an old 12-bit camera holds when its label does not say
_DEFAULT_BITS = 12

# A label's byte order is wrong when more than a hundredth of the values cannot be, and of the same
# in the other order at most a tenth as many. Every fourth row is looked at.
_MOST_OUTSIDE, _FEWER, _CHECKED_ROWS = 0.01, 10.0, 4
# Labels round their means to 6 digits
_SAME_MEAN = 0.001
# Ranges, points and angles of a surface product, as far as they are not 0
_LENGTHS_M = (1e-6, 1e7)

# The kind of a CAHVORE lens: perspective, fisheye, or as its parameter says (Gennery 2006)
_LENS_LINEARITY = {1: 1.0, 2: 0.0}


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """One image as its label describes it; what the label leaves out is empty or None.

    host: spacecraft ("MSL", "MER1", "MER2", "M2020"); instrument: its own word for the camera;
    derived: FRAME for what a camera saw, else RANGE_MAP, XYZ_MAP, MASK or another map's name;
    image_type: "REGULAR", "THUMBNAIL" ...; shape: (bands, lines, samples); data_file: the name of
    the file with the pixels, "" for the label's own; offset: its bytes before the first pixel;
    file_bytes: how many there should be, None where that is not said; sources: ids, in upper case,
    of the products that it was made from; camera_frame: the coordinate system of the camera model;
    data_frame: that of an XYZ product's points; mean: of the pixels, or of those of the product
    that this one was made from. The rest is as in `products.Product`.
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
        """Up in the rover frame, from the rover's attitude; level when the label does not tell."""
        return LEVEL_UP if self.pose is None else up_from_quaternion(self.pose.quaternion)

    @property
    def needed_bytes(self) -> int:
        """Bytes of a file that ends with the last pixel."""
        return self.offset + math.prod(self.shape) * self.sample_bits // 8


def check_size(label: ImageLabel, path: Path) -> None:
    """Raise Refused where the label and the file of the pixels disagree in size."""
    there = path.stat().st_size
    if math.prod(label.shape) > MAX_PIXELS * 3:
        raise Refused(f"The label of {path.name} claims {math.prod(label.shape):,} values.")
    if min(label.shape) < 1 or label.offset < 0:
        raise Refused(f"The label of {path.name} describes an image without pixels.")
    if label.offset >= there:
        raise Refused(
            f"The label of {path.name} points to byte {label.offset:,} for the image, past the end "
            f"of the file, which has {there:,} bytes: it is truncated or its label is wrong."
        )
    needed = label.needed_bytes
    if there < needed:
        raise Refused(f"{path.name} is truncated: it has {there:,} of {needed:,} bytes.")
    if label.file_bytes is not None and not needed <= label.file_bytes == there:
        raise Refused(
            f"Label and data of {path.name} disagree in size: the label tells of "
            f"{label.file_bytes:,} bytes with an image that ends at {needed:,}, and there are "
            f"{there:,}."
        )


def as_image(array: object, label: ImageLabel, path: Path) -> npt.NDArray[Any]:
    """An array as `pdr` read it, as (H, W) for one band and (H, W, bands) for more.

    Raises Refused when it has another shape than its label says.
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
    """Raise Refused where the data fit what the label says only in the other byte order.

    Values of a frame need no more bits than the label gives them, and ranges are lengths on a
    planet; in the wrong order most are neither. Of a frame that uses all its bits the label's mean
    decides. A mean that fits neither order tells nothing: radiometric and linearised products of
    Spirit and Opportunity have that of the frame they were made from.
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
    """The share of values that the label says there cannot be, 0..1."""
    if np.issubdtype(values.dtype, np.integer):
        outside = (values < 0) | (values > (1 << label.significant_bits) - 1)
    else:
        with np.errstate(invalid="ignore"):  # swapped bytes may be any of the NaNs
            lengths = np.abs(values)
        is_length = (lengths >= _LENGTHS_M[0]) & (lengths <= _LENGTHS_M[1])
        outside = ~(is_length | (values == 0.0))
    return float(np.count_nonzero(outside) / max(1, outside.size))


def camera_model_of(document: Mapping[str, object], path: Path) -> CameraModel:
    """The camera model of a label: `CameraModel.from_json`'s keys, for a CAHVORE with lens kind "t"
    and parameter "p" instead of the linearity. Raises Refused if it is bad.
    """
    try:
        if document.get("model_type") == "CAHVORE":
            kind, parameter = number(document.get("t")), number(document.get("p"))
            linearity = _LENS_LINEARITY.get(int(kind)) if kind is not None else None
            linearity = parameter if linearity is None else linearity
            document = {**document, "linearity": 1.0 if linearity is None else linearity}
        return CameraModel.from_json(document)
    except InvalidCameraModel as error:
        raise Refused(f"The camera model in the label of {path.name} is bad: {error}") from error


def pose_of(frame: str, offset: object, quaternion: object, path: Path) -> RoverPose | None:
    """A rover's pose; None when the label lacks its attitude. Raises Refused if that is bad."""
    turned = numbers(quaternion, 4)
    if turned is None:
        if isinstance(quaternion, Sequence) and len(quaternion) == 4:
            raise Refused(f"The rover attitude in the label of {path.name} is not four numbers.")
        return None
    s, i, j, k = turned
    try:
        up_from_quaternion((s, i, j, k))
    except InvalidCameraModel as error:
        raise Refused(f"The rover attitude in the label of {path.name} is bad: {error}") from error
    x, y, z = numbers(offset, 3) or (0.0, 0.0, 0.0)
    return RoverPose(frame, (x, y, z), (s, i, j, k))


def pointing_of(
    azimuth: object, elevation: object, camera: CameraModel | None
) -> tuple[float, float] | None:
    """(azimuth, elevation) in degrees as the label has them, azimuth in 0..360; or None.

    Some labels (radiometric MER products) have the elevation with its sign turned; the camera
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
    """Bits of a data number: those of its bit mask, without the sign.

    mask: an integer, or its binary digits with or without the "2#" around; when it is missing or
    odd, 12 of 16 and 8 of 8 bits.
    """
    if isinstance(mask, str):
        digits = mask.removeprefix("2#").removesuffix("#")
        mask = int(digits, 2) if digits and set(digits) <= {"0", "1"} else None
    if not isinstance(mask, int) or mask <= 0:
        return min(_DEFAULT_BITS, sample_bits)
    return max(8, min(mask.bit_length(), sample_bits - signed))


def counters(names: Sequence[object], values: Sequence[object]) -> dict[str, int]:
    """The motion counters by name, in order; what is no count is left out."""
    found = {}
    for name, value in zip(names, values, strict=False):
        count = whole(value)
        if count is not None:
            found[str(name).strip().upper()] = count
    return found


def whole(value: object) -> int | None:
    """A count of a label; None for what is none."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None


def numbers(values: object, count: int) -> tuple[float, ...] | None:
    """So many finite numbers, or None."""
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != count:
        return None
    found = [number(value) for value in values]
    return tuple(value for value in found if value is not None) if None not in found else None


def number(value: object) -> float | None:
    """A finite number, with or without its unit; None for "N/A", "UNK" and the like."""
    if isinstance(value, Mapping):
        value = value.get("value")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def pair(first: object, second: object) -> tuple[float, float] | None:
    """Two finite numbers, with or without their units, or None."""
    one, other = number(first), number(second)
    return (one, other) if one is not None and other is not None else None


def utc(value: object) -> datetime | None:
    """A label's time, which is in UTC with or without a Z; None for "UNK" and the like."""
    try:
        return datetime.fromisoformat(str(value).removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return None


def text(value: object) -> str:
    """A word of a label; "" for what it leaves out or declares unknown."""
    word = "" if value is None else str(value).strip()
    return "" if word.upper() in {"UNK", "N/A", "NULL", "NONE"} else word


def geometry_of(word: object) -> str:
    """ "raw" or "linearised" for a label's geometry projection type, else ""."""
    return {"RAW": "raw", "LINEARIZED": "linearised"}.get(str(word).upper(), "")
