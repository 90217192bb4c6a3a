"""The camera model of a frame without one, from the design of its camera and its cut row."""

from __future__ import annotations

import math

from terrain.camera import CameraModel
from terrain.display.scale_bar import NominalCamera


def nominal_camera_model(
    nominal: NominalCamera, height: int, width: int, cut: int, limit_m: float
) -> CameraModel | None:
    """Return an estimated camera model (CAHV) of a level rover on flat ground, or None.

    nominal: the design of the camera. height, width: size of the frame, pixels. cut: how many rows
    from the top are beyond the limit: the ground at their edge is `limit_m` meters away, which
    tells how far down the camera looks. Lens distortion and the rover's tilt are not known, and
    left out. None for a camera without one focal length, and if the cut is not inside the frame.

    >>> design = NominalCamera(focal_px=100.0, height_m=3.0, ground_z=0.0)
    >>> camera = nominal_camera_model(design, height=10, width=20, cut=5, limit_m=30.0)
    >>> [round(each, 3) for each in camera.a], camera.c
    ([0.995, 0.0, 0.1], (0.0, 0.0, -3.0))
    """
    if nominal.focal_px is None or not 0 < cut < height:
        return None
    focal, middle = nominal.focal_px, height / 2.0
    down = math.asin(min(1.0, nominal.height_m / limit_m)) - math.atan((cut - middle) / focal)
    a = (math.cos(down), 0.0, math.sin(down))
    # Models count pixel centers from 0, so the middle of the frame is half a pixel less.
    column, row = width / 2.0 - 0.5, middle - 0.5
    return CameraModel(
        "CAHV",
        c=(0.0, 0.0, nominal.ground_z - nominal.height_m),
        a=a,
        h=(column * a[0], focal, column * a[2]),
        v=(row * a[0] - focal * a[2], 0.0, row * a[2] + focal * a[0]),
    )
