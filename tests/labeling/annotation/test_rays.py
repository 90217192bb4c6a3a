"""The camera models of the drawing page, compared with `terrain.camera`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labeling.images.preparation.pictures import range_png, read_range_png
from terrain.camera import CameraModel, flat_ground_range
from terrain.display.reduced_range import REDUCTION, estimated_reduced_range
from tests.terrain.test_camera import MODELS
from tests.typescript import TypeScript

PIXELS = [[float(x), float(y)] for x in (0.5, 117.25, 512, 900.75, 1023.5) for y in (3, 600, 1020)]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_rays_are_those_of_python(model: CameraModel, rays: TypeScript) -> None:
    found = rays({"camera": model.to_json(), "pixels": PIXELS, "range": 7.5})
    x, y = np.transpose(PIXELS)
    origin, direction = model.pixel_to_ray(x, y)
    np.testing.assert_allclose([ray["direction"] for ray in found["rays"]], direction, atol=1e-12)
    np.testing.assert_allclose(
        [ray["origin"] for ray in found["rays"]],
        np.broadcast_to(origin, direction.shape),
        atol=1e-12,
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_places_lie_on_the_ray_at_the_range_from_the_center(
    model: CameraModel, rays: TypeScript
) -> None:
    found = rays({"camera": model.to_json(), "pixels": PIXELS, "range": 7.5})
    places = np.array(found["places"])
    np.testing.assert_allclose(np.linalg.norm(places - np.array(model.c), axis=1), 7.5, atol=1e-9)
    np.testing.assert_allclose(model.project(places), PIXELS, atol=1e-5)


@pytest.fixture(scope="module")
def rays(tmp_path_factory: pytest.TempPathFactory) -> TypeScript:
    return TypeScript(
        tmp_path_factory.mktemp("rays"),
        'import { placeAt, rayOf } from "annotate/measure/camera";',
        "{ rays: given.pixels.map((pixel: any) => rayOf(given.camera, pixel)),"
        " places: given.pixels.map((pixel: any) => placeAt(given.camera, pixel, given.range)) }",
    )


def test_the_range_map_reads_as_python_reads_it(tmp_path: Path) -> None:
    """At each cell, and between cells, over flat ground with sky."""
    model = MODELS["CAHV"]
    reduced = estimated_reduced_range(model, 1024, 1024)
    reduced[7, 9] = 0
    file = tmp_path / "range.png"
    file.write_bytes(range_png(reduced))
    with file.open("rb") as stored:
        np.testing.assert_array_equal(read_range_png(stored), reduced)
    rows, columns = reduced.shape
    read = TypeScript(
        tmp_path,
        'import { readPng } from "shared/png";\n'
        'import { cellRange, rangeAt, toRangeMap } from "annotate/measure/range_map";',
        "await (async () => {"
        " const map = toRangeMap(await readPng(Uint8Array.from(given.file))); return {"
        " cells: given.cells.map(([i, j]: any) => cellRange(map, i, j)),"
        " ranges: given.pixels.map((pixel: any) => rangeAt(map, pixel)) }; })()",
    )
    cells = [[i, j] for i in range(0, rows, 5) for j in range(0, columns, 7)]
    ground = [pixel for pixel in PIXELS if pixel[1] > 500]
    found = read(
        {
            "file": list(file.read_bytes()),
            "cells": [*cells, [7, 9], [-1, -1], [rows, columns]],
            "pixels": [*ground, [9.5 * REDUCTION, 7.5 * REDUCTION]],
        }
    )
    corners = [reduced[0, 0], reduced[-1, -1]]
    expected = [*(reduced[i, j] for i, j in cells), 0, *corners]
    assert found["cells"] == [None if cm == 65535 else cm / 100 for cm in map(int, expected)]
    *ranges, hole = found["ranges"]
    np.testing.assert_allclose(
        ranges, flat_ground_range(model, *np.transpose(ground)), rtol=0, atol=0.011
    )
    assert hole is None
