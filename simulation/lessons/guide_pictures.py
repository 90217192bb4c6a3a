"""Pictures of the field guide: outlines as they should not be, and what is easily mixed up.

    python -m simulation.lessons.guide_pictures static/img/guide

writes one small WebP each. The good examples are the tutorial's pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import shapely
from PIL import Image

from simulation.lessons.canvas import CLASS_COLORS, HEIGHT, WHITE, WIDTH, Canvas, Frame, Picture
from simulation.lessons.tutorial_pictures import (
    BEDROCK_FRAME,
    SAND_FRAME,
    SCALE_BAR_FRAME,
    SOIL_FRAME,
)
from simulation.scenes.ground import BEDROCK, BIG_ROCK, SAND, SOIL

CLOSE_WIDTH, CLOSE_HEIGHT = 320, 280

# Windows chosen by eye, each so near that only what tells the class is in it
_CLOSE = {
    "alike-sand": Frame(30, 60, 330, 300),
    "alike-soil": Frame(30, 230, 600, 260),
    "alike-bedrock": Frame(23, 300, 480, 380),
    "alike-dusty-bedrock": Frame(23, 80, 640, 300),
    "alike-big-rock": Frame(41, 290, 380, 380),
}


def too_much(code: int, frame: Frame, reach: float) -> Picture:
    """The largest area of a class with an outline drawn `reach` pixels too far out."""
    canvas = Canvas(frame)
    area = canvas.areas(code)[0]
    window = shapely.box(3, 3, WIDTH - 3, HEIGHT - 3)
    drawn = shapely.Polygon(area.exterior).buffer(reach).simplify(6.0).intersection(window)
    canvas.area(drawn, CLASS_COLORS[code], 0.18)
    canvas.hatch(drawn.difference(area.buffer(2.0)))
    canvas.verdict(False)
    return canvas.finish()


def too_little(code: int, frame: Frame) -> Picture:
    """The largest area of a class of which the outline has only the left half."""
    canvas = Canvas(frame)
    area = canvas.areas(code)[0]
    left, top, right, bottom = area.bounds
    half = shapely.box(left, top, (left + right) / 2, bottom)
    rest = area.difference(half)
    canvas.area(area.intersection(half), CLASS_COLORS[code])
    canvas.hatch(rest)
    for part in shapely.get_parts(rest):
        canvas.dashes(shapely.get_coordinates(part.exterior).tolist(), WHITE, 2.0)
    canvas.verdict(False)
    return canvas.finish()


def small_stone() -> Picture:
    """A stone that is smaller than the scale bar, outlined as a big rock."""
    canvas = Canvas(Frame(SCALE_BAR_FRAME.seed, 380, 380, 420))
    # The stone that the scale bar's lesson rings, in this nearer window
    x, y, radius = _STONE
    stone = shapely.Point(x, y).buffer(radius)
    canvas.area(stone, CLASS_COLORS[BIG_ROCK])
    canvas.hatch(stone)
    canvas.arrow((x + 130, y - 110), (x + radius + 12, y - radius))
    canvas.verdict(False)
    return canvas.finish()


_STONE = (194.0, 222.0, 46.0)


def close_up(frame: Frame) -> Picture:
    """What a class looks like from near, with nothing drawn on it.

    Each is stretched on its own: its texture tells the class, and not how bright it lies there.
    """
    picture = Canvas(frame, CLOSE_WIDTH, CLOSE_HEIGHT).finish().astype(np.float64)
    low, high = np.percentile(picture, (1, 99))
    return cast(Picture, (np.clip((picture - low) / (high - low), 0, 1) * 235 + 10).astype("u1"))


def guide_pictures() -> dict[str, Callable[[], Picture]]:
    """Every picture by file name: RGB uint8 (420, 640, 3), close-ups (280, 320, 3), when called."""
    return {
        "soil-bad": lambda: too_much(SOIL, SOIL_FRAME, 46.0),
        "bedrock-bad": lambda: too_little(BEDROCK, BEDROCK_FRAME),
        "sand-bad": lambda: too_much(SAND, SAND_FRAME, 40.0),
        "big-rock-bad": small_stone,
        **{name: partial(close_up, frame) for name, frame in _CLOSE.items()},
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Draw the field guide's pictures.")
    parser.add_argument("folder", type=Path, help="where to")
    folder = cast(Path, parser.parse_args(arguments).folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in guide_pictures().items():
        Image.fromarray(draw()).save(folder / f"{name}.webp", quality=62, method=6)


if __name__ == "__main__":
    main()
