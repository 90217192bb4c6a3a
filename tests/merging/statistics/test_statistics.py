"""The tables and figures of the paper, from small examples and from real masks."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from labeling.images.ingest.product_ids import parse_product_id
from merging.formats.contents.facts import ReleasedImage, ReleasedLabel
from merging.formats.statistics.counts import (
    CameraCounts,
    CountedImage,
    Statistics,
    counted,
    shares,
)
from tests.factories import mask

CODES = (0, 1, 2, 3)


def gold_image(orbital_class: str = "Ridged", camera: str = "navcam-left") -> CountedImage:
    pixels = {
        "gold-min1": {0: 10, 1: 4},
        "gold-min2": {0: 7, 1: 4},
        "gold-min3": {0: 1},
    }
    return CountedImage(
        "curiosity", camera, "test", pixels, orbital_class, labels=3, scores={"expert": [1.0, 0.5]}
    )


def train_image(labels: int | None = 9) -> CountedImage:
    return CountedImage(
        "opportunity",
        "navcam-right",
        "train",
        {"train": {0: 30, 1: 60, 3: 10}},
        labels=labels,
        scores={"crowd": [0.0, 0.031, 0.97]},
    )


def totals_of(*images: CountedImage) -> Statistics:
    totals = Statistics()
    for image in images:
        totals.add(image)
    return totals


def test_table_1_is_by_camera_without_its_eye() -> None:
    without_label = CountedImage("curiosity", "mastcam-left", "", {})
    totals = totals_of(
        gold_image(), gold_image(camera="navcam-right"), train_image(), without_label
    )

    assert totals.table_1() == [
        ("curiosity", "mastcam", CameraCounts(1, 0, 0, 0, 0)),
        ("curiosity", "navcam", CameraCounts(2, 0, 0, 2, 6)),
        ("opportunity", "navcam", CameraCounts(1, 1, 9, 0, 0)),
    ]
    assert totals.total() == CameraCounts(4, 1, 9, 2, 6)


def test_labels_that_are_not_known_are_not_zero() -> None:
    totals = totals_of(train_image(), train_image(labels=None), gold_image())

    assert totals.total() == CameraCounts(3, 2, None, 1, 3)


def test_table_2_names_unknown_terrain_last() -> None:
    totals = totals_of(gold_image("Smooth"), gold_image(""), gold_image(), gold_image("Smooth"))

    assert totals.table_2() == [("Ridged", 1), ("Smooth", 2), ("", 1)]


def test_composition_and_class_weights() -> None:
    totals = totals_of(train_image())

    assert totals.composition("train", CODES) == {0: 0.3, 1: 0.6, 2: 0.0, 3: 0.1}
    assert totals.class_weights(CODES) == {0: 0.7, 1: 0.4, 2: 1.0, 3: 0.9}
    assert totals.composition("gold-min1", CODES) is None
    assert Statistics().class_weights(CODES) is None


def test_agreement_is_of_exactly_one_two_and_three_experts() -> None:
    found = totals_of(gold_image()).agreement(CODES)

    assert found == {0: (3, 6, 1), 1: (0, 4, 0), 2: (0, 0, 0), 3: (0, 0, 0)}
    assert shares(found[0]) == (0.3, 0.6, 0.1)
    assert shares(found[2]) is None


def test_unlabeled_pixels_do_not_count() -> None:
    totals = Statistics()
    totals.count_pixels("train", {0: 1, 255: 99})

    assert totals.codes() == [0]
    with pytest.raises(ValueError, match="none of train, gold-min1"):
        totals.count_pixels("min1", {0: 1})


def test_scores_are_in_bars() -> None:
    bars = totals_of(train_image(), gold_image()).scores

    assert (bars["crowd"][0], bars["crowd"][31], sum(bars["crowd"])) == (2, 1, 3)
    assert (bars["expert"][16], bars["expert"][31]) == (1, 1)


def test_parts_add_up_to_the_whole_and_survive_json() -> None:
    images = [gold_image(), train_image(), train_image(labels=None), gold_image("")]
    whole, first, second = totals_of(*images), totals_of(*images[:1]), totals_of(*images[1:])

    first.merge(Statistics.from_json(json.loads(json.dumps(second.to_json()))))

    assert first == whole
    assert Statistics.from_json(whole.to_json()) == whole


def test_what_is_counted_of_an_image_that_is_released() -> None:
    def label(role: str, score: float | None) -> ReleasedLabel:
        return ReleasedLabel("anna", role, 1, None, "2026-01-01T00:00:00Z", score, 1, (), ())

    empty = np.zeros((2, 3), dtype=np.uint8)
    image = ReleasedImage(
        product_id="NLA_1",
        split="train",
        width=3,
        height=2,
        frame=b"",
        masks={"train": mask("00.", "3..")},
        rover_mask=empty,
        range_mask=empty,
        labels=(label("crowd", 0.5), label("crowd", None), label("expert", 1.0)),
        paths={},
        metadata={"rover": "curiosity", "camera": "navcam-left", "orbital_class": "Smooth"},
    )

    assert counted(image) == CountedImage(
        rover="curiosity",
        camera="navcam-left",
        split="train",
        pixels={"train": {0: 2, 3: 1}},
        orbital_class="Smooth",
        labels=2,
        scores={"crowd": [0.5], "expert": [1.0]},
        unscored={"alone": 1},
        unlabeled={"train": 3},
    )


# -- real gold masks -------------------------------------------------------------------------------

#: Sums of the pixel counts of the 526 masks of each variant, as a spreadsheet gives them.
REAL_PIXELS = {
    "gold-min1": {0: 152_281_164, 1: 89_862_022, 2: 79_224_730, 3: 1_681_067},
    "gold-min2": {0: 129_199_611, 1: 68_427_362, 2: 67_259_278, 3: 883_868},
    "gold-min3": {0: 83_375_990, 1: 41_431_365, 2: 47_215_307, 3: 663_571},
}


@pytest.fixture(scope="module")
def real_gold(real_data: Path) -> Statistics:
    images: dict[str, dict[str, dict[int, int]]] = {}
    for minimum in (1, 2, 3):
        table = real_data / "ai4mars" / "metadata" / f"v0.6_test_min{minimum}_100agree_nav.csv"
        with table.open() as lines:
            for row in csv.DictReader(lines):
                pixels = json.loads(row["per_class_pixel_counts_json"])
                image = images.setdefault(row["stable_source_image_id"], {})
                image[f"gold-min{minimum}"] = {int(c): count for c, count in pixels.items()}
    totals = Statistics()
    for name, pixels in images.items():
        parts = parse_product_id(name)
        assert parts is not None
        totals.add(CountedImage(parts.rover, parts.camera, "test", pixels))
    return totals


def test_figure_3_of_the_real_gold_masks(real_gold: Statistics) -> None:
    assert {variant: dict(pixels) for variant, pixels in real_gold.pixels.items()} == REAL_PIXELS
    assert real_gold.composition("gold-min1", CODES) == pytest.approx(
        {0: 0.4714, 1: 0.2782, 2: 0.2452, 3: 0.0052}, abs=5e-5
    )
    assert real_gold.composition("gold-min3", CODES) == pytest.approx(
        {0: 0.4828, 1: 0.2399, 2: 0.2734, 3: 0.0038}, abs=5e-5
    )


def test_figure_6_of_the_real_gold_masks(real_gold: Statistics) -> None:
    """Experts agree least on big rock: nearly half of it was labeled by only one."""
    found = {code: shares(counts) for code, counts in real_gold.agreement(CODES).items()}

    assert found[0] == pytest.approx((0.1516, 0.3009, 0.5475), abs=5e-5)
    assert found[1] == pytest.approx((0.2385, 0.3004, 0.4611), abs=5e-5)
    assert found[2] == pytest.approx((0.1510, 0.2530, 0.5960), abs=5e-5)
    assert found[3] == pytest.approx((0.4742, 0.1310, 0.3947), abs=5e-5)


def test_table_1_of_the_real_gold_masks(real_gold: Statistics) -> None:
    rows = {(rover, camera): counts for rover, camera, counts in real_gold.table_1()}

    assert rows["curiosity", "navcam"].test_images == 322
    assert rows["opportunity", "navcam"].test_images + rows["spirit", "navcam"].test_images == 204
    assert real_gold.total() == CameraCounts(526, 0, 0, 526, None)
