"""Orthographic view of an image and its label, compared with a plain loop over its cells."""

import numpy as np
import numpy.typing as npt

from simulation.scenes.scene import make_scene
from terrain.camera import CameraModel
from terrain.display.reduced_range import meters, reduce_range
from terrain.masks import NO_LABEL
from terrain.projection.orthographic import (
    UNSEEN,
    Grid,
    GroundFrame,
    ground_frame,
    sources_on_plane,
    sources_over_range,
    view_from_above,
)
from terrain.projection.tiles import ranges_of_rows, tiles_by_range
from tests.bench.figures import Figure, milliseconds

Mask = npt.NDArray[np.uint8]


def looped(label: Mask, camera: CameraModel, frame: GroundFrame, grid: Grid) -> Mask:
    """Return a label on a plane, cell by cell, with the formula of a linear camera written out."""
    height, width = label.shape
    view = np.full(grid.shape, NO_LABEL, dtype=np.uint8)
    for row, ahead in enumerate(grid.ahead().tolist()):
        for column, right in enumerate(grid.right().tolist()):
            px, py, pz = (
                foot + ahead * a + right * r - c
                for foot, a, r, c in zip(
                    frame.foot, frame.ahead, frame.right, camera.c, strict=True
                )
            )
            depth = px * camera.a[0] + py * camera.a[1] + pz * camera.a[2]
            if depth <= 0.0:
                continue
            x = (px * camera.h[0] + py * camera.h[1] + pz * camera.h[2]) / depth + 0.5
            y = (px * camera.v[0] + py * camera.v[1] + pz * camera.v[2]) / depth + 0.5
            if 0.0 <= x < width and 0.0 <= y < height:
                view[row, column] = label[int(y), int(x)]
    return view


def run() -> list[Figure]:
    scene, grid = make_scene(0), Grid()
    camera, shape = scene.camera, scene.truth.shape
    frame = ground_frame(camera)
    reduced = meters(reduce_range(scene.range_m))
    picture = (scene.dn >> 4).astype(np.uint8)

    def on_plane() -> Mask:
        sources = sources_on_plane(camera, frame, grid, shape)
        view_from_above(picture, sources, 0)
        return view_from_above(scene.truth, sources, NO_LABEL)

    def over_range() -> Mask:
        sources = sources_over_range(camera, frame, grid, shape, reduced)
        view_from_above(picture, sources, 0)
        return view_from_above(scene.truth, sources, NO_LABEL)

    def tiles() -> object:
        rows = ranges_of_rows(reduced, shape[0])
        return tiles_by_range(rows, shape[1], camera.focal_length_px, frame.height, 2.0, 30.0)

    loop = looped(scene.truth, camera, frame, grid)
    # the same formula in another order of sums: a cell on the border of two pixels may differ
    assert np.count_nonzero(on_plane() != loop) <= 2
    seen = sources_over_range(camera, frame, grid, shape, reduced) != UNSEEN
    assert seen.any()
    plane, plain = (
        milliseconds(on_plane),
        milliseconds(lambda: looped(scene.truth, camera, frame, grid), repeat=1),
    )
    return [
        Figure("orthographic: 1024 x 1024 to 600 x 600, plane", plane, "ms"),
        Figure("orthographic: the same, over a range map", milliseconds(over_range), "ms"),
        Figure("orthographic: plane, label alone, in a loop", plain, "ms"),
        Figure("orthographic: plane, times faster than the loop", plain / plane, "x"),
        Figure("orthographic: tiles by range of one picture", milliseconds(tiles), "ms"),
    ]
