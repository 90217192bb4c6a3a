"""The output of every source: candidates, and the products that they load."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ai4mars_site.toolkit.errors import Invalid
from terrain.camera import LEVEL_UP, CameraModel, Vector
from terrain.display.scale_bar import (
    CURIOSITY_MASTCAM,
    CURIOSITY_NAVCAM,
    MER_NAVCAM,
    PERSEVERANCE_MAST,
    NominalCamera,
)

MSL_PRESET = "msl-navcam"
MER_PRESET = "mer-navcam"
M2020_PRESET = "m2020"
PLAIN_PRESET = "plain"
ROVERS_PRESET = "rovers"

#: The preset of a rover's images.
PRESET_OF_ROVER = {
    "curiosity": MSL_PRESET,
    "opportunity": MER_PRESET,
    "spirit": MER_PRESET,
    "perseverance": M2020_PRESET,
}


def preset_of(rovers: Iterable[str]) -> str:
    """Return the preset for images of these rovers; Curiosity's if none of them is known.

    >>> preset_of(["spirit", "opportunity"]), preset_of(["spirit", "curiosity"])
    ('mer-navcam', 'rovers')
    """
    presets = {PRESET_OF_ROVER[rover] for rover in rovers if rover in PRESET_OF_ROVER}
    if len(presets) > 1:
        return ROVERS_PRESET
    return next(iter(presets), MSL_PRESET)


#: The design of the cameras, by (rover, family).
NOMINAL_CAMERAS: Mapping[tuple[str, str], NominalCamera] = {
    ("curiosity", "navcam"): CURIOSITY_NAVCAM,
    ("curiosity", "mastcam"): CURIOSITY_MASTCAM,
    ("opportunity", "navcam"): MER_NAVCAM,
    ("spirit", "navcam"): MER_NAVCAM,
    ("perseverance", "navcam"): PERSEVERANCE_MAST,
    ("perseverance", "mastcam-z"): PERSEVERANCE_MAST,
}

#: Cameras that a source imports only if the campaign allows them. The cameras for mapping terrain
#: (NAVCAM, Mastcam, Mastcam-Z) are always imported.
ON_REQUEST = frozenset({"hazcam", "microscopic-imager", "pancam"})


class Refused(Invalid):
    """A file is not imported; the message names the file and the reason."""

    code = "file_refused"


class NotUsed(Refused):
    """A file is not imported because it serves another purpose, such as a mask."""


class UnknownSource(Invalid):
    """A path has nothing to import; the message says what can be imported."""

    code = "unknown_source"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be a frame; only its name has been read.

    `name` is its path in the source, with `/` between folders.
    """

    product_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Unused:
    """A file or folder that an import does not examine, and the reason as a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoverPose:
    """Position and attitude of the rover: its frame seen from a reference frame.

    Attributes:
        frame: The reference ("SITE_FRAME").
        offset: Meters.
        quaternion: (s, v1, v2, v3), rotates vectors of the rover frame into the reference frame.
    """

    frame: str
    offset: Vector
    quaternion: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """One frame with all its metadata.

    Attributes:
        linear: The frame in released form, uint8 (H, W), or (H, W, 3) for a color camera.
        original_jpeg: The frame as JPEG; for a released tree the bytes of the file.
        pixels: The data in full bit depth, for the stretch: uint8 or uint16, the shape of `linear`.
        rover_mask: As delivered, bool (H, W), True = rover; None if there is none.
        range_mask: As delivered, bool (H, W), True = beyond the range limit; None if there is none.
        mask_pngs: The masks' files by field name, if they are 8-bit gray PNGs of 0 and 1.
        range_m: float32 (H, W) meters from the camera's center, 0.0 = no range.
        camera_model: In `camera_frame`, a rover frame; `nominal` replaces a missing one.
        up: Unit vector away from the planet, in `camera_frame`.
        start_time: In UTC.
        sol, site, drive: None if not known.
        spacecraft_clock, local_true_solar_time: As written in the label.
        motion_counter: The rover's counters by name (SITE, DRIVE, POSE ...), in the label's order.
        pointing: (azimuth, elevation) of the camera in the rover's frame, degrees: azimuth
            clockwise from straight ahead, elevation positive upward.
        field_of_view: (horizontal, vertical) degrees.
        geometry: "raw", "linearised", or "" if not known.
        notes: Sentences on companion files that were not used.
        source_path: The file's name in the source.
        source_sha256: SHA-256 of that file, in hexadecimal.
    """

    product_id: str
    rover: str
    camera: str
    eye: str
    sol: int | None
    start_time: datetime | None
    site: int | None
    drive: int | None
    sequence: str
    linear: npt.NDArray[np.uint8]
    original_jpeg: bytes
    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    source_path: str
    source_sha256: str
    camera_model: CameraModel | None = None
    up: Vector = LEVEL_UP
    rover_mask: npt.NDArray[np.bool_] | None = None
    range_mask: npt.NDArray[np.bool_] | None = None
    mask_pngs: Mapping[str, bytes] = field(default_factory=dict)
    range_m: npt.NDArray[np.float32] | None = None
    spacecraft_clock: str = ""
    local_true_solar_time: str = ""
    motion_counter: Mapping[str, int] = field(default_factory=dict)
    camera_frame: str = ""
    pose: RoverPose | None = None
    pointing: tuple[float, float] | None = None
    field_of_view: tuple[float, float] | None = None
    geometry: str = ""
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns."""
        return int(self.linear.shape[1])

    @property
    def height(self) -> int:
        """Number of rows."""
        return int(self.linear.shape[0])

    @property
    def is_color(self) -> bool:
        """Whether the frame has three channels."""
        return self.linear.ndim == 3

    @property
    def nominal(self) -> NominalCamera | None:
        """Return the design of the camera that took the frame; None if it is not known."""
        return nominal_camera(self.rover, self.camera, self.eye)

    def details(self) -> dict[str, object]:
        """Return the metadata that have no column of their own, as a JSON object without unknown
        values.

        Keys: spacecraft_clock, local_true_solar_time, motion_counter, camera_frame, pose (frame,
        offset, quaternion), pointing (azimuth, elevation), field_of_view (horizontal, vertical),
        geometry, up.
        """
        found: dict[str, object] = {
            "spacecraft_clock": self.spacecraft_clock,
            "local_true_solar_time": self.local_true_solar_time,
            "motion_counter": dict(self.motion_counter),
            "camera_frame": self.camera_frame,
            "geometry": self.geometry,
        }
        if self.pose is not None:
            found["pose"] = {
                "frame": self.pose.frame,
                "offset": list(self.pose.offset),
                "quaternion": list(self.pose.quaternion),
            }
        if self.pointing is not None:
            azimuth, elevation = self.pointing
            found["pointing"] = {"azimuth": azimuth, "elevation": elevation}
        if self.field_of_view is not None:
            horizontal, vertical = self.field_of_view
            found["field_of_view"] = {"horizontal": horizontal, "vertical": vertical}
        if self.camera_model is not None:
            found["up"] = list(self.up)
        return {key: value for key, value in found.items() if value}


def nominal_camera(rover: str, camera: str, eye: str) -> NominalCamera | None:
    """Return the design of a camera; None if it is not known."""
    return NOMINAL_CAMERAS.get((rover, camera.removesuffix(f"-{eye}")))


class Source(Protocol):
    """Products of one kind in one place. It can be pickled: workers get a copy."""

    @property
    def preset(self) -> str:
        """Return the campaign preset that fits its products, such as "msl-navcam", or "rovers"."""
        ...

    def candidates(self) -> list[Candidate]:
        """Return every file that looks like a frame, sorted by product id."""
        ...

    def unused(self) -> list[Unused]:
        """Return all files that belong to no candidate, each with the reason."""
        ...

    def checksum(self, candidate: Candidate) -> str:
        """Return the `Product.source_sha256` of a candidate without decoding it. Raise Refused."""
        ...

    def load(self, candidate: Candidate, allow: Collection[str] = frozenset()) -> Product:
        """Read one candidate; `allow` are members of ON_REQUEST to import too. Raise Refused."""
        ...
