"""Pictures for lessons: windows of synthetic scenes with areas, arrows and marks drawn on them.

They contain no text, so they need no translation; the lesson's text is next to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
import numpy.typing as npt
import shapely
import shapely.ops
from PIL import Image, ImageDraw

from simulation.scenes.ground import BEDROCK, BIG_ROCK, SAND, SOIL
from simulation.scenes.scene import FULL_SIZE, Scene, make_scene
from terrain.masks import mask_to_regions

Picture = npt.NDArray[np.uint8]
Color = tuple[int, int, int]
Place = tuple[float, float]
Line = list[Place]

# The palette of Okabe and Ito, which color-blind people can distinguish
CLASS_COLORS: dict[int, Color] = {
    SOIL: (0xE6, 0x9F, 0x00),
    BEDROCK: (0x56, 0xB4, 0xE9),
    SAND: (0xF0, 0xE4, 0x42),
    BIG_ROCK: (0xCC, 0x79, 0xA7),
}
RIGHT, WRONG, WHITE = (0x00, 0x9E, 0x73), (0xD5, 0x5E, 0x00), (255, 255, 255)

WIDTH, HEIGHT = 640, 420
RANGE_LIMIT_M = 30.0
# Lines are drawn larger and shrunk, for smooth edges
OVERSAMPLE = 2


@dataclass(frozen=True)
class Frame:
    """A window of a scene: seed, size of the scene, left, top and width of the window, pixels."""

    seed: int
    left: int
    top: int
    width: int
    size: int = FULL_SIZE


class Canvas:
    """A window of a scene with translucent areas and outlines drawn over it."""

    def __init__(self, frame: Frame, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.frame, self.width, self.height = frame, width, height
        self.scene = _scene(frame.seed, frame.size)
        self.scale = width / frame.width
        rows, cols = self.window()
        picture = Image.fromarray(_stretched(self.scene)[rows, cols])
        enlarged = (width * OVERSAMPLE, height * OVERSAMPLE)
        self.image = picture.resize(enlarged, Image.Resampling.LANCZOS).convert("RGB")

    def window(self) -> tuple[slice, slice]:
        tall = round(self.frame.width * self.height / self.width)
        frame = self.frame
        return slice(frame.top, frame.top + tall), slice(frame.left, frame.left + frame.width)

    def areas(self, code: int, smallest: float = 2000.0) -> list[shapely.Polygon]:
        """Return smooth outlines of a class in the window, largest first, in picture pixels."""
        from scipy.ndimage import gaussian_filter

        rows, cols = self.window()
        truth = self.scene.truth[rows, cols].copy()
        distance = self.scene.range_m[rows, cols]
        truth[distance > RANGE_LIMIT_M] = 255
        sigma = (3.0 if code == BIG_ROCK else 6.0) * self.frame.size / FULL_SIZE
        soft = gaussian_filter((truth == code).astype(np.float32), sigma) > 0.5
        found = []
        for region in mask_to_regions(np.where(soft, np.uint8(code), np.uint8(255))):
            rings = [ring * self.scale for ring in region.rings]
            shape = shapely.Polygon(rings[0], [r for r in rings[1:] if _area(r) > 900.0])
            shape = shape.simplify(1.2).buffer(-4.0).buffer(2.0)
            found += [p for p in shapely.get_parts(shape) if p.area > smallest]
        return sorted(found, key=lambda polygon: -float(polygon.area))

    def area(self, shape: shapely.Geometry, color: Color, opacity: float = 0.25) -> None:
        """Draw a translucent area with its outline."""
        layer = Image.new("L", self.image.size, 0)
        brush = ImageDraw.Draw(layer)
        for polygon in shapely.get_parts(shape):
            brush.polygon(_line(polygon.exterior), fill=round(255 * opacity))
            for hole in polygon.interiors:
                brush.polygon(_line(hole), fill=0)
        self.image.paste(Image.new("RGB", self.image.size, color), mask=layer)
        for polygon in shapely.get_parts(shape):
            for ring in (polygon.exterior, *polygon.interiors):
                self.line(_line(ring), color, 3.0)

    def line(self, points: Line, color: Color, width: float) -> None:
        brush = ImageDraw.Draw(self.image)
        brush.line(points, (20, 20, 20), round((width + 1.5) * OVERSAMPLE), joint="curve")
        brush.line(points, color, round(width * OVERSAMPLE), joint="curve")

    def dashes(self, points: Sequence[tuple[float, float]], color: Color, width: float) -> None:
        """Draw a dashed line along points in picture pixels."""
        path = shapely.LineString(points)
        for start in np.arange(0.0, path.length, 14.0):
            dash = shapely.ops.substring(path, start, min(start + 8.0, path.length))
            self.line(_line(dash), color, width)

    def arrow(self, start: Place, tip: Place, both_ends: bool = False) -> None:
        """Draw a white arrow; with heads at both ends it shows a length."""
        self.line([_enlarged(start), _enlarged(tip)], WHITE, 4.0)
        brush = ImageDraw.Draw(self.image)
        for head, tail in ((tip, start), (start, tip))[: 2 if both_ends else 1]:
            along = np.subtract(head, tail) / np.hypot(*np.subtract(head, tail))
            across = np.array([-along[1], along[0]])
            corners = [np.array(head) + 3 * along]
            corners += [np.array(head) - 15 * along + side * 9 * across for side in (1, -1)]
            brush.polygon([_enlarged((x, y)) for x, y in corners], WHITE, (20, 20, 20), 2)

    def hatch(self, shape: shapely.Geometry) -> None:
        """Draw slanted strokes over a wrong area."""
        for start in range(-HEIGHT, WIDTH, 12):
            stroke = shapely.LineString([(start, 0), (start + HEIGHT, HEIGHT)]).intersection(shape)
            for part in shapely.get_parts(stroke):
                if part.length > 2.0:
                    ImageDraw.Draw(self.image).line(_line(part), WRONG, 2 * OVERSAMPLE)

    def verdict(self, right: bool, at: Place = (36.0, 36.0), radius: float = 22.0) -> None:
        """Draw a tick or a cross in a disc."""
        color = RIGHT if right else WRONG
        (x, y), size = at, radius / 22.0
        box = (x - radius, y - radius, x + radius, y + radius)
        brush = ImageDraw.Draw(self.image)
        brush.ellipse([v * OVERSAMPLE for v in box], fill=color, outline=WHITE, width=6)
        tick, cross = [[(-10, 0), (-3, 8), (11, -8)]], [[(-8, -8), (8, 8)], [(-8, 8), (8, -8)]]
        for stroke in tick if right else cross:
            points = [_enlarged((x + size * dx, y + size * dy)) for dx, dy in stroke]
            brush.line(points, WHITE, round(5 * size * OVERSAMPLE), joint="curve")

    def question(self, at: Place, radius: float = 22.0) -> None:
        """Draw a question mark in a disc."""
        x, y = at
        box = (x - radius, y - radius, x + radius, y + radius)
        brush = ImageDraw.Draw(self.image)
        brush.ellipse([v * OVERSAMPLE for v in box], fill=(20, 20, 20), outline=WHITE, width=6)
        turn = np.radians(np.linspace(-190, 75, 24))
        hook = [(x + 7 * np.cos(angle), y - 5 + 7 * np.sin(angle)) for angle in turn]
        points = [_enlarged(point) for point in (*hook, (x, y + 7))]
        brush.line(points, WHITE, 4 * OVERSAMPLE, joint="curve")
        dot = (x - 2.5, y + 10, x + 2.5, y + 15)
        brush.ellipse([v * OVERSAMPLE for v in dot], fill=WHITE)

    def finish(self) -> Picture:
        return np.asarray(self.image.resize((self.width, self.height), Image.Resampling.LANCZOS))


@cache
def _scene(seed: int, size: int) -> Scene:
    return make_scene(seed, size)


def _stretched(scene: Scene) -> Picture:
    """Return the DN of the scene as a contrast-stretched gray picture, uint8 (H, W)."""
    dn = scene.dn.astype(np.float32)
    low, high = np.percentile(dn, (0.3, 99.6))
    return cast(Picture, (np.clip((dn - low) / (high - low), 0, 1) ** 0.85 * 255).astype(np.uint8))


def _area(ring: npt.NDArray[np.float64]) -> float:
    return float(shapely.Polygon(ring).area)


def _line(geometry: shapely.Geometry) -> Line:
    """Return the points of a line on the enlarged canvas."""
    return [(x * OVERSAMPLE, y * OVERSAMPLE) for x, y in shapely.get_coordinates(geometry)]


def _enlarged(place: Place) -> Place:
    return place[0] * OVERSAMPLE, place[1] * OVERSAMPLE
