"""Simulated volunteers draw like people of their kind."""

from functools import cache

import numpy as np
import pytest
import shapely

from simulation.scenes.scene import make_scene
from simulation.volunteers.drawing import draw_label
from simulation.volunteers.people import (
    Kind,
    make_experts,
    make_volunteer,
    make_volunteers,
)
from terrain.geometry.regions import Region
from terrain.masks import NO_LABEL, rasterize_regions

CODES = (0, 1, 2, 3)
KINDS: tuple[Kind, ...] = ("careful", "ordinary", "hasty", "sloppy", "malicious", "expert")


@cache
def truth_of(seed: int) -> np.ndarray:
    scene = make_scene(seed, 256)
    return np.where(scene.range_m > 30.0, NO_LABEL, scene.truth).astype(np.uint8)


def label(kind: Kind, seed: int) -> list[Region]:
    rng = np.random.default_rng([seed, 7])
    return draw_label(make_volunteer(kind, seed, rng), truth_of(seed), CODES, rng)


def mean_iou(mask: np.ndarray, truth: np.ndarray) -> float:
    scores = []
    for code in CODES:
        either = ((mask == code) | (truth == code)).sum()
        if either:
            scores.append(((mask == code) & (truth == code)).sum() / either)
    return float(np.mean(scores))


def test_same_generator_draws_the_same_label() -> None:
    first, second = label("ordinary", 2), label("ordinary", 2)
    assert [r.code for r in first] == [r.code for r in second]
    for one, other in zip(first, second, strict=True):
        assert all((a == b).all() for a, b in zip(one.rings, other.rings, strict=True))


def test_care_shows_in_agreement_with_the_truth() -> None:
    score = {
        kind: np.mean(
            [mean_iou(rasterize_regions(label(kind, s), 256, 256), truth_of(s)) for s in range(6)]
        )
        for kind in KINDS
    }
    assert score["careful"] > score["ordinary"] > score["sloppy"] > score["malicious"]
    assert score["careful"] > score["hasty"]


def test_experts_are_right_where_they_draw() -> None:
    right = drawn = 0
    for seed in range(6):
        mask = rasterize_regions(label("expert", seed), 256, 256)
        labeled = (mask != NO_LABEL) & (truth_of(seed) != NO_LABEL)
        right += int((mask == truth_of(seed))[labeled].sum())
        drawn += int(labeled.sum())
    assert right / drawn > 0.97
    assert drawn > 6 * 256 * 256 * 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_regions_lie_inside_and_do_not_overlap(kind: Kind) -> None:
    for seed in range(4):
        regions = label(kind, seed)
        shapes = [shapely.Polygon(r.rings[0], r.rings[1:]) for r in regions]
        for shape in shapes:
            assert shape.is_valid
            x0, y0, x1, y1 = shape.bounds
            assert min(x0, y0) >= 0
            assert max(x1, y1) <= 256
        for n, shape in enumerate(shapes):
            for other in shapes[n + 1 :]:
                assert shape.intersection(other).area <= 0.5


def test_outlines_have_about_as_many_points_as_a_person_clicks() -> None:
    counts = [len(r.rings[0]) for seed in range(6) for r in label("ordinary", seed)]
    assert max(counts) < 250
    assert 6 < np.median(counts) < 120


def test_any_taxonomy_can_be_drawn() -> None:
    truth = np.full((200, 200), 50, dtype=np.uint8)
    truth[100:] = 10
    rng = np.random.default_rng(0)
    found = {
        region.code
        for n in range(6)
        for region in draw_label(make_volunteer("careful", n, rng), truth, (10, 50), rng)
    }
    assert found == {10, 50}


def test_nothing_to_draw_gives_an_empty_label() -> None:
    truth = np.full((64, 64), NO_LABEL, dtype=np.uint8)
    rng = np.random.default_rng(0)
    assert draw_label(make_volunteer("careful", 0, rng), truth, CODES, rng) == []


def test_crowd_has_different_names_and_is_mostly_honest() -> None:
    crowd = make_volunteers(200, np.random.default_rng(3))
    assert len({v.name for v in crowd}) == 200
    kinds = [v.kind for v in crowd]
    assert kinds.count("malicious") < 20 < kinds.count("careful")
    assert make_volunteers(0, np.random.default_rng(3)) == []
    assert {v.kind for v in make_experts(3, np.random.default_rng(3))} == {"expert"}
