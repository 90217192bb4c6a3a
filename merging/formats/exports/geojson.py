"""GeoJSON in image pixels: the areas of the merged masks, and the raw labels. Pure.

    geojson/<variant>.geojson       areas of the merged masks: "train", "gold-min1", ...
    geojson/labels-<split>.geojson  the regions of every accepted label as drawn: "train", "test"

Each file is one FeatureCollection with one feature per line, so that it can also be read line by
line. Coordinates are (x, y) in pixels of the image named by `product_id`, x to the right and y
**down**; they are not positions on Mars. Areas follow pixel edges and include holes: a pixel
belongs to the area that contains its center (col + 0.5, row + 0.5).

Each region of a label is one feature, because neighbors share edges, which parts of one valid
geometry must not. `label` numbers the labels of an image from 1, and `region` the regions of a
label; where two overlap, the earlier one has the pixels. A label without regions has one feature
without coordinates and class. Every geometry is valid: a self-crossing outline, which only an
import can have, becomes a MultiPolygon of the areas that it fills.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from merging.formats.contents.facts import (
    Fragment,
    Read,
    ReleasedClass,
    ReleasedImage,
    ReleasedLabel,
    ReleaseFacts,
)
from merging.formats.exports.pieces import (
    VARIANTS_OF_SPLIT,
    json_bytes,
    json_lines,
    packed,
    splits,
    unpacked,
    variants,
)
from merging.formats.exports.polygons import Ring, Rings, valid_parts
from terrain.masks import mask_to_regions


@dataclass(frozen=True, slots=True)
class GeoJson:
    """The GeoJSON format."""

    name: str = "geojson"

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        if image.split not in VARIANTS_OF_SPLIT:
            return b""
        names = {released.code: released.name for released in classes}
        parts = {
            variant: list(_areas(image, variant, names))
            for variant in VARIANTS_OF_SPLIT[image.split]
        }
        parts["labels"] = [
            feature
            for number, label in enumerate(image.labels, start=1)
            for feature in _label(image, number, label, names)
        ]
        return packed({name: b"\n".join(features) for name, features in parts.items()})

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        for split, variant in variants(facts):
            yield f"geojson/{variant}.geojson", _collection(fragments, split, variant)
        for split in splits(facts):
            yield f"geojson/labels-{split}.geojson", _collection(fragments, split, "labels")


def _areas(image: ReleasedImage, variant: str, names: dict[int, str]) -> Iterator[bytes]:
    for region in mask_to_regions(image.masks[variant]):
        rings = [ring.astype(int).tolist() for ring in region.rings]
        yield _feature(
            {"type": "Polygon", "coordinates": _closed(rings)},
            {"product_id": image.product_id, "code": region.code, "class": names[region.code]},
        )


def _label(
    image: ReleasedImage, number: int, label: ReleasedLabel, names: dict[int, str]
) -> Iterator[bytes]:
    about = {
        "product_id": image.product_id,
        "label": number,
        "labeler": label.labeler,
        "role": label.role,
        "version": label.version,
        **label.times,
        "score": label.score,
        "pairs": label.pairs,
        "ratings": label.ratings,
        "regions": len(label.polygons),
    }
    for place, polygon in enumerate(label.polygons, start=1):
        code = polygon["class"]
        parts = valid_parts(polygon["rings"], image.height, image.width)
        yield _feature(
            _geometry(parts), {**about, "region": place, "code": code, "class": names[code]}
        )
    if not label.polygons:
        yield _feature(_geometry([]), {**about, "region": None, "code": None, "class": None})


def _geometry(parts: Sequence[Rings]) -> dict[str, Any]:
    if len(parts) > 1:
        return {"type": "MultiPolygon", "coordinates": [_closed(part) for part in parts]}
    return {"type": "Polygon", "coordinates": _closed(parts[0]) if parts else []}


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> bytes:
    return json_bytes({"type": "Feature", "geometry": geometry, "properties": properties})


def _closed(rings: Rings) -> list[Ring]:
    """Return rings in the form of GeoJSON (RFC 7946, 3.1.6).

    The first point is repeated at the end. The outer ring is counterclockwise in the plane of x and
    y, holes are clockwise.
    """
    return [
        [*turned, turned[0]]
        for turned in (
            ring if (_area(ring) > 0) == (place == 0) else list(reversed(ring))
            for place, ring in enumerate(rings)
        )
    ]


def _area(ring: Ring) -> float:
    """Return twice the area of a ring, negative if it is clockwise in the plane of x and y."""
    following = [*ring[1:], ring[0]]
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, following, strict=True))


def _collection(fragments: Collection[Fragment], split: str, part: str) -> Iterator[bytes]:
    yield b'{"type":"FeatureCollection","features":['
    yield from json_lines(
        feature
        for fragment in fragments
        if fragment.split == split
        for feature in unpacked(fragment.data)[part].splitlines()
    )
    yield b"\n]}\n"
