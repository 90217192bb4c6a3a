"""The rover in its own image: hardware at the lower edge, and its shadow on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import shapely

from simulation.scenes.textures import Field, Vector, fractal_tile, sample
from terrain.masks import rasterize_rings

Mask = npt.NDArray[np.bool_]

# Share of frames that show part of the rover
_SHARE_WITH_ROVER = 0.55

# The rover as boxes that cast its shadow: x, y, z ranges in meters; x ahead, y right, z up
_BOXES = np.array(
    [
        [[-2.6, 0.6], [-0.75, 0.75], [0.75, 1.15]],  # deck
        [[0.6, 0.95], [-0.9, -0.45], [0.55, 1.0]],  # folded arm
        [[-3.0, -2.5], [-0.3, 0.3], [0.9, 1.6]],  # generator
        [[0.62, 0.80], [0.44, 0.62], [1.1, 1.75]],  # mast
        [[0.50, 0.80], [0.22, 0.86], [1.68, 1.98]],  # head
        [[0.2, 0.7], [-1.35, -0.95], [0.0, 0.5]],  # wheels
        [[0.2, 0.7], [0.95, 1.35], [0.0, 0.5]],
        [[-1.4, -0.9], [-1.4, -1.0], [0.0, 0.5]],
        [[-1.4, -0.9], [1.0, 1.4], [0.0, 0.5]],
    ]
)
# The mast in the frame of the boxes; ground positions are relative to the point below the camera
_CAMERA_FOOT = (0.80, 0.56)


@dataclass(frozen=True)
class Rover:
    """Rover hardware in the picture.

    Attributes:
        mask: bool (H, W), its polygonal outline, slightly too wide, like the mission's rover masks.
        drawn: bool (H, W), its exact pixels.
        tone: (H, W), its brightness.
    """

    mask: Mask
    drawn: Mask
    tone: Field


class _Drawing:
    """A drawing of parts painted over one another, in pixels."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.size = size
        self.rng = rng
        self.drawn = np.zeros((size, size), dtype=bool)
        self.tone = np.zeros((size, size), dtype=np.float32)
        self.parts: list[shapely.Polygon] = []

    def part(
        self, outline: Sequence[tuple[float, float]] | Vector, tone: float, sheen: float = 0.25
    ) -> None:
        """Paint a flat part: outline relative to the picture size, tone, and shading across it."""
        ring = np.asarray(outline, dtype=np.float64) * self.size
        inside = rasterize_rings([ring], self.size, self.size)
        if not inside.any():
            return
        polygon = shapely.Polygon(ring).buffer(0)
        self.parts.append(polygon)
        rows, cols = np.nonzero(inside)
        angle = self.rng.uniform(0, 2 * np.pi)
        lean = np.cos(angle) * cols + np.sin(angle) * rows
        lean = (lean - lean.mean()) / (np.ptp(lean) + 1.0)
        wear = sample(
            fractal_tile(1.3),
            (cols / self.size).astype(np.float32),
            (rows / self.size).astype(np.float32),
            0.37,
        )
        self.tone[rows, cols] = tone * (1.0 + sheen * lean) * (1.0 + 0.07 * wear)
        self.drawn |= inside
        edge = shapely.get_coordinates(polygon.buffer(-0.0018 * self.size))
        if len(edge) > 3:
            rim = inside & ~rasterize_rings([edge], self.size, self.size)
            self.tone[rim] *= 0.72

    def disc(self, x: float, y: float, radius: float, tone: float, flat: float = 1.0) -> None:
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ring = np.stack([x + radius * np.cos(turn), y + flat * radius * np.sin(turn)], axis=1)
        self.part(ring, tone)

    def bar(
        self, start: tuple[float, float], end: tuple[float, float], width: float, tone: float
    ) -> None:
        along = np.subtract(end, start)
        across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-6) * width / 2
        ring = np.array([start + across, end + across, end - across, start - across])
        self.part(ring, tone, 0.4)

    def finish(self) -> Rover:
        outline = shapely.unary_union(self.parts).buffer(0.006 * self.size, join_style="mitre")
        outline = outline.simplify(0.004 * self.size)
        mask = self.drawn.copy()
        for polygon in shapely.get_parts(outline):
            ring = shapely.get_coordinates(polygon.exterior)
            mask |= rasterize_rings([ring], self.size, self.size)
        return Rover(mask=mask, drawn=self.drawn, tone=self.tone)


def make_rover(size: int, rng: np.random.Generator) -> Rover:
    """Return part of the rover at the lower edge of a size x size picture, or nothing.

    The choices of `rng` do not depend on the size. Without hardware all arrays are False or 0.
    """
    drawing = _Drawing(size, np.random.default_rng(rng.integers(2**31)))
    if rng.random() < _SHARE_WITH_ROVER:
        place = float(rng.uniform(0.12, 0.88))
        draw = (_draw_deck, _draw_turret, _draw_wheel)[int(rng.integers(3))]
        draw(drawing, place)
    if not drawing.parts:
        empty = np.zeros((size, size), dtype=bool)
        return Rover(empty, empty, np.zeros((size, size), dtype=np.float32))
    return drawing.finish()


def _draw_deck(drawing: _Drawing, place: float) -> None:
    """Draw a corner of the white deck with caps, seams and one or two boxes."""
    rng = drawing.rng
    top = float(rng.uniform(0.84, 0.93))
    left, right = place - 0.30, place + 0.30
    drawing.part([(left, 1.02), (left + 0.1, top), (right - 0.08, top), (right, 1.02)], 0.92, 0.15)
    drawing.part([(left, 1.02), (left + 0.1, top), (left + 0.115, top), (left + 0.02, 1.02)], 0.4)
    for share in np.sort(rng.uniform(0.2, 0.8, 3)):
        x = left + share * (right - left)
        drawing.bar((x, top + 0.004), (x + 0.1 * (share - 0.5), 1.02), 0.003, 0.35)
    drawing.bar((left + 0.06, top + 0.05), (right - 0.04, top + 0.05), 0.003, 0.4)
    for _ in range(4):
        x, y = float(rng.uniform(left + 0.1, right - 0.1)), float(rng.uniform(top, 0.98))
        drawing.disc(x, y, 0.020, 0.25, 0.6)
        drawing.disc(x, y - 0.005, 0.015, 0.8, 0.6)
    x = float(rng.uniform(left + 0.14, right - 0.2))
    drawing.part(
        [(x, top - 0.05), (x + 0.09, top - 0.05), (x + 0.1, top + 0.03), (x, top + 0.03)], 0.75
    )
    drawing.part(
        [
            (x + 0.09, top - 0.05),
            (x + 0.11, top - 0.03),
            (x + 0.12, top + 0.03),
            (x + 0.1, top + 0.03),
        ],
        0.3,
    )
    drawing.bar((x + 0.2, top - 0.10), (x + 0.19, top + 0.04), 0.012, 0.55)
    drawing.disc(x + 0.2, top - 0.11, 0.018, 0.85)
    drawing.disc(x + 0.2, top - 0.11, 0.008, 0.2)


def _draw_turret(drawing: _Drawing, place: float) -> None:
    """Draw the instrument turret at the end of the arm: boxes, drums and cables."""
    rng = drawing.rng
    drawing.bar((place - 0.32, 1.02), (place - 0.02, 0.92), 0.055, 0.35)
    for _ in range(16):
        x, y = place + float(rng.normal(0, 0.07)), 0.97 + float(rng.normal(0, 0.045))
        half, tall = rng.uniform(0.012, 0.045, 2)
        skew = float(rng.uniform(-0.02, 0.02))
        tone = float(rng.choice([0.12, 0.2, 0.3, 0.45, 0.8]))
        box = [
            (x - half, y - tall),
            (x + half, y - tall + skew),
            (x + half, y + tall),
            (x - half, y + tall - skew),
        ]
        drawing.part(box, tone, 0.6)
        if rng.random() < 0.5:
            drawing.disc(x, y, 0.6 * float(min(half, tall)), tone * 1.6)
            drawing.disc(x, y, 0.3 * float(min(half, tall)), tone * 0.5)
    for _ in range(3):
        reach, sag = rng.uniform(0.05, 0.12), rng.uniform(0.03, 0.09)
        turn = np.linspace(0, np.pi, 12)
        middle = place + float(rng.normal(0, 0.05))
        cable = np.stack([middle + reach * np.cos(turn), 0.96 - sag * np.sin(turn)], axis=1)
        drawing.part(np.concatenate([cable, cable[::-1] + np.array([0.0, 0.007])]), 0.55, 0.2)
    drawing.part(
        [(place - 0.2, 1.02), (place - 0.15, 0.985), (place + 0.2, 0.99), (place + 0.22, 1.02)], 0.2
    )


def _draw_wheel(drawing: _Drawing, place: float) -> None:
    """Draw a wheel with its treads, and the strut that holds it."""
    y, radius = 0.97, 0.11
    drawing.disc(place, y, radius, 0.30, 0.95)
    for k in range(15):
        x = place - 0.9 * radius + 1.8 * radius * k / 14
        rise = 0.95 * np.sqrt(max(radius**2 - (x - place) ** 2, 1e-6))
        drawing.bar((x, y - rise), (x + 0.012, y + rise), 0.004, 0.62 if k % 2 else 0.12)
    drawing.disc(place, y + 0.02, 0.045, 0.5, 0.9)
    drawing.disc(place, y + 0.02, 0.03, 0.18, 0.9)
    side = 1.0 if place < 0.5 else -1.0
    drawing.bar((place, y + 0.01), (place + side * 0.02, 0.80), 0.028, 0.45)
    drawing.disc(place + side * 0.02, 0.80, 0.026, 0.7)
    drawing.bar((place + side * 0.02, 0.80), (place - side * 0.28, 1.02), 0.03, 0.6)


def cast_shadow(
    x: Field, y: Field, height: Field, sun: tuple[float, float, float], pan: float
) -> Field:
    """Return the share of sunlight that passes the rover at ground positions: 1, or 0 in shadow.

    Args:
        x, y, height: (...) meters from the ground below the camera.
        sun: Unit vector toward the sun, rover frame (z down).
        pan: Azimuth of the view. The rover's body is assumed to face it, so the shadow of the mast
            is in the picture when the sun is behind.

    Returns:
        (...), 0 or 1.
    """
    lit = np.ones(x.shape, dtype=np.float32)
    close = np.hypot(x, y) < 9.0
    ahead = x[close] * np.cos(pan) + y[close] * np.sin(pan) + _CAMERA_FOOT[0] - 0.25
    right = y[close] * np.cos(pan) - x[close] * np.sin(pan) + _CAMERA_FOOT[1]
    place = np.stack([ahead, right, height[close]])
    way = np.array(
        [
            sun[0] * np.cos(pan) + sun[1] * np.sin(pan),
            sun[1] * np.cos(pan) - sun[0] * np.sin(pan),
            -sun[2],
        ]
    )
    way = np.where(np.abs(way) < 1e-6, 1e-6, way)
    shaded = np.zeros(ahead.shape, dtype=bool)
    for box in _BOXES:
        entry = (box[:, 0, None] - place) / way[:, None]
        leave = (box[:, 1, None] - place) / way[:, None]
        first = np.minimum(entry, leave).max(axis=0)
        last = np.maximum(entry, leave).min(axis=0)
        shaded |= (first < last) & (last > 0.0)
    lit[close] = np.where(shaded, 0.0, 1.0)
    return cast(Field, lit)
