"""COCO: panoptic segments as PNG and JSON, and instances with run-length masks. Pure.

    coco/panoptic-<variant>.json, coco/panoptic-<variant>/<product id>.png
    coco/instances-<variant>.json

A variant is "train", "gold-min1", "gold-min2" or "gold-min3". `file_name` of an image is its path
in the release. In COCO, 0 is the background, but here 0 is a class code. So **the id of a category
is the class code plus 1**, and the category has the code as `code`. Void (no label) is 0 in the
PNGs and is not a segment.

Terrain is "stuff": a panoptic segment has all pixels of a class in an image, and the id of the
category. An instance is a 4-connected area. Instance masks are run-length codes and not polygons,
because COCO polygons have no holes, and readers differ about the pixels on their edges.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.images.preparation.pictures import rgb_png
from merging.formats.contents.facts import (
    Fragment,
    Mask,
    Read,
    ReleasedClass,
    ReleasedImage,
    ReleaseFacts,
)
from merging.formats.contents.licenses import license_url
from merging.formats.exports.pieces import (
    VARIANTS_OF_SPLIT,
    file_key,
    json_bytes,
    json_lines,
    packed,
    unpacked,
    variants,
)
from terrain.geometry.areas import Area, class_areas, connected_areas


def category_id(code: int) -> int:
    """Return the COCO id of a class code; 0 for 255, which is void."""
    return (code + 1) % 256


def panoptic_png(mask: Mask) -> bytes:
    """Return the segments of a mask of class codes as an RGB PNG.

    The id of a segment is red + 256 green + 65536 blue; 0 is void.
    """
    channels = np.zeros((*mask.shape, 3), dtype=np.uint8)
    # In a byte, 255 + 1 is 0, the id of void.
    np.add(mask, 1, out=channels[..., 0])
    return rgb_png(channels)


@dataclass(frozen=True, slots=True)
class CocoPanoptic:
    """The COCO format of panoptic segmentation."""

    name: str = "coco-panoptic"

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        parts = {}
        for variant in VARIANTS_OF_SPLIT.get(image.split, ()):
            mask = image.masks[variant]
            segments = [
                {"id": category_id(area.code), **_measures(area)} for area in class_areas(mask)
            ]
            parts[f"{variant}.png"] = panoptic_png(mask)
            parts[f"{variant}.json"] = json_bytes({"image": _image(image), "segments": segments})
        return packed(parts) if parts else b""

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        for split, variant in variants(facts):
            for fragment in fragments:
                if fragment.split == split:
                    png = unpacked(fragment.data)[f"{variant}.png"]
                    yield f"coco/panoptic-{variant}/{file_key(fragment.name)}.png", [png]
            entries = (
                (fragment.name, json.loads(unpacked(fragment.data)[f"{variant}.json"]))
                for fragment in fragments
                if fragment.split == split
            )
            yield f"coco/panoptic-{variant}.json", _panoptic(facts, entries)


@dataclass(frozen=True, slots=True)
class CocoInstances:
    """The COCO format of instance segmentation."""

    name: str = "coco-instances"

    def fragment(self, image: ReleasedImage, classes: Sequence[ReleasedClass]) -> bytes:
        variants = VARIANTS_OF_SPLIT.get(image.split, ())
        if not variants:
            return b""
        size = [image.height, image.width]
        found = {
            variant: [
                {**_measures(area), "segmentation": {"counts": area.counts, "size": size}}
                for area in connected_areas(image.masks[variant])
            ]
            for variant in variants
        }
        return json_bytes({"image": _image(image), "instances": found})

    def files(
        self, facts: ReleaseFacts, fragments: Collection[Fragment], read: Read
    ) -> Iterator[tuple[str, Iterable[bytes]]]:
        for split, variant in variants(facts):
            entries = (
                json.loads(fragment.data) for fragment in fragments if fragment.split == split
            )
            yield f"coco/instances-{variant}.json", _instances(facts, entries, variant)


def _panoptic(
    facts: ReleaseFacts, entries: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterator[bytes]:
    images: list[bytes] = []

    def annotations() -> Iterator[bytes]:
        for number, (stem, entry) in enumerate(entries, start=1):
            images.append(json_bytes({"id": number, **entry["image"]}))
            yield json_bytes(
                {
                    "image_id": number,
                    "file_name": f"{file_key(stem)}.png",
                    "segments_info": entry["segments"],
                }
            )

    yield _head(facts, is_thing=False)
    yield from json_lines(annotations())
    yield from _images(images)


def _instances(
    facts: ReleaseFacts, entries: Iterable[Mapping[str, Any]], variant: str
) -> Iterator[bytes]:
    images: list[bytes] = []

    def annotations() -> Iterator[bytes]:
        # The evaluation of COCO uses the id 0 for "no match".
        ids = itertools.count(1)
        for number, entry in enumerate(entries, start=1):
            images.append(json_bytes({"id": number, **entry["image"]}))
            for instance in entry["instances"][variant]:
                yield json_bytes({"id": next(ids), "image_id": number, **instance})

    yield _head(facts, is_thing=True)
    yield from json_lines(annotations())
    yield from _images(images)


def _image(image: ReleasedImage) -> dict[str, Any]:
    return {
        "file_name": image.paths["frame"],
        "width": image.width,
        "height": image.height,
        "license": 1,
    }


def _measures(area: Area) -> dict[str, Any]:
    return {
        "category_id": category_id(area.code),
        "area": area.pixels,
        "bbox": area.box,
        "iscrowd": 0,
    }


def _head(facts: ReleaseFacts, is_thing: bool) -> bytes:
    """Return the document up to its list of annotations."""
    info = {
        "description": facts.title,
        "version": facts.version,
        "year": facts.released_on.year,
        "date_created": facts.released_on.isoformat(),
        "contributor": "; ".join(facts.creators),
        "url": facts.homepage,
    }
    categories = [
        {
            "id": category_id(released.code),
            "code": released.code,
            "name": released.name,
            "supercategory": "terrain",
            "color": [int(released.color[i : i + 2], 16) for i in (1, 3, 5)],
            "isthing": int(is_thing),
        }
        for released in facts.classes
    ]
    licenses = [{"id": 1, "name": facts.license, "url": license_url(facts.license)}]
    document = json_bytes({"categories": categories, "info": info, "licenses": licenses})
    return document[:-1] + b',"annotations":['


def _images(images: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the list of images, which ends the document; readers accept keys in any order.

    Their entries are small, so they are kept in memory instead of reading the fragments twice.
    """
    yield b'\n],"images":['
    yield from json_lines(images)
    yield b"\n]}\n"
