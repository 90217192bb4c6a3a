"""Pictures of the field guide: wrong outlines, and classes that are easily confused.

    python -m simulation.lessons.guide_pictures static/img/guide

writes a small WebP file for each picture. The good examples are the pictures of the tutorial.
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
    ROVER_FRAME,
    SAND_FRAME,
    SCALE_BAR_FRAME,
    SOIL_FRAME,
    dim_rover,
)
from simulation.scenes.ground import BEDROCK, BIG_ROCK, SAND, SOIL

CLOSE_WIDTH, CLOSE_HEIGHT = 320, 280

# Windows chosen by eye, close enough to show only the features of the class
_CLOSE = {
    "alike-sand": Frame(30, 60, 330, 300),
    "alike-soil": Frame(30, 230, 600, 260),
    "alike-bedrock": Frame(23, 300, 480, 380),
    "alike-dusty-bedrock": Frame(23, 80, 640, 300),
    "alike-big-rock": Frame(41, 290, 380, 380),
}


def too_much(code: int, frame: Frame, reach: float) -> Picture:
    """Return the largest area of a class, outlined `reach` pixels too far out."""
    canvas = Canvas(frame)
    area = canvas.areas(code)[0]
    window = shapely.box(3, 3, WIDTH - 3, HEIGHT - 3)
    drawn = shapely.Polygon(area.exterior).buffer(reach).simplify(6.0).intersection(window)
    canvas.area(drawn, CLASS_COLORS[code], 0.18)
    canvas.hatch(drawn.difference(area.buffer(2.0)))
    canvas.verdict(False)
    return canvas.finish()


def too_little(code: int, frame: Frame) -> Picture:
    """Return the largest area of a class, with only its left half outlined."""
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


def over_the_rover() -> Picture:
    """Return an area of soil that is outlined together with a part of the rover."""
    canvas = Canvas(ROVER_FRAME)
    hardware = dim_rover(canvas)
    area = max(canvas.areas(SOIL), key=lambda shape: shape.bounds[3])
    window = shapely.box(3, 3, WIDTH - 3, HEIGHT - 3)
    wrong = hardware.intersection(shapely.box(*_PART_OF_ROVER))
    drawn = area.buffer(8.0).difference(hardware.buffer(3.0)).union(wrong)
    drawn = drawn.buffer(4.0).buffer(-4.0).simplify(2.0).intersection(window)
    canvas.area(drawn, CLASS_COLORS[SOIL], 0.18)
    canvas.hatch(drawn.intersection(hardware))
    canvas.verdict(False)
    return canvas.finish()


def small_stone() -> Picture:
    """Return a stone smaller than the scale bar, outlined as a big rock."""
    canvas = Canvas(Frame(SCALE_BAR_FRAME.seed, 380, 380, 420))
    # The stone that is circled in the lesson on the scale bar
    x, y, radius = _STONE
    stone = shapely.Point(x, y).buffer(radius)
    canvas.area(stone, CLASS_COLORS[BIG_ROCK])
    canvas.hatch(stone)
    canvas.arrow((x + 130, y - 110), (x + radius + 12, y - radius))
    canvas.verdict(False)
    return canvas.finish()


_PART_OF_ROVER = (0.0, 0.0, 330.0, float(HEIGHT))
_STONE = (194.0, 222.0, 46.0)


def close_up(frame: Frame) -> Picture:
    """Return a close-up of a class, with nothing drawn on it.

    The contrast of each close-up is stretched separately, because texture identifies the class, not
    brightness.
    """
    picture = Canvas(frame, CLOSE_WIDTH, CLOSE_HEIGHT).finish().astype(np.float64)
    low, high = np.percentile(picture, (1, 99))
    return cast(Picture, (np.clip((picture - low) / (high - low), 0, 1) * 235 + 10).astype("u1"))


def guide_pictures() -> dict[str, Callable[[], Picture]]:
    """Return every picture by file name, as a function that returns RGB uint8 (H, W, 3).

    Pictures are 420 x 640 pixels, close-ups 280 x 320.
    """
    return {
        "soil-bad": lambda: too_much(SOIL, SOIL_FRAME, 46.0),
        "bedrock-bad": lambda: too_little(BEDROCK, BEDROCK_FRAME),
        "sand-bad": lambda: too_much(SAND, SAND_FRAME, 40.0),
        "big-rock-bad": small_stone,
        "rover-bad": over_the_rover,
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
