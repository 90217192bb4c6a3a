"""Rendering of illustrations: a part of an image with outlines, arrows and scales drawn on it.

The picture has no words, so it needs no translation: a mark with a caption gets a number, and the
captions are a list beside the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from labeling.images.preparation.pictures import webp_bytes

Point = tuple[float, float]
Box = tuple[int, int, int, int]
Color = tuple[int, int, int]

#: Longest side of an illustration, pixels.
LONGEST_PX = 960
#: A small part of an image is enlarged by this at most.
MOST_ENLARGED = 4.0

WHITE: Color = (255, 255, 255)
DARK: Color = (20, 20, 20)

# Lines are drawn larger and shrunk, for smooth edges
_OVERSAMPLE = 2
# Widths of lines are for a picture of this width
_USUAL_PX = 640.0
_AREA_OPACITY = 64


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark, in image pixels.

    An outline has three points or more, an arrow its tail and its tip, a scale its middle and
    `length_px`. `number` leads to the mark's caption; None for a mark without one.
    """

    kind: Literal["outline", "arrow", "scale"]
    points: tuple[Point, ...]
    color: str = "#ffffff"
    number: int | None = None
    length_px: float = 0.0
    length_cm: int = 0


def picture_size(crop: Box) -> tuple[int, int]:
    """Return the width and height of the picture of a crop box.

    >>> picture_size((0, 0, 1024, 512)), picture_size((10, 10, 96, 64))
    ((960, 480), (384, 256))
    """
    _left, _top, width, height = crop
    scale = min(LONGEST_PX / max(width, height), MOST_ENLARGED)
    return max(1, round(width * scale)), max(1, round(height * scale))


def render(frame: npt.NDArray[np.uint8], crop: Box, marks: Sequence[Mark]) -> bytes:
    """Return an illustration as WebP.

    Args:
        frame: The image, uint8 (H, W) or (H, W, 3).
        crop: Left, top, width and height of the part to show, pixels within the frame.
        marks: What is drawn on it; later marks lie above earlier ones.
    """
    left, top, width, height = crop
    size = picture_size(crop)
    part = Pillow.fromarray(frame[top : top + height, left : left + width]).convert("RGB")
    large = (size[0] * _OVERSAMPLE, size[1] * _OVERSAMPLE)
    canvas = _Canvas(part.resize(large, Pillow.Resampling.LANCZOS), crop)
    for mark in marks:
        {"outline": canvas.outline, "arrow": canvas.arrow, "scale": canvas.scale}[mark.kind](mark)
    return webp_bytes(np.asarray(canvas.picture.resize(size, Pillow.Resampling.LANCZOS)))


class _Canvas:
    """A part of an image, enlarged; marks are drawn in image pixels."""

    def __init__(self, picture: Pillow.Image, crop: Box) -> None:
        self.picture, self.crop = picture, crop
        self.per_px = picture.width / crop[2]
        #: One pixel of a picture of the usual width
        self.unit = max(1.0, picture.width / _USUAL_PX)
        self.brush = ImageDraw.Draw(picture)

    def place(self, point: Point) -> Point:
        return (point[0] - self.crop[0]) * self.per_px, (point[1] - self.crop[1]) * self.per_px

    def line(self, points: list[Point], color: Color, width: float = 3.0) -> None:
        for ink, wide in ((DARK, width + 2.0), (color, width)):
            self.brush.line(points, ink, round(wide * self.unit), joint="curve")

    def outline(self, mark: Mark) -> None:
        color = _rgb(mark.color)
        ring = [self.place(point) for point in mark.points]
        veil = Pillow.new("L", self.picture.size, 0)
        ImageDraw.Draw(veil).polygon(ring, fill=_AREA_OPACITY)
        self.picture.paste(Pillow.new("RGB", self.picture.size, color), mask=veil)
        self.line([*ring, ring[0], ring[1]], color)
        if mark.number is not None:
            middle = shapely.make_valid(shapely.Polygon(ring)).representative_point()
            self.badge((middle.x, middle.y), mark.number)

    def arrow(self, mark: Mark) -> None:
        tail, tip = (np.array(self.place(point)) for point in mark.points)
        length = float(np.hypot(*(tip - tail)))
        if length:
            along = (tip - tail) / length
            across = np.array([-along[1], along[0]])
            back = tip - 16.0 * self.unit * along
            self.line([_point(tail), _point(back)], WHITE, 4.0)
            head = [tip, back + 8.0 * self.unit * across, back - 8.0 * self.unit * across]
            self.brush.polygon([_point(corner) for corner in head], WHITE, DARK, round(self.unit))
        if mark.number is not None:
            self.badge(_point(tail), mark.number)

    def scale(self, mark: Mark) -> None:
        x, y = self.place(mark.points[0])
        half, tick = mark.length_px * self.per_px / 2.0, 7.0 * self.unit
        ends = (x - half, x + half)
        for ink, wide in ((DARK, 6.0), (WHITE, 3.0)):
            thick = round(wide * self.unit)
            self.brush.line([(ends[0], y), (ends[1], y)], ink, thick)
            for end in ends:
                self.brush.line([(end, y - tick), (end, y + tick)], ink, thick)
        # The label lies below the bar, or above it at the lower edge
        far = 20.0 * self.unit
        below = y + far + 10.0 * self.unit < self.picture.height
        self.label((x, y + far if below else y - far), length_label(mark.length_cm), 16.0)

    def badge(self, at: Point, number: int) -> None:
        """Draw a number in a disc, whole within the picture."""
        radius = 13.0 * self.unit
        x = min(max(at[0], radius), self.picture.width - radius)
        y = min(max(at[1], radius), self.picture.height - radius)
        box = (x - radius, y - radius, x + radius, y + radius)
        self.brush.ellipse(box, fill=DARK, outline=WHITE, width=round(2 * self.unit))
        font = ImageFont.load_default(16.0 * self.unit)
        self.brush.text((x, y), str(number), fill=WHITE, font=font, anchor="mm")

    def label(self, at: Point, text: str, size: float) -> None:
        font = ImageFont.load_default(size * self.unit)
        left, top, right, bottom = self.brush.textbbox(at, text, font=font, anchor="mm")
        pad = 4.0 * self.unit
        # Whole within the picture, also for a bar at its side
        shift = max(pad - left, 0.0) - max(right + pad - self.picture.width, 0.0)
        box = (left - pad + shift, top - pad, right + pad + shift, bottom + pad)
        self.brush.rounded_rectangle(box, radius=pad, fill=DARK)
        self.brush.text((at[0] + shift, at[1]), text, fill=WHITE, font=font, anchor="mm")


def length_label(centimeters: int) -> str:
    """Return a length as pictures write it, the same in every language.

    >>> length_label(50), length_label(200)
    ('50 cm', '2 m')
    """
    meters, rest = divmod(centimeters, 100)
    return f"{centimeters} cm" if rest or not meters else f"{meters} m"


def _rgb(color: str) -> Color:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _point(at: npt.NDArray[np.float64]) -> Point:
    return float(at[0]), float(at[1])
