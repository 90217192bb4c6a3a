"""Test releases for the formats: small readable masks, and simulated scenes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from labeling.images.preparation.pictures import jpeg_bytes, png_bytes
from merging.formats.contents.facts import (
    Export,
    Fragment,
    Mask,
    ReleasedClass,
    ReleasedImage,
    ReleasedLabel,
    ReleaseFacts,
)
from simulation.scenes.scene import make_scene
from simulation.volunteers.drawing import draw_label
from simulation.volunteers.people import make_experts, make_volunteers
from terrain.aggregation.majority import MergeRule, gold_rule, merge_masks
from terrain.aggregation.weighted import Layers
from terrain.masks import NO_LABEL, rasterize_regions
from tests.factories import product_id

NAV = (
    ReleasedClass(0, "Soil", "#E69F00"),
    ReleasedClass(1, "Bedrock", "#56B4E9"),
    ReleasedClass(2, "Sand", "#F0E442"),
    ReleasedClass(3, "Big rock", "#CC79A7"),
)


def classes_of(codes: Sequence[int]) -> tuple[ReleasedClass, ...]:
    return tuple(ReleasedClass(code, f"Class {code}", f"#{code:02x}80ff") for code in codes)


def gold(min1: Mask, min2: Mask | None = None, min3: Mask | None = None) -> dict[str, Mask]:
    """Return the masks of a gold image; missing ones have no label."""
    nothing = np.full_like(min1, NO_LABEL)
    return {
        "gold-min1": min1,
        "gold-min2": nothing if min2 is None else min2,
        "gold-min3": nothing if min3 is None else min3,
    }


def released(
    number: int,
    masks: Mapping[str, Mask],
    *,
    frame: bytes | None = None,
    rover_mask: Mask | None = None,
    range_mask: Mask | None = None,
    labels: Sequence[ReleasedLabel] = (),
    shape: tuple[int, int] = (2, 4),
    **metadata: Any,
) -> ReleasedImage:
    """Return an image of a release in layout v0.1; its masks determine its split."""
    name = product_id(number)
    height, width = next(iter(masks.values())).shape if masks else shape
    split = "train" if "train" in masks else "test" if masks else ""
    nothing = np.zeros((height, width), dtype=np.uint8)
    paths = {
        "frame": f"msl/images/edr/{name}.JPG",
        "rover_mask": f"msl/images/mxy/{name.replace('EDR', 'MXY')}.png",
        "range_mask": f"msl/images/rng-30m/{name.replace('EDR', 'RNG')}.png",
    }
    for variant in masks:
        paths[variant] = (
            f"msl/labels/train/{name}.png"
            if variant == "train"
            else f"msl/labels/test/masked-{variant}-100agree/{name}_merged.png"
        )
    return ReleasedImage(
        product_id=name,
        split=split,
        width=width,
        height=height,
        frame=frame or jpeg_bytes(np.full((height, width), 90, dtype=np.uint8)),
        masks=masks,
        rover_mask=nothing if rover_mask is None else rover_mask,
        range_mask=nothing if range_mask is None else range_mask,
        labels=tuple(labels),
        paths=paths,
        metadata={"rover": "curiosity", "camera": "navcam", "eye": "left", "sol": 0, **metadata},
    )


def drawn_by(labeler: str, polygons: Sequence[Mapping[str, Any]], **fields: Any) -> ReleasedLabel:
    known: dict[str, Any] = {
        "role": "crowd",
        "version": 1,
        "started_at": "2026-05-01T10:00:00.250000+00:00",
        "sent_at": "2026-05-01T10:04:30+00:00",
        "score": 0.75,
        "pairs": 2,
        "ratings": (),
    }
    return ReleasedLabel(labeler=labeler, polygons=polygons, **{**known, **fields})


@lru_cache
def scene(seed: int, size: int = 96, split: str = "train") -> ReleasedImage:
    """Return a simulated scene with the labels of simulated volunteers or experts."""
    made = make_scene(seed, size)
    chance = np.random.default_rng(seed)
    people = make_experts(3, chance) if split == "test" else make_volunteers(10, chance)
    drawn = [draw_label(person, made.truth, range(4), chance) for person in people]
    masks = [rasterize_regions(regions, size, size) for regions in drawn]
    for mask in masks:
        mask[made.rover_mask] = NO_LABEL

    def merged(rule: MergeRule) -> Mask:
        return merge_masks(masks, range(4), rule, shape=(size, size))

    if split == "test":
        made_masks = {f"gold-min{least}": merged(gold_rule(least)) for least in (1, 2, 3)}
    else:
        made_masks = {"train": merged(MergeRule(minimum=3, percent=65, strict=True))}
    labels = [
        drawn_by(
            f"labeler-{number:02d}",
            [
                {"class": region.code, "rings": [ring.tolist() for ring in region.rings]}
                for region in regions
            ],
            role="expert" if split == "test" else "crowd",
        )
        for number, regions in enumerate(drawn)
    ]
    image = released(
        seed,
        made_masks,
        frame=jpeg_bytes((made.dn >> 4).astype(np.uint8)),
        rover_mask=made.rover_mask.astype(np.uint8),
        range_mask=(made.range_m > 30).astype(np.uint8),
        labels=labels,
        sol=made.sol,
        site=made.site,
        drive=made.drive,
        sequence="ncam00200",
        start_time="2026-05-01T09:00:00+00:00",
        orbital_class=made.terrain_class,
        range_source="product",
        camera_model={"model_type": "CAHV", "c": [0.5, 0.25, -1.9]},
    )
    return replace(image, layers=image_layers(masks))


def image_layers(masks: Sequence[Mask]) -> Layers:
    """Return the layers of votes of an image."""
    votes = np.stack([np.sum(np.equal(masks, code), axis=0) for code in range(4)]).astype(np.uint8)
    labelers = votes.sum(axis=0, dtype=np.uint8)
    sure = votes.max(axis=0) * 100.0 // np.maximum(labelers, 1)
    return Layers(votes, labelers, np.where(labelers, sure, 255).astype(np.uint8))


def facts(
    images: Sequence[ReleasedImage], classes: Sequence[ReleasedClass] = NAV, **fields: Any
) -> ReleaseFacts:
    """Return the facts of a release of these images."""
    counts = Counter((i.metadata["rover"], i.metadata["camera"], i.split) for i in images)
    pixels: dict[str, Counter[int]] = {}
    for image in images:
        for variant, mask in image.masks.items():
            codes, found = np.unique(mask, return_counts=True)
            of_variant = pixels.setdefault(variant, Counter())
            of_variant.update(dict(zip(codes.tolist(), found.tolist(), strict=True)))
    labels = [label for image in images for label in image.labels]
    known: dict[str, Any] = {
        "slug": "navcam",
        "title": "Terrain of Gale crater",
        "description": "What the navigation cameras saw, by volunteers & experts.",
        "version": "1.2",
        "layout": "v0.1",
        "released_on": date(2026, 6, 1),
        "license": "CC-BY-4.0",
        "creators": ("Swan, R. Michael", "The volunteers of Mars"),
        "credits": "Images: NASA/JPL-Caltech.",
        "homepage": "https://mars.example.org/",
        "classes": tuple(classes),
        "rule": "At least 3 labelers, and more than 65 % of those who labeled the pixel.",
        "parameters": {"merge_minimum": 3, "merge_percent": 65, "range_limit_m": 30.0},
        "counts": dict(counts),
        "pixels": {variant: dict(found) for variant, found in pixels.items()},
        "labels": len(labels),
        "labelers": len({label.labeler for label in labels if label.role == "crowd"}),
        "software_version": "0.2.0",
        "experts": len({label.labeler for label in labels if label.role == "expert"}),
    }
    return ReleaseFacts(**{**known, **fields})


@dataclass
class Fragments:
    """Fragments that are yielded again for each iteration."""

    export: Export
    images: Sequence[ReleasedImage]
    classes: Sequence[ReleasedClass]

    def __iter__(self) -> Iterator[Fragment]:
        for image in sorted(self.images, key=lambda image: image.product_id):
            data = self.export.fragment(image, self.classes)
            yield Fragment(image.product_id, image.split, data)

    def __len__(self) -> int:
        return len(self.images)

    def __contains__(self, fragment: object) -> bool:
        return fragment in list(self)


def tree(images: Sequence[ReleasedImage]) -> dict[str, bytes]:
    """Return the image and mask files by their paths in the release."""
    files = {}
    for image in images:
        masks = {**image.masks, "rover_mask": image.rover_mask, "range_mask": image.range_mask}
        for name, path in image.paths.items():
            files[path] = image.frame if name == "frame" else png_bytes(masks[name])
    return files


def exported(
    export: Export,
    images: Sequence[ReleasedImage],
    classes: Sequence[ReleasedClass] = NAV,
    **fields: Any,
) -> dict[str, bytes]:
    """Return the files of an export by their paths in the release."""
    fragments = Fragments(export, images, classes)
    found = export.files(facts(images, classes, **fields), fragments, tree(images).__getitem__)
    return {path: b"".join(content) for path, content in found}


def write(files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
