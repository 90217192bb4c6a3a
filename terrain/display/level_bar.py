"""The width in pixels of a level bar at a place of an image."""

from __future__ import annotations

import numpy as np

from terrain.camera import LEVEL_UP, CameraModel

# Looking down closer than this (sine of the angle), nothing is level and across
_STRAIGHT_DOWN = 1e-6


def level_bar_width(
    camera: CameraModel, x: float, y: float, range_m: float, width_m: float
) -> float:
    """Return the width in pixels of a level bar across the line of sight.

    Args:
        camera: The frame's camera model.
        x, y: Pixel coordinates of the bar's middle.
        range_m: Slant range of the ground there, meters.
        width_m: Width of the bar, meters.

    Returns:
        The width in pixels; NaN where the camera does not see both ends.

    >>> camera = CameraModel("CAHV", (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (50.0, 100.0, 0.0),
    ...                      (50.0, 0.0, 100.0))
    >>> round(level_bar_width(camera, 50.0, 50.0, 4.0, 0.5), 1)
    12.5
    """
    origin, direction = camera.pixel_to_ray(x, y)
    across = np.cross(direction, LEVEL_UP)
    if float(np.linalg.norm(across)) < _STRAIGHT_DOWN:
        across = np.cross(direction, camera.v)
    across *= width_m / 2.0 / np.linalg.norm(across)
    middle = origin + range_m * direction
    left, right = camera.project(np.stack([middle - across, middle + across]))
    return float(np.linalg.norm(right - left))
