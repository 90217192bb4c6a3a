"""Camera models of the Mars rovers: pixel <-> ray, and the range of flat ground.

A model relates a point of the scene to a place on the detector by a handful of vectors, all in one
frame, the rover's: x forward, y right, z DOWN, meters.

- CAHV: a linear (pinhole) camera. C is its center, A the unit normal of the image plane; H and V
  combine focal length and image center, horizontal and vertical. Y. Yakimovsky and R. Cunningham,
  "A system for extracting three-dimensional measurements from a stereo pair of TV cameras",
  Computer Graphics and Image Processing 7 (1978); K. Di and R. Li, "CAHVOR camera model and its
  photogrammetric conversion for planetary applications", JGR 109 (2004), Eqs. 1-3.
- CAHVOR: adds radial distortion R about an optical axis O. Di and Li 2004, Eqs. 4-8.
- CAHVORE: adds the moving entrance pupil E of a fisheye lens. D. Gennery, "Generalized camera
  calibration including fish-eye lenses", International Journal of Computer Vision 68 (2006).

Pixel coordinates are those of the whole project: (x, y), continuous, x right, y down, the center of
pixel [row, col] at (col + 0.5, row + 0.5). In the models, integer (sample, line) from 0 are pixel
centers. Only `_SAMPLE_OF_X` below converts between the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Vector = tuple[float, float, float]
ModelType = Literal["CAHV", "CAHVOR", "CAHVORE"]

# sample = x - 0.5, line = y - 0.5: the first pixel's center is sample 0 and x 0.5
_SAMPLE_OF_X = -0.5

# Newton's method on these smooth, nearly linear equations is exact to rounding after 4-6 steps
_MAX_NEWTON_STEPS = 30
_NEWTON_TOLERANCE = 1e-14

# Below this angle from the optical axis (radians) the fisheye equations are 0/0 and equal CAHV's
_ON_AXIS = 1e-8

_COMPONENTS: dict[str, tuple[str, ...]] = {
    "CAHV": ("c", "a", "h", "v"),
    "CAHVOR": ("c", "a", "h", "v", "o", "r"),
    "CAHVORE": ("c", "a", "h", "v", "o", "r", "e"),
}

# The straight-down-is-positive rover frame: up, when nothing is known of the rover's tilt
LEVEL_UP: Vector = (0.0, 0.0, -1.0)


class InvalidCameraModel(ValueError):
    """The numbers do not describe a camera; the message says which one is wrong."""


@dataclass(frozen=True, slots=True)
class CameraModel:
    """A camera at one moment, as the vectors of its CAHV, CAHVOR or CAHVORE model.

    c, a, h, v: (3,) each, rover frame; c in meters, a of length 1, h and v in pixels. o: (3,) unit
    optical axis; r: (3,) radial distortion coefficients (CAHVOR and CAHVORE). e: (3,) entrance
    pupil coefficients; linearity: 1 perspective, 0 fisheye, in between for the general lens (the
    MPARM of Gennery's type 3) (CAHVORE only).

    Raises InvalidCameraModel when a vector is missing, not finite, or if a or o has length 0.
    """

    model_type: str
    c: Vector
    a: Vector
    h: Vector
    v: Vector
    o: Vector | None = None
    r: Vector | None = None
    e: Vector | None = None
    linearity: float = 1.0

    def __post_init__(self) -> None:
        if self.model_type not in _COMPONENTS:
            raise InvalidCameraModel(_unknown_type(self.model_type))
        for name in _COMPONENTS[self.model_type]:
            vector = getattr(self, name)
            if vector is None or len(vector) != 3 or not all(map(math.isfinite, vector)):
                raise InvalidCameraModel(
                    f"Component {name.upper()} of a {self.model_type} camera model must be three "
                    f"finite numbers, not {vector!r}."
                )
        # 1 %: labels round to a few digits; anything further off is not a direction at all
        for name in ("a", "o") if self.o is not None else ("a",):
            if abs(math.hypot(*getattr(self, name)) - 1.0) > 0.01:
                raise InvalidCameraModel(
                    f"Component {name.upper()} of a camera model must be a unit vector, "
                    f"not {getattr(self, name)!r}."
                )
        if self.focal_length_px <= 0.0 or self.vertical_focal_length_px <= 0.0:
            raise InvalidCameraModel("A camera model must have a focal length greater than zero.")

    @property
    def focal_length_px(self) -> float:
        """Return the horizontal focal length in pixels, |A x H| (Di and Li 2004, Eq. 3)."""
        return float(np.linalg.norm(np.cross(self.a, self.h)))

    @property
    def vertical_focal_length_px(self) -> float:
        """Return the vertical focal length in pixels, |A x V| (Di and Li 2004, Eq. 3)."""
        return float(np.linalg.norm(np.cross(self.a, self.v)))

    def pixel_to_ray(self, x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Float, Float]:
        """Return the rays from the camera through pixel coordinates.

        x, y: pixel coordinates (continuous, pixel centers at +0.5), broadcast together to any shape
        (...). Returns (origin, direction): direction is float64 (..., 3), unit, rover frame; origin
        is float64 meters, (3,) = C for CAHV and CAHVOR, and (..., 3) for CAHVORE, whose entrance
        pupil moves along the optical axis. Empty input gives empty arrays.
        """
        sample, line = np.broadcast_arrays(
            np.asarray(x, dtype=np.float64) + _SAMPLE_OF_X,
            np.asarray(y, dtype=np.float64) + _SAMPLE_OF_X,
        )
        a, h, v = (np.array(vector, dtype=np.float64) for vector in (self.a, self.h, self.v))
        # the pixel's column plane (normal h - x a) and row plane (normal v - y a) cross in the ray
        ray = np.cross(h - sample[..., None] * a, v - line[..., None] * a)
        ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
        ray *= np.where(ray @ a < 0.0, -1.0, 1.0)[..., None]
        if self.model_type == "CAHV":
            return np.array(self.c, dtype=np.float64), ray
        o = _unit(cast(Vector, self.o))
        chi_seen, outward = _off_axis(ray, o)
        chi = _undistort(chi_seen, cast(Vector, self.r))
        if self.model_type == "CAHVOR":
            direction = o + chi[..., None] * outward
            direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
            return np.array(self.c, dtype=np.float64), direction
        theta = self._angle_of(chi)
        shift = (_theta_over_sin(theta) - 1.0) * _pupil(theta, cast(Vector, self.e))
        origin = np.array(self.c, dtype=np.float64) + shift[..., None] * o
        return origin, np.sin(theta)[..., None] * outward + np.cos(theta)[..., None] * o

    def project(self, points: npt.ArrayLike) -> Float:
        """Return the pixel coordinates of points; the inverse of `pixel_to_ray`.

        points: (..., 3) meters, rover frame. Returns float64 (..., 2) pixel coordinates (x, y),
        which may lie outside the image; NaN for a point that is not in front of the camera.

        >>> ahead, right, down = (1.0, 0.0, 0.0), (0.0, 100.0, 0.0), (0.0, 0.0, 100.0)
        >>> camera = CameraModel("CAHV", c=(0.0, 0.0, 0.0), a=ahead, h=right, v=down)
        >>> camera.project([[2.0, 1.0, 0.0], [-2.0, 1.0, 0.0]]).tolist()
        [[50.5, 0.5], [nan, nan]]
        """
        offset = np.asarray(points, dtype=np.float64) - np.array(self.c, dtype=np.float64)
        a, h, v = (np.array(vector, dtype=np.float64) for vector in (self.a, self.h, self.v))
        if self.model_type == "CAHVOR":
            offset = self._distort(offset)
        elif self.model_type == "CAHVORE":
            offset = self._distort_fisheye(offset)
        depth = offset @ a
        depth = np.where(depth > 0.0, depth, np.nan)
        return np.stack([offset @ h / depth, offset @ v / depth], axis=-1) - _SAMPLE_OF_X

    def _distort(self, offset: Float) -> Float:
        """Apply CAHVOR's radial distortion (Di and Li 2004, Eqs. 5-8), (..., 3) -> (..., 3)."""
        o = _unit(cast(Vector, self.o))
        r0, r1, r2 = cast(Vector, self.r)
        along = offset @ o
        along = np.where(along > 0.0, along, np.nan)
        across = offset - along[..., None] * o
        tau = np.einsum("...i,...i->...", across, across) / along**2
        return cast(Float, offset + (r0 + r1 * tau + r2 * tau**2)[..., None] * across)

    def _distort_fisheye(self, offset: Float) -> Float:
        """Apply CAHVORE's moving pupil and distortion (Gennery 2006), (..., 3) -> (..., 3)."""
        o = _unit(cast(Vector, self.o))
        r0, r1, r2 = cast(Vector, self.r)
        e0, e1, e2 = cast(Vector, self.e)
        zeta = offset @ o
        across = offset - zeta[..., None] * o
        distance = np.linalg.norm(across, axis=-1)
        theta = np.arctan2(distance, zeta)
        for _ in range(_MAX_NEWTON_STEPS):
            sin, cos, pupil = np.sin(theta), np.cos(theta), _pupil(theta, (e0, e1, e2))
            slope = (
                zeta * cos
                + distance * sin
                - (1.0 - cos) * pupil
                - (theta - sin) * (2.0 * e1 * theta + 4.0 * e2 * theta**3)
            )
            step = (zeta * sin - distance * cos - (theta - sin) * pupil) / slope
            theta = theta - step
            if not np.any(np.abs(step) > _NEWTON_TOLERANCE):
                break
        on_axis = np.abs(theta) < _ON_AXIS
        # past a right angle of the lens's own angle scale nothing reaches the detector
        theta = np.where(theta * abs(self.linearity) < math.pi / 2.0, theta, np.nan)
        chi = np.where(on_axis, 1.0, self._tangent_of(theta))
        mu = r0 + r1 * chi**2 + r2 * chi**4
        seen = (distance / chi)[..., None] * o + (1.0 + mu)[..., None] * across
        return np.where(on_axis[..., None], offset, seen)

    def _angle_of(self, chi: Float) -> Float:
        """Return the angle from the optical axis (radians) for chi (Gennery 2006)."""
        if self.linearity > 1e-15:
            return np.arctan(self.linearity * chi) / self.linearity
        if self.linearity < -1e-15:
            return np.arcsin(self.linearity * chi) / self.linearity
        return chi

    def _tangent_of(self, theta: Float) -> Float:
        """Return chi for an angle: the inverse of `_angle_of`."""
        if self.linearity > 1e-15:
            return np.tan(self.linearity * theta) / self.linearity
        if self.linearity < -1e-15:
            return np.sin(self.linearity * theta) / self.linearity
        return theta

    def to_json(self) -> dict[str, object]:
        """Return a JSON object for `from_json`; vectors are lists."""
        document: dict[str, object] = {"model_type": self.model_type}
        for name in _COMPONENTS[self.model_type]:
            document[name] = list(getattr(self, name))
        if self.model_type == "CAHVORE":
            document["linearity"] = self.linearity
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> CameraModel:
        """Return the model of a `to_json` object. Raises InvalidCameraModel otherwise."""
        model_type = document.get("model_type")
        if not isinstance(model_type, str) or model_type not in _COMPONENTS:
            raise InvalidCameraModel(_unknown_type(model_type))
        vectors: dict[str, Vector] = {}
        for name in _COMPONENTS[model_type]:
            try:
                first, second, third = cast("list[float]", document[name])
                vectors[name] = (float(first), float(second), float(third))
            except (KeyError, TypeError, ValueError) as error:
                raise InvalidCameraModel(
                    f"Component {name.upper()} of a {model_type} model must be three numbers."
                ) from error
        linearity = document.get("linearity", 1.0)
        if not isinstance(linearity, int | float) or not math.isfinite(linearity):
            raise InvalidCameraModel("The linearity of a camera model must be a finite number.")
        return cls(model_type=model_type, linearity=float(linearity), **vectors)


def angle_between(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Return the angle between two pointings, degrees.

    first, second: (azimuth, elevation), degrees.

    >>> angle_between((359.5, 0.0), (0.5, 0.0))
    1.0
    """
    (azimuth, elevation), (other_azimuth, other_elevation) = np.radians([first, second]).tolist()
    # Haversines: exact for small angles, where the arc cosine is not
    havers = math.sin((elevation - other_elevation) / 2.0) ** 2 + (
        math.cos(elevation)
        * math.cos(other_elevation)
        * math.sin((azimuth - other_azimuth) / 2.0) ** 2
    )
    return round(math.degrees(2.0 * math.asin(math.sqrt(min(1.0, havers)))), 9)


def flat_ground_range(
    camera: CameraModel,
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    ground_z: float = 0.0,
    up: Vector = LEVEL_UP,
) -> Float:
    """Return the slant range from the camera's center to a flat ground plane, meters.

    This is an estimate for frames without a stereo range product; it ignores hills.

    x, y: pixel coordinates, broadcast together to shape (...). ground_z: distance, in meters along
    -up, from the origin of the camera's frame down to the ground (0 if the origin is at the wheels'
    contact with the ground). up: direction away from the planet's center in the camera's frame; any
    length but 0; (0, 0, -1) for a level rover. Returns float64 (...) meters; inf at and above the
    horizon, and everywhere when the camera is not above the ground.

    >>> ahead, right, down = (1.0, 0.0, 0.0), (0.0, 100.0, 0.0), (0.0, 0.0, 100.0)
    >>> level = CameraModel("CAHV", c=(0.0, 0.0, -2.0), a=ahead, h=right, v=down)
    >>> flat_ground_range(level, x=0.5, y=[-10.0, 100.5]).round(3).tolist()
    [inf, 2.828]
    """
    normal = _unit(up)
    origin, direction = camera.pixel_to_ray(x, y)
    height = origin @ normal + ground_z
    descent = -(direction @ normal)
    meets = (descent > 0.0) & (height > 0.0)
    along = np.where(meets, height / np.where(meets, descent, 1.0), np.inf)
    if camera.model_type != "CAHVORE":
        return along
    # the fisheye's rays start at a pupil that moves; range counts from the center C all the same
    start = origin - np.array(camera.c, dtype=np.float64)
    seen = np.where(meets, along, 0.0)[..., None] * direction + start
    return np.where(meets, np.linalg.norm(seen, axis=-1), np.inf)


def up_from_quaternion(quaternion: tuple[float, float, float, float]) -> Vector:
    """Return the up direction in the frame of a rover with this attitude quaternion.

    quaternion: (s, v1, v2, v3), rotates vectors of the rover frame into the local level frame
    (x north, y east, z down), as ORIGIN_ROTATION_QUATERNION does. Any length but 0. Returns the
    unit vector (3,) in the rover frame that points away from the planet: minus the third row of
    the rotation matrix. Raises InvalidCameraModel for a quaternion of length 0 or not finite.
    """
    length = math.sqrt(sum(part * part for part in quaternion))
    if not math.isfinite(length) or length == 0.0:
        raise InvalidCameraModel("A rover's attitude must be a quaternion of four finite numbers.")
    s, i, j, k = (part / length for part in quaternion)
    return (
        -2.0 * (i * k - s * j),
        -2.0 * (j * k + s * i),
        -(1.0 - 2.0 * (i * i + j * j)),
    )


def rotate(quaternion: tuple[float, float, float, float], vectors: npt.ArrayLike) -> Float:
    """Rotate vectors by a quaternion (s, v1, v2, v3) of any length but 0, (..., 3) -> (..., 3).

    With a rover's ORIGIN_ROTATION_QUATERNION, from its frame into the level frame of its site.

    >>> half_turn_about_z = (0.0, 0.0, 0.0, 1.0)
    >>> rotate(half_turn_about_z, [[1.0, 0.0, 0.0]]).tolist()
    [[-1.0, 0.0, 0.0]]
    """
    s, *axis = np.array(quaternion, dtype=np.float64) / np.linalg.norm(quaternion)
    v = np.asarray(vectors, dtype=np.float64)
    across = np.cross(axis, v)
    return cast(Float, v + 2.0 * (s * across + np.cross(axis, across)))


def _unknown_type(model_type: object) -> str:
    """Return the message for an unknown type of camera model."""
    return f"The camera model type {model_type!r} is unknown; use CAHV, CAHVOR or CAHVORE."


def _unit(vector: Vector) -> Float:
    """Return the unit vector of a direction."""
    array = np.array(vector, dtype=np.float64)
    return cast(Float, array / np.linalg.norm(array))


def _off_axis(ray: Float, o: Float) -> tuple[Float, Float]:
    """Return the tangent of the angle between a ray and axis o, (...), and the unit direction away
    from it.
    """
    along = ray @ o
    across = ray - along[..., None] * o
    distance = np.linalg.norm(across, axis=-1)
    outward = across / np.where(distance > 0.0, distance, 1.0)[..., None]
    return distance / along, outward


def _undistort(chi_seen: Float, r: Vector) -> Float:
    """Solve (1 + r0) chi + r1 chi^3 + r2 chi^5 = chi_seen for chi, by Newton's method."""
    r0, r1, r2 = r
    chi = np.array(chi_seen, dtype=np.float64)
    for _ in range(_MAX_NEWTON_STEPS):
        error = (1.0 + r0) * chi + r1 * chi**3 + r2 * chi**5 - chi_seen
        step = error / ((1.0 + r0) + 3.0 * r1 * chi**2 + 5.0 * r2 * chi**4)
        chi = chi - step
        if not np.any(np.abs(step) > _NEWTON_TOLERANCE):
            break
    return chi


def _theta_over_sin(theta: Float) -> Float:
    """Return theta / sin(theta), 1 on the axis."""
    small = np.abs(theta) < _ON_AXIS
    return cast(Float, np.where(small, 1.0, theta / np.where(small, 1.0, np.sin(theta))))


def _pupil(theta: Float, e: Vector) -> Float:
    """Return e0 + e1 theta^2 + e2 theta^4, meters (Gennery 2006)."""
    return e[0] + e[1] * theta**2 + e[2] * theta**4
