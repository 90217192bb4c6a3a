"""Synthetic Navcam frames of Curiosity at simulated sites.

Unlike a real frame, a scene has the true terrain class of every pixel, so that volunteers can be
simulated, and merges and releases compared with the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from simulation.scenes.ground import (
    FARTHEST_M,
    NEAREST_M,
    RECIPES,
    SAND,
    Grid,
    Ground,
    make_grid,
    make_ground,
)
from simulation.scenes.rover import Rover, cast_shadow, make_rover
from simulation.scenes.textures import Field, Vector, fractal_tile, sample
from terrain.camera import CameraModel
from terrain.masks import NO_LABEL

FULL_SIZE = 1024
# Navcam of MSL: |A x H| of the labels of real frames, pixels at full size
FOCAL_LENGTH_PX = 1225.0
CAMERA_HEIGHT_M = 1.9
MAX_DN = 4095

# Beyond this stereo of Navcam's 42 cm baseline sees less than two pixels of disparity
_LONGEST_RANGE_M = 150.0
# Margin of ground on both sides of the picture that may cast shadows into it, radians
_MARGIN = 0.10
# Shadows are searched toward the sun, in steps that grow by this factor
_SHADOW_STEPS = 22
_SHADOW_GROWTH = 1.32
# Share of the light that comes from the dusty sky instead of the sun
_SKYLIGHT = 0.34
_HAZE_M = 550.0

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Scene:
    """A synthetic frame and its truth.

    Attributes:
        product_id: An id in the form of real ones, unique for each seed.
        sol, site, drive: Time and place.
        dn: uint16 (H, W), 12 bits, like an EDR.
        range_m: float32 (H, W), meters from the camera center; 0.0 for none (sky, rover, holes of
            the stereo range).
        rover_mask: bool (H, W), the outline of the rover.
        truth: uint8 (H, W), NAV class codes; 255 for sky and rover.
        camera: The CAHV model.
        terrain_class: The orbital terrain class of the site.
        sun: Unit vector toward the sun, rover frame.
    """

    product_id: str
    sol: int
    site: int
    drive: int
    dn: npt.NDArray[np.uint16]
    range_m: Field
    rover_mask: Mask
    truth: npt.NDArray[np.uint8]
    camera: CameraModel
    terrain_class: str
    sun: tuple[float, float, float]


def make_scene(seed: int, size: int = FULL_SIZE, terrain_class: str | None = None) -> Scene:
    """Return the scene of a seed; the same seed and size give the same bytes.

    Args:
        seed: 0 or more.
        size: Height and width, pixels; a smaller size is the same view with a shorter focal length.
        terrain_class: A key of `RECIPES`; by default chosen by the seed, in turn.

    Raises:
        KeyError: Unknown terrain class.
    """
    rng = np.random.default_rng([seed, 4])
    view = _set_up(seed, size, terrain_class, rng)
    camera, pan, sun, ground = view.camera, view.pan, view.sun, view.ground
    azimuth, slope, terrain_class = view.azimuth, view.slope, view.terrain_class
    seen = _trace(ground, azimuth, slope)
    rover = make_rover(size, rng)

    light = _light(ground, seen, np.array(sun) * (1, 1, -1), pan, size)
    light = light * cast_shadow(seen.x, seen.y, seen.height, sun, pan).astype(np.float32)
    tone = _tone(ground, seen, light, azimuth, slope, np.array(sun) * (1, 1, -1), pan)
    tone = _far_away(tone, seen, azimuth, slope, rng)
    dn = _expose(tone, seen.hit, rover, rng)
    range_m = np.where(seen.hit & ~rover.mask, seen.distance, 0.0)
    range_m[_stereo_holes(range_m, seen.terrain == SAND, rng)] = 0.0
    truth = np.where(seen.hit & ~rover.mask, seen.terrain, NO_LABEL)
    site, drive = 4 + list(RECIPES).index(terrain_class), int(rng.integers(0, 1500)) * 2
    clock = 400_000_000 + (seed * 15_485_863 + 7_919) % 99_999_989
    product_id = f"NLB_{clock:09d}EDR_F{site:03d}{drive:04d}NCAM{int(rng.integers(200, 400)):05d}M1"
    return Scene(
        product_id=product_id,
        sol=int((clock - 397_500_000) / 88_775.2),
        site=site,
        drive=drive,
        dn=dn,
        range_m=range_m.astype(np.float32),
        rover_mask=rover.mask,
        truth=truth.astype(np.uint8),
        camera=camera,
        terrain_class=terrain_class,
        sun=sun,
    )


@dataclass(frozen=True)
class _View:
    """The camera pose of a scene, and the ground in front of it."""

    terrain_class: str
    pan: float
    camera: CameraModel
    sun: tuple[float, float, float]
    azimuth: Vector
    slope: Vector
    ground: Ground


def ground_of(seed: int, size: int = FULL_SIZE, terrain_class: str | None = None) -> Ground:
    """Return the whole ground of the scene that `make_scene` returns for the same arguments.

    Positions are relative to the point below the camera.

    Raises:
        KeyError: Unknown terrain class.
    """
    return _set_up(seed, size, terrain_class, np.random.default_rng([seed, 4])).ground


def _set_up(seed: int, size: int, terrain_class: str | None, rng: np.random.Generator) -> _View:
    if terrain_class is None:
        terrain_class = list(RECIPES)[seed % len(RECIPES)]
    recipe = RECIPES[terrain_class]
    pan, pitch = rng.uniform(-np.pi, np.pi), np.radians(rng.choice([9.0, 16.0, 22.0, 29.0]))
    pitch += np.radians(rng.normal(0, 1.5))
    camera = aim_camera(pan, pitch, size)
    sun = _sun(pan, rng)
    azimuth, slope = _look(camera, pan, size)
    grid = make_grid(
        (float(azimuth.min()) - _MARGIN, float(azimuth.max()) + _MARGIN),
        FULL_SIZE / size / FOCAL_LENGTH_PX,
        CAMERA_HEIGHT_M,
    )
    ground = make_ground(recipe, grid, _near_view(grid, azimuth, slope), rng)
    return _View(terrain_class, pan, camera, sun, azimuth, slope, ground)


def aim_camera(pan: float, pitch: float, size: int) -> CameraModel:
    """Return a linear Navcam model that looks at azimuth `pan`, `pitch` radians down."""
    focal = FOCAL_LENGTH_PX * size / FULL_SIZE
    ahead = np.array([np.cos(pitch) * np.cos(pan), np.cos(pitch) * np.sin(pan), np.sin(pitch)])
    right = np.array([-np.sin(pan), np.cos(pan), 0.0])
    down = np.cross(ahead, right)
    middle = 0.5 * (size - 1)
    mast = np.array([0.80, 0.56, -CAMERA_HEIGHT_M])
    c, a, h, v = (
        (float(vector[0]), float(vector[1]), float(vector[2]))
        for vector in (mast, ahead, focal * right + middle * ahead, focal * down + middle * ahead)
    )
    return CameraModel("CAHV", c, a, h, v)


def _sun(pan: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """Return a unit vector toward the sun, more often beside the view than along it."""
    side = rng.choice([-1.0, 1.0]) * np.clip(rng.normal(1.7, 0.55), 0.5, 2.9)
    azimuth, elevation = pan + side, np.radians(rng.uniform(24.0, 58.0))
    return (
        float(np.cos(elevation) * np.cos(azimuth)),
        float(np.cos(elevation) * np.sin(azimuth)),
        float(-np.sin(elevation)),
    )


def _look(camera: CameraModel, pan: float, size: int) -> tuple[Vector, Vector]:
    """Return azimuth (continuous about `pan`) and slope of each pixel's ray."""
    center = np.arange(size) + 0.5
    _, ray = camera.pixel_to_ray(center[None, :], center[:, None])
    across = ray[..., 1] * np.cos(pan) - ray[..., 0] * np.sin(pan)
    ahead = ray[..., 0] * np.cos(pan) + ray[..., 1] * np.sin(pan)
    azimuth = pan + np.arctan2(across, ahead)
    slope = -ray[..., 2] / np.hypot(ray[..., 0], ray[..., 1])
    return azimuth, slope


def _near_view(grid: Grid, azimuth: Vector, slope: Vector) -> Mask:
    """Return the grid samples that a flat plain would show in the picture within 25 m."""
    flat = np.where(slope < 0, CAMERA_HEIGHT_M / np.maximum(-slope, 1e-6), np.inf)[::8, ::8]
    near = flat < 25.0
    view = np.zeros((grid.azimuth.size, grid.radius.size), dtype=bool)
    row = np.searchsorted(grid.azimuth, azimuth[::8, ::8][near])
    col = np.searchsorted(grid.radius, flat[near])
    view[np.clip(row, 0, view.shape[0] - 1), np.clip(col, 0, view.shape[1] - 1)] = True
    return view


@dataclass(frozen=True)
class _Seen:
    """The ground point of each pixel; arrays (H, W), meters, undefined where not `hit`.

    Attributes:
        row, col: The grid sample behind the intersection.
        part: Fraction of the way from col - 1 to col.
        x, y, height: The point, relative to the point below the camera.
        along: Its radius.
        distance: Its distance from the camera center.
        terrain: Its class code.
    """

    hit: Mask
    row: npt.NDArray[np.int64]
    col: npt.NDArray[np.int64]
    part: Field
    along: Field
    x: Field
    y: Field
    height: Field
    distance: Field
    terrain: npt.NDArray[np.uint8]


def _trace(ground: Ground, azimuth: Vector, slope: Vector) -> _Seen:
    """Return where the ray of each pixel first meets the ground.

    Along one azimuth, the running maximum of the slopes to the samples only rises with the radius.
    So the crossing is found in it by binary search.
    """
    grid, height = ground.grid, ground.height
    skyline = np.maximum.accumulate((height - CAMERA_HEIGHT_M) / grid.radius, axis=1)
    rows, rings = skyline.shape
    row = np.rint((azimuth - grid.azimuth[0]) / (grid.azimuth[1] - grid.azimuth[0]))
    row = np.clip(row, 0, rows - 1).astype(np.int64)
    # one sorted list of all azimuths' skylines: slopes lie within +-4, so rows 16 apart stay apart
    keys = (np.clip(skyline, -4, 4) + 16.0 * np.arange(rows)[:, None]).ravel()
    # column by column: neighbors in the search are neighbors in memory
    wanted = np.ascontiguousarray((np.clip(slope, -3.9, 4) + 16.0 * row).T)
    found = np.searchsorted(keys, wanted.ravel()).reshape(wanted.shape).T - row * rings
    hit = found < rings
    col = np.clip(found, 1, rings - 1)
    behind = row * rings + col
    flat = height.ravel()
    near_height, far_height = flat[behind - 1], flat[behind]
    near, far = grid.radius[col - 1], grid.radius[col]
    gap = CAMERA_HEIGHT_M + slope * near - near_height
    closing = far_height - near_height - slope * (far - near)
    part = np.clip(gap / np.where(closing > 1e-9, closing, 1.0), 0.0, 1.0)
    along = near + part * (far - near)
    nearest = behind - (part < 0.5)
    return _Seen(
        hit=hit,
        row=row,
        col=col,
        part=part.astype(np.float32),
        along=along.astype(np.float32),
        x=(along * np.cos(azimuth)).astype(np.float32),
        y=(along * np.sin(azimuth)).astype(np.float32),
        height=(CAMERA_HEIGHT_M + slope * along).astype(np.float32),
        distance=(along * np.sqrt(1.0 + slope**2)).astype(np.float32),
        terrain=ground.terrain.ravel()[nearest],
    )


def _light(ground: Ground, seen: _Seen, sun_up: Vector, pan: float, size: int) -> Field:
    """Return the share of sunlight, 0..1, at each pixel's point, given the shadows of ground."""
    from scipy.ndimage import zoom

    grid = ground.grid
    half = (slice(None, None, 2), slice(None, None, 2))
    x, y, height = seen.x[half], seen.y[half], seen.height[half]
    cos, sin = np.float32(np.cos(pan)), np.float32(np.sin(pan))
    climb = np.float32(sun_up[2] / np.hypot(sun_up[0], sun_up[1]))
    east, north = (sun_up[:2] / np.hypot(sun_up[0], sun_up[1])).astype(np.float32)
    spacing = grid.azimuth[1] - grid.azimuth[0]
    log_step = np.log(grid.radius[1] / grid.radius[0])
    rows, rings = ground.height.shape
    step = np.clip(seen.along[half] * 2.0 * spacing, 0.004, 0.2).astype(np.float32)
    blocked = np.zeros(x.shape, dtype=np.float32)
    flat = ground.height.ravel()
    traveled = step.copy()
    for _ in range(_SHADOW_STEPS):
        px, py = x + east * traveled, y + north * traveled
        ahead, across = px * cos + py * sin, py * cos - px * sin
        bearing = np.float32(pan - grid.azimuth[0]) + np.arctan2(across, ahead)
        ring = np.log(np.maximum(px * px + py * py, 1e-4)) * np.float32(0.5)
        row = np.clip(bearing / spacing + np.float32(0.5), 0, rows - 1).astype(np.int32)
        col = ((ring - np.float32(np.log(NEAREST_M))) / log_step).astype(np.int32)
        above = flat[row * rings + np.clip(col, 0, rings - 1)]
        above = above - height - climb * traveled - 0.6 * step
        np.maximum(blocked, above / (0.06 * traveled + 0.6 * step), out=blocked)
        traveled *= np.float32(_SHADOW_GROWTH)
    light = zoom(1.0 - np.clip(blocked, 0.0, 1.0), 2, order=1, mode="nearest", grid_mode=True)
    return cast(Field, light[:size, :size])


def _tone(
    ground: Ground,
    seen: _Seen,
    light: Field,
    azimuth: Vector,
    slope: Vector,
    sun_up: Vector,
    pan: float,
) -> Field:
    """Return the brightness of the ground: Lambert's law, skylight, opposition effect."""
    grid, flat = ground.grid, ground.height.ravel()
    rows, rings = ground.height.shape
    behind = seen.row * rings + seen.col
    outward = (flat[behind] - flat[behind - 1]) / (
        grid.radius[seen.col] - grid.radius[seen.col - 1]
    )
    left = np.maximum(seen.row - 1, 0) * rings + seen.col
    right = np.minimum(seen.row + 1, rows - 1) * rings + seen.col
    span = 2.0 * (grid.azimuth[1] - grid.azimuth[0]) * seen.along
    sideways = (flat[right] - flat[left]) / span
    cos, sin = np.cos(azimuth), np.sin(azimuth)
    sun_out = sun_up[0] * cos + sun_up[1] * sin
    sun_side = sun_up[1] * cos - sun_up[0] * sin
    facing = (sun_up[2] - outward * sun_out - sideways * sun_side) / np.sqrt(
        1.0 + outward**2 + sideways**2
    )
    albedo = ground.albedo.ravel()
    tone = albedo[behind - 1] * (1.0 - seen.part) + albedo[behind] * seen.part
    tone = tone * _grain(ground, seen, azimuth, outward)
    openness = 1.0 / np.sqrt(1.0 + 0.5 * (outward**2 + sideways**2))
    sky = _SKYLIGHT * sun_up[2] ** 0.3 * openness
    direct = np.clip(facing, 0.0, 1.0) * light
    # dust scatters back toward the sun: ground brightens opposite to it
    forward = (sun_out + slope * sun_up[2]) / np.sqrt(1.0 + slope**2)
    glow = 1.0 + 0.55 * np.exp((-1.0 - forward) / 0.22) - 0.12 * forward
    return cast(Field, (tone * (sky + (1.0 - _SKYLIGHT) * direct * glow)).astype(np.float32))


def _grain(ground: Ground, seen: _Seen, azimuth: Vector, outward: Field) -> Field:
    """Return fine texture as factors about 1: grains, and layers on steep rock faces."""
    grit = ground.grit.ravel()[seen.row * ground.grid.radius.size + seen.col]
    arc = (azimuth * seen.along).astype(np.float32)
    fine = sample(fractal_tile(0.55, 8), arc + seen.height, seen.along - 1.7 * seen.height, 0.9)
    steep = np.clip(np.abs(outward) - 0.6, 0.0, 1.0) * (grit > 0.7)
    layers = sample(fractal_tile(1.0, 4), arc * np.float32(0.12), seen.height * 1.6, 1.1)
    near = np.clip(12.0 / np.maximum(seen.along, 1.0), 0.35, 1.0)
    return cast(Field, 1.0 + near * 0.11 * grit * fine + 0.16 * steep * layers)


def _far_away(
    tone: Field, seen: _Seen, azimuth: Vector, slope: Vector, rng: np.random.Generator
) -> Field:
    """Add haze over the ground, ridges on the horizon, and the sky."""
    horizon = float(rng.uniform(0.58, 0.80))
    sky = horizon * (0.72 + 0.28 * np.exp(-np.clip(slope, 0.0, None) / 0.14))
    haze = 1.0 - np.exp(-np.where(seen.hit, seen.along, FARTHEST_M) / _HAZE_M)
    picture = np.where(seen.hit, tone + haze * (0.9 * horizon - tone), sky)
    offset = float(rng.uniform(0, 50))
    lift = float(rng.uniform(0.015, 0.085))
    for share, veil, period in ((1.0, 0.72, 2.3), (0.35, 0.45, 1.1)):
        u = (azimuth + offset).astype(np.float32)
        crest = sample(fractal_tile(1.6), u, np.full_like(u, share), period)
        edge = lift * share * (1.0 + 0.4 * crest) + 0.004
        relief = sample(fractal_tile(1.2), u * 3, (slope * 16).astype(np.float32), 2.0)
        ridge = 0.42 * (1.0 + 0.16 * relief)
        ridge = ridge + veil * (0.93 * horizon - ridge)
        picture = np.where(~seen.hit & (slope < edge), ridge, picture)
    return cast(Field, picture.astype(np.float32))


def _expose(
    tone: Field, ground: Mask, rover: Rover, rng: np.random.Generator
) -> npt.NDArray[np.uint16]:
    """Return 12-bit DN from brightness: lens, exposure, shot and read noise."""
    from scipy.ndimage import gaussian_filter

    size = tone.shape[0]
    picture = np.where(rover.drawn, rover.tone * 0.75, tone)
    picture = gaussian_filter(picture, 0.55 * size / FULL_SIZE + 0.1)
    axis = (np.arange(size) + 0.5) / size - 0.5
    off_axis = axis[:, None] ** 2 + axis**2
    picture = picture * (1.0 - 0.85 * off_axis)
    target = float(rng.uniform(800.0, 1350.0))
    bright = float(np.percentile(picture, 99.0))
    gain = min(target / float(picture.mean()), 2300.0 / bright)
    electrons = np.clip(picture * gain, 0.0, None)
    noise = rng.standard_normal(tone.shape, dtype=np.float32) * np.sqrt(electrons * 0.11 + 16.0)
    return cast(
        npt.NDArray[np.uint16],
        np.clip(np.rint(electrons + noise + 24.0), 0, MAX_DN).astype(np.uint16),
    )


def _stereo_holes(range_m: Field, smooth: Mask, rng: np.random.Generator) -> Mask:
    """Return where stereo matching fails: at range discontinuities, on smooth sand, far away."""
    size = range_m.shape[0]
    jump = np.zeros(range_m.shape, dtype=bool)
    jump[1:] = np.abs(np.diff(range_m, axis=0)) > 0.22 * range_m[1:] + 0.1
    axis = np.linspace(0, 1, size, endpoint=False, dtype=np.float32)
    shift = rng.uniform(0, 9, size=2).astype(np.float32)
    x, y = np.meshgrid(axis + shift[0], axis + shift[1])
    bland = sample(fractal_tile(1.3, 4), x, y, 1.0)
    return jump | (bland > np.where(smooth, 1.9, 2.7)) | (range_m > _LONGEST_RANGE_M)
