"""GeoJSON export: areas and labels are recovered as masks exactly."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from merging.formats.contents.facts import Mask, ReleasedImage
from merging.formats.exports import EXPORTS
from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL, rasterize_regions
from tests.factories import mask
from tests.merging.releases.released import (
    NAV,
    classes_of,
    drawn_by,
    exported,
    gold,
    released,
    scene,
)

GEOJSON = EXPORTS["geojson"]
SQUARE = [[1.0, 1.0], [3.0, 1.0], [3.0, 2.0], [1.0, 2.0]]

any_mask = arrays.arrays(
    np.uint8,
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=7),
    elements=st.sampled_from([0, 1, 50, 254, NO_LABEL]),
)


def region(code: int, rings: Any) -> Region:
    return Region(code, tuple(np.array(ring[:-1], dtype=np.float64) for ring in rings))


def features_of(files: dict[str, bytes], path: str) -> list[dict[str, Any]]:
    document = json.loads(files[path])
    assert document["type"] == "FeatureCollection"
    features: list[dict[str, Any]] = document["features"]
    for feature in features:
        polygons = feature["geometry"]["coordinates"]
        for rings in [polygons] if feature["geometry"]["type"] == "Polygon" else polygons:
            assert all(ring[0] == ring[-1] for ring in rings)
            turns = [shapely.LinearRing(ring).is_ccw for ring in rings]
            assert turns == [True, *[False] * (len(rings) - 1)][: len(rings)]
    return features


def masks_of(features: list[dict[str, Any]], images: list[ReleasedImage]) -> dict[str, Mask]:
    """Return the class codes of each image from the areas of its merged mask."""
    return {
        image.product_id: rasterize_regions(
            [
                region(feature["properties"]["code"], feature["geometry"]["coordinates"])
                for feature in features
                if feature["properties"]["product_id"] == image.product_id
            ],
            image.height,
            image.width,
        )
        for image in images
    }


def test_masks_of_scenes_come_back() -> None:
    images = [scene(1), scene(2), scene(3, split="test"), released(9, {})]
    files = exported(GEOJSON, images)
    for variant in ("train", "gold-min1", "gold-min2", "gold-min3"):
        having = [image for image in images if variant in image.masks]
        found = masks_of(features_of(files, f"geojson/{variant}.geojson"), having)
        for image in having:
            np.testing.assert_array_equal(found[image.product_id], image.masks[variant])


@given(any_mask)
def test_any_mask_comes_back(masked: Mask) -> None:
    image = released(1, {"train": masked})
    files = exported(GEOJSON, [image], classes_of([0, 1, 50, 254]))
    found = masks_of(features_of(files, "geojson/train.geojson"), [image])
    np.testing.assert_array_equal(found[image.product_id], masked)


def test_labels_come_back_as_they_were_drawn() -> None:
    image = scene(1)
    files = exported(GEOJSON, [image])
    features = features_of(files, "geojson/labels-train.geojson")
    assert len(features) == sum(len(label.polygons) for label in image.labels)
    for number, label in enumerate(image.labels, start=1):
        of_label = [each for each in features if each["properties"]["label"] == number]
        drawn = [
            Region(p["class"], tuple(np.array(ring, dtype=np.float64) for ring in p["rings"]))
            for p in label.polygons
        ]
        assert len(of_label) == len(drawn) > 0
        for feature in of_label:
            said = feature["properties"]
            assert (said["labeler"], said["score"]) == (label.labeler, label.score)
        found = [
            region(feature["properties"]["code"], feature["geometry"]["coordinates"])
            for feature in of_label
        ]
        np.testing.assert_array_equal(
            rasterize_regions(found, image.height, image.width),
            rasterize_regions(drawn, image.height, image.width),
        )


def test_what_a_label_says() -> None:
    labels = [
        drawn_by("a1", [{"class": 2, "rings": [SQUARE]}], ratings=(4, 5)),
        drawn_by("b2", [], score=None, pairs=0, started_at=None),
    ]
    image = released(1, {"train": mask("....", "....")}, labels=labels)
    files = exported(GEOJSON, [image])
    first, empty = features_of(files, "geojson/labels-train.geojson")
    assert first["properties"] == {
        "product_id": image.product_id,
        "label": 1,
        "labeler": "a1",
        "role": "crowd",
        "version": 1,
        "started_at": "2026-05-01T10:00:00.250000+00:00",
        "sent_at": "2026-05-01T10:04:30+00:00",
        "score": 0.75,
        "pairs": 2,
        "ratings": [4, 5],
        "regions": 1,
        "region": 1,
        "code": 2,
        "class": "Sand",
    }
    assert first["geometry"] == {"type": "Polygon", "coordinates": [[*SQUARE, SQUARE[0]]]}
    assert empty["geometry"] == {"type": "Polygon", "coordinates": []}
    assert (empty["properties"]["label"], empty["properties"]["score"]) == (2, None)
    assert features_of(files, "geojson/train.geojson") == []


def test_a_feature_a_line() -> None:
    files = exported(GEOJSON, [scene(1)])
    lines = files["geojson/train.geojson"].splitlines()
    assert [json.loads(line.rstrip(b","))["type"] for line in lines[1:-1]] == ["Feature"] * (
        len(lines) - 2
    )


def test_only_splits_that_are_there() -> None:
    test_only = exported(GEOJSON, [released(1, gold(mask("11..")))])
    assert sorted(test_only) == [
        "geojson/gold-min1.geojson",
        "geojson/gold-min2.geojson",
        "geojson/gold-min3.geojson",
        "geojson/labels-test.geojson",
    ]
    assert GEOJSON.fragment(released(1, {}), NAV) == b""
    assert exported(GEOJSON, [released(1, {})]) == {}


@pytest.mark.parametrize("name", list(EXPORTS))
def test_equal_images_give_equal_bytes(name: str) -> None:
    images = [scene(1), scene(3, split="test"), released(9, {})]
    first, second = exported(EXPORTS[name], images), exported(EXPORTS[name], images[::-1])
    assert first == second
    assert first
