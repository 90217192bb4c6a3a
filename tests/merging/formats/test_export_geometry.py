"""Every geometry in a release is valid and covers exactly the drawn pixels, for any drawing."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from merging.formats.contents import raw_labels
from merging.formats.contents.facts import Mask, ReleasedImage
from merging.formats.exports import EXPORTS
from merging.formats.exports.polygons import valid_parts, without_holes
from terrain.geometry.cleaning import clean_regions
from terrain.geometry.regions import Region, regions_to_json
from terrain.masks import NO_LABEL, mask_to_regions, rasterize_regions
from tests.factories import mask
from tests.merging.releases.released import drawn_by, exported, gold, released, scene
from tests.tables import rows_of

SIZE = 8
Polygon = dict[str, Any]

#: Pixels' corners and centers, and points between: outlines that meet, and that run through
#: centers, are what goes wrong.
coordinate = st.one_of(
    st.integers(0, 2 * SIZE).map(lambda n: n / 2),
    st.integers(0, 100 * SIZE).map(lambda n: n / 100),
)
ring = st.lists(st.tuples(coordinate, coordinate).map(list), min_size=3, max_size=9)
polygon = st.fixed_dictionaries(
    {"class": st.integers(0, 3), "rings": st.lists(ring, min_size=1, max_size=3)}
)
drawing = st.lists(polygon, min_size=1, max_size=4)
any_mask = arrays.arrays(
    np.uint8, (SIZE, SIZE), elements=st.sampled_from([0, 1, NO_LABEL, NO_LABEL])
)


def regions_of(polygons: Sequence[Polygon]) -> list[Region]:
    return [
        Region(p["class"], tuple(np.array(r, dtype=np.float64) for r in p["rings"]))
        for p in polygons
    ]


def painted(polygons: Sequence[Polygon]) -> Mask:
    return rasterize_regions(regions_of(polygons), SIZE, SIZE)


def image_of(*drawings: Sequence[Polygon], masked: Mask | None = None) -> ReleasedImage:
    nothing = np.full((SIZE, SIZE), NO_LABEL, dtype=np.uint8)
    labels = [drawn_by(f"labeler-{n}", each) for n, each in enumerate(drawings)]
    return released(1, {"train": nothing if masked is None else masked}, labels=labels)


def features(image: ReleasedImage, part: str) -> list[dict[str, Any]]:
    files = exported(EXPORTS["geojson"], [image])
    found: list[dict[str, Any]] = json.loads(files[f"geojson/{part}.geojson"])["features"]
    return found


def of_geojson(image: ReleasedImage, split: str = "train") -> list[list[Polygon]]:
    """Return the labels of an image from GeoJSON, after checking that their geometry is valid."""
    found: dict[int, list[Polygon]] = defaultdict(list)
    for feature in features(image, f"labels-{split}"):
        assert shapely.is_valid(shapely.geometry.shape(feature["geometry"])), feature
        said, coordinates = feature["properties"], feature["geometry"]["coordinates"]
        of_label = found[said["label"]]
        if feature["geometry"]["type"] == "Polygon":
            coordinates = [coordinates] if coordinates else []
        # The parts of a region stay together: what one owns no earlier region does.
        of_label += [{"class": said["code"], "rings": [r[:-1] for r in p]} for p in coordinates]
    return [found[number] for number in sorted(found)]


def of_zooniverse(image: ReleasedImage, split: str = "train") -> list[list[Polygon]]:
    """Return the labels of an image from Zooniverse, after checking that their marks are valid."""
    files = exported(EXPORTS["zooniverse"], [image])
    text = files[f"zooniverse/classifications-{split}.csv"].decode()
    labels = []
    for row in rows_of(io.StringIO(text, newline="")):
        (task,) = json.loads(row["annotations"])
        marks = [
            {"class": mark["toolIndex"], "rings": [[[p["x"], p["y"]] for p in mark["points"]]]}
            for mark in task["value"]
        ]
        for mark in marks:
            outline = shapely.Polygon(mark["rings"][0])
            assert outline.is_valid, shapely.is_valid_reason(outline)
        labels.append(marks)
    return labels


def check_labels(image: ReleasedImage) -> None:
    wanted = [painted(label.polygons) for label in image.labels]
    for found in (of_geojson(image), of_zooniverse(image)):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(painted(one), other)


POINT = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
CORNER = [[0.0, 0.0], [0.0, 0.5], [0.5, 0.0]]


@settings(deadline=None)
@given(st.lists(drawing, min_size=1, max_size=2))
@example([[{"class": 0, "rings": [POINT]}, {"class": 0, "rings": [POINT, CORNER]}]])
def test_whatever_was_drawn(drawings: list[list[Polygon]]) -> None:
    check_labels(image_of(*drawings))


@settings(deadline=None)
@given(drawing)
def test_whatever_was_drawn_and_sent(polygons: list[Polygon]) -> None:
    """Labels as they are stored: repaired, without overlaps.

    Raw labels are then valid unchanged.
    """
    cleaned = regions_to_json(clean_regions(regions_of(polygons), SIZE, SIZE))
    image = image_of(cleaned)
    (label,) = json.loads(raw_labels.to_bytes(image))["labels"]
    assert label["polygons"] == cleaned
    for one in label["polygons"]:
        drawn = shapely.Polygon(one["rings"][0], one["rings"][1:])
        assert drawn.is_valid, shapely.is_valid_reason(drawn)
    check_labels(image)


@settings(deadline=None)
@given(any_mask)
def test_whatever_was_imported_or_merged(masked: Mask) -> None:
    """Labels from masks, with holes inside holes, and the areas of merged masks."""
    image = image_of(regions_to_json(mask_to_regions(masked)), masked=masked)
    for feature in features(image, "train"):
        assert shapely.geometry.shape(feature["geometry"]).is_valid
    check_labels(image)


@pytest.mark.parametrize("split", ["train", "test"])
def test_simulated_labels_share_edges(split: str) -> None:
    image = scene(3 if split == "test" else 1, split=split)
    together = [
        shapely.MultiPolygon([(p["rings"][0], p["rings"][1:]) for p in label.polygons])
        for label in image.labels
    ]
    assert split == "test" or not all(each.is_valid for each in together), "else it shows nothing"
    for found in (of_geojson(image, split), of_zooniverse(image, split)):
        assert len(found) == len(image.labels)
        for one, label in zip(found, image.labels, strict=True):
            np.testing.assert_array_equal(
                rasterize_regions(regions_of(one), image.height, image.width),
                rasterize_regions(regions_of(label.polygons), image.height, image.width),
            )


def test_an_empty_label_has_an_empty_geometry() -> None:
    image = released(1, gold(mask("1...")), labels=[drawn_by("a", [], score=None)])
    (feature,) = features(image, "labels-test")
    assert feature["geometry"] == {"type": "Polygon", "coordinates": []}
    assert shapely.geometry.shape(feature["geometry"]).is_valid
    said = feature["properties"]
    assert (said["label"], said["regions"], said["region"], said["code"]) == (1, 0, None, None)


BOW_TIE = [[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0]]
SQUARE = [[0.0, 0.0], [6.0, 0.0], [6.0, 6.0], [0.0, 6.0]]
HOLE = [[2.0, 2.0], [3.0, 2.0], [3.0, 3.0], [2.0, 3.0]]


@pytest.mark.parametrize(
    ("rings", "parts"),
    [
        ([SQUARE], 1),
        ([SQUARE, HOLE], 1),
        ([BOW_TIE], 2),
        ([[[0.0, 0.0], [3.0, 3.0], [6.0, 6.0]]], 0),
        ([[[0.0, 0.0], [3.0, 3.0]]], 0),
        ([SQUARE, SQUARE], 0),
        ([POINT], 0),
        ([POINT, SQUARE], 1),
        ([SQUARE, POINT], 1),
        ([], 0),
    ],
)
def test_parts(rings: list[Any], parts: int) -> None:
    found = valid_parts(rings, SIZE, SIZE)
    assert len(found) == parts
    if parts == 1:
        kept = [ring for ring in rings if ring != POINT]
        assert found == [kept], "a valid polygon is left as it is"


def test_many_holes_are_cut_in_few_cuts() -> None:
    """A noisy mask has thousands of holes: the number of pieces must not grow with their square."""
    size = 64
    masked = np.zeros((size, size), dtype=np.uint8)
    masked[1:-1:2, 1:-1:2] = NO_LABEL
    (region,) = mask_to_regions(masked)
    rings = [r.tolist() for r in region.rings]
    pieces = without_holes(rings, size, size)
    assert len(rings) - 1 == 31 * 31
    assert len(pieces) <= 2 * 31 * 31
    assert sum(map(len, pieces)) <= 4 * sum(map(len, rings))
    found = [Region(0, (np.array(piece),)) for piece in pieces]
    np.testing.assert_array_equal(rasterize_regions(found, size, size), masked)
