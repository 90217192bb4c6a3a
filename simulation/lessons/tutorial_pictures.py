"""Example pictures for the tutorial and the landing page, drawn on synthetic scenes.

    python -m simulation.lessons.tutorial_pictures static/img/tutorial

writes a small WebP for each lesson into the folder, and `hero.webp` beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import shapely
from PIL import Image, ImageDraw

from simulation.lessons.canvas import (
    CLASS_COLORS,
    HEIGHT,
    OVERSAMPLE,
    RANGE_LIMIT_M,
    WHITE,
    WIDTH,
    Canvas,
    Frame,
    Picture,
    Place,
)
from simulation.scenes.ground import BEDROCK, BIG_ROCK, SAND, SOIL
from terrain.masks import mask_to_regions

HERO_WIDTH, HERO_HEIGHT = 1600, 700
_BAR_WIDTH_M = 0.5

# Windows chosen by eye for a clear example each
SOIL_FRAME = Frame(30, 180, 330, 780)
BEDROCK_FRAME = Frame(23, 60, 330, 900)
SAND_FRAME = Frame(30, 0, 110, 760)
_BIG_ROCK = Frame(41, 150, 330, 640)
_NO_OVERLAP = Frame(30, 400, 240, 500)
_BEYOND = Frame(26, 0, 140, 1024)
SCALE_BAR_FRAME = Frame(42, 60, 170, 860)
# Stones in that window: x, y, radius in pixels of the picture
_STONES = ((123.0, 233.0, 17.0), (332.0, 265.0, 18.0), (399.0, 208.0, 14.0), (558.0, 250.0, 24.0))
_NOT_SURE = Frame(30, 400, 240, 500)
# Places in that window: in the sand and in the soil, and on the border between them
_SURE, _DOUBTFUL = ((120.0, 150.0), (480.0, 150.0)), (366.0, 122.0)
ROVER_FRAME = Frame(14, 96, 478, 832)
# Places in that window: on the rover, and on the ground
_ON_ROVER, _BESIDE_ROVER = (340.0, 385.0), (250.0, 190.0)
_HERO = Frame(17, 0, 400, 1600, 1600)


def class_example(
    code: int, frame: Frame, most: int = 3, arrows: Sequence[tuple[Place, Place]] = ()
) -> Picture:
    """Return a window of a scene with the areas of one class outlined in its color.

    Args:
        arrows: Start and end points, picture pixels; they point at features of the class.
    """
    canvas = Canvas(frame)
    for shape in canvas.areas(code)[:most]:
        canvas.area(shape, CLASS_COLORS[code])
    for start, tip in arrows:
        canvas.arrow(start, tip)
    return canvas.finish()


def big_rock() -> Picture:
    """Return a big rock with arrows for its height and width."""
    canvas = Canvas(_BIG_ROCK)
    for shape in canvas.areas(BIG_ROCK)[:1]:
        canvas.area(shape, CLASS_COLORS[BIG_ROCK])
        left, top, right, bottom = shape.bounds
        canvas.arrow((right + 26, bottom), (right + 26, top), both_ends=True)
        canvas.arrow((left, bottom + 26), (right, bottom + 26), both_ends=True)
    return canvas.finish()


def no_overlap() -> Picture:
    """Return two areas that meet (correct) next to two areas that overlap (wrong)."""
    half = WIDTH // 2 - 4
    panels = []
    for overlapping in (False, True):
        canvas = Canvas(_NO_OVERLAP, half, HEIGHT)
        first, second = (canvas.areas(code)[0] for code in (SOIL, SAND))
        if overlapping:
            first, second = first.buffer(16.0), second.buffer(16.0)
        else:
            # the gap between the smoothed areas closes in the middle
            first = first.buffer(4.0).difference(second.buffer(4.0))
            second = second.buffer(4.0)
        frame = shapely.box(3, 3, half - 3, HEIGHT - 3)
        first, second = first.intersection(frame), second.intersection(frame)
        canvas.area(first, CLASS_COLORS[SOIL])
        canvas.area(second, CLASS_COLORS[SAND])
        if overlapping:
            canvas.hatch(first.intersection(second))
        canvas.verdict(not overlapping)
        panels.append(canvas.finish())
    gap = np.full((HEIGHT, WIDTH - 2 * half, 3), 255, dtype=np.uint8)
    return np.concatenate([panels[0], gap, panels[1]], axis=1)


def beyond_30m() -> Picture:
    """Return a view with the ground beyond the range limit darkened, as volunteers see it."""
    canvas = Canvas(_BEYOND)
    rows, cols = canvas.window()
    distance = canvas.scene.range_m[rows, cols]
    far, known = (distance > RANGE_LIMIT_M).sum(axis=1), (distance > 0).sum(axis=1)
    cut = float(np.flatnonzero(2 * far > known).max() + 1) * canvas.scale
    veil = Image.new("L", canvas.image.size, 0)
    edge = cut * OVERSAMPLE
    ImageDraw.Draw(veil).rectangle([0, 0, canvas.image.width, edge], fill=170)
    canvas.image.paste(Image.new("RGB", canvas.image.size, (0, 0, 0)), mask=veil)
    canvas.dashes([(0, cut), (WIDTH, cut)], WHITE, 2.5)
    near = shapely.box(0, cut + 6, WIDTH, HEIGHT)
    for code in (SAND, SOIL, BEDROCK):
        for shape in canvas.areas(code)[:1]:
            canvas.area(shape.intersection(near), CLASS_COLORS[code], 0.2)
    canvas.verdict(False, (WIDTH / 2, cut / 2))
    canvas.verdict(True, (WIDTH / 2, cut + 0.5 * (HEIGHT - cut)))
    return canvas.finish()


def rover() -> Picture:
    """Return a view with the rover dimmed, as volunteers see it, and the ground around outlined."""
    canvas = Canvas(ROVER_FRAME)
    hardware = dim_rover(canvas)
    for code in (SAND, SOIL, BEDROCK):
        for shape in canvas.areas(code)[:1]:
            canvas.area(shape.difference(hardware.buffer(5.0)), CLASS_COLORS[code], 0.2)
    canvas.verdict(False, _ON_ROVER)
    canvas.verdict(True, _BESIDE_ROVER)
    return canvas.finish()


def dim_rover(canvas: Canvas) -> shapely.Geometry:
    """Darken the rover of a window as the drawing page does; return its outline."""
    rows, cols = canvas.window()
    mask = canvas.scene.rover_mask[rows, cols]
    veil = Image.fromarray(np.where(mask, np.uint8(255 * 0.6), np.uint8(0)))
    veil = veil.resize(canvas.image.size)
    canvas.image.paste(Image.new("RGB", canvas.image.size, (0, 0, 0)), mask=veil)
    outlines = [
        shapely.Polygon(region.rings[0] * canvas.scale)
        for region in mask_to_regions(np.where(mask, np.uint8(0), np.uint8(255)))
    ]
    for outline in outlines:
        canvas.dashes(shapely.get_coordinates(outline.exterior).tolist(), WHITE, 2.0)
    return shapely.unary_union(outlines)


def scale_bar() -> Picture:
    """Return the scale bar, a larger rock, and smaller pebbles that need no outline."""
    canvas = Canvas(SCALE_BAR_FRAME)
    rows, cols = canvas.window()
    distance = canvas.scene.range_m[rows, cols]
    middle = (WIDTH / 2, HEIGHT / 2)
    at = distance[int(middle[1] / canvas.scale), int(middle[0] / canvas.scale)]
    wide = canvas.scene.camera.focal_length_px * _BAR_WIDTH_M / float(at) * canvas.scale
    for shape in canvas.areas(BIG_ROCK, 800.0)[:2]:
        canvas.area(shape, CLASS_COLORS[BIG_ROCK])
    for x, y, radius in _STONES:
        turn = np.linspace(0, 2 * np.pi, 48)
        circle = list(zip(x + radius * np.cos(turn), y + radius * np.sin(turn), strict=True))
        canvas.dashes(circle, WHITE, 1.5)
        canvas.verdict(False, (x + radius + 10, y - radius - 6), 12)
    x, y = middle
    bar = [
        (x - 0.46 * wide, y - 5),
        (x + 0.46 * wide, y - 5),
        (x + 0.5 * wide, y + 5),
        (x - 0.5 * wide, y + 5),
    ]
    points = [(px * OVERSAMPLE, py * OVERSAMPLE) for px, py in bar]
    ImageDraw.Draw(canvas.image).polygon(points, fill=WHITE, outline=(20, 20, 20), width=3)
    canvas.arrow((x, y - 78), (x, y - 14))
    canvas.verdict(True, (212, 30), 16)
    return canvas.finish()


def not_sure() -> Picture:
    """Return ground outlined on both sides (correct) of a doubtful border that is left empty."""
    canvas = Canvas(_NOT_SURE)
    areas = {code: canvas.areas(code)[0] for code in (SAND, SOIL, BEDROCK)}
    border = areas[SAND].buffer(6.0).intersection(areas[SOIL].buffer(6.0)).buffer(34.0)
    frame = shapely.box(3, 3, WIDTH - 3, HEIGHT - 3)
    for code, shape in areas.items():
        canvas.area(shape.difference(border).intersection(frame), CLASS_COLORS[code])
    doubtful = border.simplify(6.0).intersection(frame.buffer(-6.0))
    canvas.dashes(shapely.get_coordinates(doubtful.exterior).tolist(), WHITE, 2.0)
    for x, y in _SURE:
        canvas.verdict(True, (x, y), 18)
    canvas.question(_DOUBTFUL)
    return canvas.finish()


def hero() -> Picture:
    """Return the picture of the landing page: a wide view, partly labeled."""
    canvas = Canvas(_HERO, HERO_WIDTH, HERO_HEIGHT)
    for code, most in ((BEDROCK, 1), (SAND, 1), (BIG_ROCK, 2)):
        for shape in canvas.areas(code, 3000.0)[:most]:
            canvas.area(shape, CLASS_COLORS[code], 0.22)
    return canvas.finish()


def tutorial_pictures() -> dict[str, Callable[[], Picture]]:
    """Return every picture by file name, as a function that returns RGB uint8 (420, 640, 3)."""
    return {
        "soil": lambda: class_example(SOIL, SOIL_FRAME, arrows=[((470, 60), (400, 112))]),
        "bedrock": lambda: class_example(BEDROCK, BEDROCK_FRAME, arrows=[((420, 55), (352, 118))]),
        "sand": lambda: class_example(
            SAND, SAND_FRAME, most=2, arrows=[((300, 120), (240, 190)), ((380, 130), (350, 205))]
        ),
        "big-rock": big_rock,
        "no-overlap": no_overlap,
        "beyond-30m": beyond_30m,
        "rover": rover,
        "scale-bar": scale_bar,
        "not-sure": not_sure,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Draw the tutorial's pictures and hero.webp.")
    parser.add_argument("folder", type=Path, help="where to; hero.webp goes one folder up")
    folder = cast(Path, parser.parse_args(arguments).folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in tutorial_pictures().items():
        Image.fromarray(draw()).save(folder / f"{name}.webp", quality=62, method=6)
    Image.fromarray(hero()).save(folder.parent / "hero.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
