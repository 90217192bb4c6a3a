"""What every source delivers: candidates, and the products they load to."""

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
    """The preset for images of these rovers; Curiosity's where none of them is known.

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

#: Cameras that a source takes only where the campaign allows them. The rest are for mapping terrain
#: (NAVCAM, Mastcam, Mastcam-Z) and always taken.
ON_REQUEST = frozenset({"hazcam", "microscopic-imager", "pancam"})


class Refused(Invalid):
    """A file is not taken in; the message is a sentence that names it and says why."""

    code = "file_refused"


class NotUsed(Refused):
    """A file is not taken in because it is there for something else, such as a mask."""


class UnknownSource(Invalid):
    """A path holds nothing that can be imported; the message says what would be understood."""

    code = "unknown_source"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that looks like a frame, before anything but its name was read.

    name: of the file in its `places.Place`, with `/` between folders.
    """

    product_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Unused:
    """A file or folder that an import does not look into; the reason is a sentence."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RoverPose:
    """Where the rover stood and how it was turned: its frame seen from a reference frame.

    frame: the reference ("SITE_FRAME"); offset: meters; quaternion: (s, v1, v2, v3), rotates
    vectors of the rover frame into the reference frame.
    """

    frame: str
    offset: Vector
    quaternion: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """One frame with all that is known of it.

    linear: uint8 (H, W), of a color camera (H, W, 3), the frame in released form; original_jpeg:
    its JPEG, for a released tree the very bytes. pixels: uint8 or uint16, the shape of linear, the
    deepest data there are, for the stretch. rover_mask, range_mask: bool (H, W), True = rover,
    True = beyond the range limit, as delivered; None where nothing was. mask_pngs: by these names,
    the very files where they are plain 8-bit gray PNGs of 0 and 1. range_m: float32 (H, W)
    meters from the camera's center, 0.0 = no range. camera_model is in camera_frame, a rover
    frame, in which `up` points away from the planet; `nominal` stands in for what is missing.
    start_time is in UTC. sol, site, drive: None where the source does not tell.

    spacecraft_clock, local_true_solar_time: as the label writes them. motion_counter: the rover's
    counters by name (SITE, DRIVE, POSE ...), in the label's order. pointing: (azimuth, elevation)
    of the camera in the rover's frame, degrees: azimuth clockwise from straight ahead, elevation
    positive upward. field_of_view: (horizontal, vertical) degrees.
    geometry: "raw", "linearised", or "" where nothing tells. notes: sentences on files that go with
    the frame and were not used.

    source_path is the file's name in the source; source_sha256 is of that file, in hexadecimal.
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
        """Pixels in a row."""
        return int(self.linear.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.linear.shape[0])

    @property
    def is_color(self) -> bool:
        """Whether the frame has three channels."""
        return self.linear.ndim == 3

    @property
    def nominal(self) -> NominalCamera | None:
        """The design of the camera that took the frame; None where it is not known."""
        return NOMINAL_CAMERAS.get((self.rover, self.camera.removesuffix(f"-{self.eye}")))

    def details(self) -> dict[str, object]:
        """What an image keeps besides its own columns, as a JSON object; what is unknown is left
        out. Keys: spacecraft_clock, local_true_solar_time, motion_counter, camera_frame, pose
        (frame, offset, quaternion), pointing (azimuth, elevation), field_of_view (horizontal,
        vertical), geometry, up.
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


class Source(Protocol):
    """Products of one kind in one place. It can be pickled: workers get a copy."""

    @property
    def preset(self) -> str:
        """The campaign preset that fits its products, such as "msl-navcam", or "rovers"."""
        ...

    def candidates(self) -> list[Candidate]:
        """Everything that looks like a frame, sorted by product id."""
        ...

    def unused(self) -> list[Unused]:
        """Everything else that was found and belongs to no candidate, each with the reason."""
        ...

    def checksum(self, candidate: Candidate) -> str:
        """The `Product.source_sha256` of a candidate, read without decoding it. Raises Refused."""
        ...

    def load(self, candidate: Candidate, allow: Collection[str] = frozenset()) -> Product:
        """Read one of them. allow: which of ON_REQUEST are taken too. Raises Refused."""
        ...
