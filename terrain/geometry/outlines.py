"""SVG path data of a label's polygons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Ring = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Outline:
    """One region: its class code and its SVG path data `d`, filled by the even-odd rule."""

    code: int
    d: str


def outlines(polygons: Iterable[Mapping[str, Any]], step: float = 0.0) -> list[Outline]:
    """Return the outlines of a stored label's polygons, in image pixels, in their order.

    Points nearer than `step` pixels to the one before are left out, since a thumbnail needs no more
    points than pixels. A label without polygons gives an empty list.

    >>> outlines([{"class": 2, "rings": [[[0.0, 0.0], [4.0, 0.0], [4.0, 2.0]]]}])
    [Outline(code=2, d='M0.0 0.0L4.0 0.0L4.0 2.0Z')]
    """
    return [
        Outline(polygon["class"], "".join(_path(ring, step) for ring in polygon["rings"]))
        for polygon in polygons
    ]


def _path(ring: Ring, step: float) -> str:
    """Return the path data of a ring, without points nearer than `step` to the one before."""
    points = [ring[0]]
    for point in ring[1:]:
        last = points[-1]
        if abs(point[0] - last[0]) >= step or abs(point[1] - last[1]) >= step:
            points.append(point)
    return f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in points)}Z"
