"""Random strokes through the tools of the drawing page, run in Node, checked by the server code."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
import shapely

from terrain.geometry.cleaning import clean_regions
from terrain.geometry.regions import Region, parse_regions
from tests.typescript import TypeScript

SIZE = 512
CODES = (0, 1, 2, 3)
STROKES = 500
EVERY = 20
TOLERATED_OVERLAP = 0.5
# Square pixels: smaller pieces that an action leaves over join their neighbors or are dropped.
SMALL = 60

# The tools without a page: what a hand does is told to the pen, as the surface tells it. Gives the
# label after every so many strokes; the first one is the full picture that the strokes fall on.
TOOLS = """
(() => {
  const quiet = () => {};
  const shows = { showSketch: quiet, preview: quiet, showHandle: quiet };
  const surface = { resolution: 1, useTool: quiet, ...shows };
  const page = {
    warn: quiet, finished: quiet, dropped: quiet, showTurn: quiet,
    isSmall: (rings) => regionArea(rings) < given.small,
  };
  const editor = new Editor(0, quiet);
  const tools = new Tools(editor, () => surface, page, quiet);
  const stroke = (path) => {
    if (!tools.pen.takes(path[0], false)) return;
    tools.pen.strokeStart(path[0]);
    path.forEach((point) => tools.pen.strokeMove(point));
    tools.pen.strokeEnd(false);
  };
  editor.open(EMPTY_LABEL, { width: given.size, height: given.size, masked: given.masked });
  for (const { code, path } of given.first) {
    editor.useClass(code);
    stroke(path);
  }
  tools.fill();
  const labels = [toPolygons(editor.label)];
  given.strokes.forEach(({ does, code, path, pick }, number) => {
    editor.select(null);
    editor.useClass(code);
    editor.setOptions({ paintOver: does === "over", snap: pick % 3 > 0 });
    const region = editor.label.regions[pick % editor.label.regions.length] ?? null;
    if (does === "merge" || does === "edit") {
      tools.use("edit");
      editor.select(region);
      if (does === "merge") tools.merge();
      else if (region) {
        const ring = region.rings[pick % region.rings.length];
        stroke([ring[pick % ring.length], ...path.slice(0, 1)]);
      }
    } else if (does === "fill") tools.fill();
    else {
      tools.use(does === "over" ? "draw" : does);
      stroke(path);
    }
    if ((number + 1) % given.every === 0) labels.push(toPolygons(editor.label));
  });
  return labels;
})()
"""


@pytest.fixture(scope="module")
def draw(tmp_path_factory: pytest.TempPathFactory) -> TypeScript:
    return TypeScript(
        tmp_path_factory.mktemp("strokes"),
        'import { Editor } from "annotate/core/editor.ts";\n'
        'import { regionArea } from "annotate/core/geometry.ts";\n'
        'import { EMPTY_LABEL, toPolygons } from "annotate/core/label.ts";\n'
        'import { Tools } from "annotate/modes/tools.ts";\n',
        TOOLS,
    )


def blob(random: np.random.Generator, radius: float) -> list[list[float]]:
    """Return a wobbly hand-drawn outline that does not close exactly."""
    center = random.uniform(-20, SIZE + 20, 2)
    angles = np.linspace(0, random.uniform(5.9, 6.7), random.integers(20, 120))
    wobble = np.cumsum(random.normal(0, 0.04, len(angles)))
    radii = radius * (1 + wobble - wobble.mean())
    points = center + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return [[float(x), float(y)] for x, y in points]


def scribble(random: np.random.Generator) -> list[list[float]]:
    """Return an outline that crosses itself and everything else."""
    points = random.uniform(-40, SIZE + 40, (random.integers(3, 15), 2))
    return [[float(x), float(y)] for x, y in points]


def strokes(random: np.random.Generator, count: int) -> list[dict[str, Any]]:
    kinds = ["draw", "over", "cut", "split", "edit", "merge", "fill"]
    shares = [0.2, 0.35, 0.1, 0.12, 0.15, 0.04, 0.04]
    return [
        {
            "does": str(random.choice(kinds, p=shares)),
            "code": int(random.choice(CODES)),
            "path": scribble(random)
            if random.random() < 0.2
            else blob(random, random.uniform(8, 90)),
            "pick": int(random.integers(0, 10_000)),
        }
        for _ in range(count)
    ]


def shape_of(region: Region) -> Any:
    """Return the area filled by the even-odd rule, even if the rings are not a valid polygon."""
    rings = [shapely.make_valid(shapely.Polygon(ring)) for ring in region.rings]
    return functools.reduce(shapely.symmetric_difference, rings)


def overlaps(shapes: list[Any]) -> list[float]:
    """Return the common area of each overlapping pair."""
    tree = shapely.STRtree(shapes)
    return [
        shapely.intersection(shape, shapes[j]).area
        for i, shape in enumerate(shapes)
        for j in tree.query(shape)
        if j > i
    ]


@pytest.mark.parametrize(("seed", "small"), [(1, 0), (2, SMALL)])
@pytest.mark.parametrize("masked", [False, True])
def test_random_strokes_leave_nothing_to_repair(
    draw: TypeScript, seed: int, small: int, masked: bool
) -> None:
    random = np.random.default_rng(seed)
    beyond = [[[0, 0], [SIZE, 0], [SIZE, 90], [300, 82.5], [120, 96], [0, 90]]]
    labels = draw(
        {
            "size": SIZE,
            "every": EVERY,
            "small": small,
            "masked": [{"rings": beyond, "why": "beyond"}] if masked else [],
            "first": [
                {"code": int(random.choice(CODES)), "path": blob(random, random.uniform(20, 90))}
                for _ in range(40)
            ],
            "strokes": strokes(random, STROKES),
        }
    )
    away = shapely.Polygon(beyond[0]) if masked else shapely.Polygon()
    free = SIZE * SIZE - away.area
    assert len(labels) == 1 + STROKES // EVERY
    # It begins with a full picture, but for small pieces.
    full = [shape_of(region) for region in parse_regions(labels[0], CODES, SIZE, SIZE)]
    assert sum(shape.area for shape in full) == pytest.approx(free, abs=40 * 4 + 10 * small)

    for polygons in labels:
        regions = parse_regions(polygons, CODES, SIZE, SIZE)
        drawn = [shape_of(region) for region in regions]
        assert max(overlaps(drawn), default=0) <= TOLERATED_OVERLAP
        assert all(shapely.intersection(shape, away).area <= TOLERATED_OVERLAP for shape in drawn)
        picture = shapely.box(0, 0, SIZE, SIZE)
        assert all(shapely.difference(shape, picture).area == 0 for shape in drawn)

        cleaned = [
            shapely.Polygon(region.rings[0], region.rings[1:])
            for region in clean_regions(regions, SIZE, SIZE)
        ]
        assert all(shape.is_valid for shape in cleaned)
        assert max(overlaps(cleaned), default=0) <= TOLERATED_OVERLAP
        # The server had nothing to take away: it only put the corners on its grid.
        moved = shapely.union_all(drawn).symmetric_difference(shapely.union_all(cleaned)).area
        assert moved < 0.01 * sum(shape.length for shape in drawn)
