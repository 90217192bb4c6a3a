"""Merges use the bit planes that scoring has cached, and only exactly those."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from labeling.annotation.services import bit_planes, corrections, labels
from labeling.models import Campaign, Image, Label
from merging.masks.services.merges import merge_image
from merging.masks.services.methods import image_layers
from merging.masks.services.methods import merge_image as merge_by
from merging.models import AlternativeMask, MergedMask, StoredMerge
from review.scores.services.scores import score_image
from terrain.aggregation.majority import PAPER_RULE, MergeRule
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.geometry.regions import regions_to_json
from terrain.masks import mask_to_regions
from tests.factories import ACTOR, accept, mask, new_campaign, new_image, rows
from tests.merging.masks.test_methods import stored

pytestmark = pytest.mark.django_db

DRAWN = (("001.", "22.."), ("001.", "2..."), ("0011", "2233"))
ANY = MergeMethod(Kind.VOTES, MergeRule(1, 50, strict=True))
RANDOM = MergeMethod(Kind.RANDOM, seed=3)


@pytest.fixture
def campaign(settings: Any) -> Campaign:
    settings.KEEP_PLANES = True
    cache.clear()
    return new_campaign()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    """Return an image with three scored labels and a rover mask."""
    image = new_image(campaign, on_rover=("0000", "0001"))
    for label in DRAWN:
        accept(image, *label)
    assert score_image(image.pk)
    return image


@pytest.fixture
def rasterized(monkeypatch: pytest.MonkeyPatch) -> list[Label]:
    """Return the list of labels that were rasterized."""
    found: list[Label] = []
    real = bit_planes.rasterize

    def rasterize(labels: list[Label], *others: Any) -> Any:
        found.extend(labels)
        return real(labels, *others)

    monkeypatch.setattr(bit_planes, "rasterize", rasterize)
    return found


def content(merged: StoredMerge) -> tuple[list[str], str, Any]:
    return rows(stored(merged)), merged.inputs, merged.pixel_counts


def remerged(image: Image) -> dict[str, Any]:
    """Return the results of several merge methods, after all stored merges are deleted."""
    MergedMask.objects.all().delete()
    AlternativeMask.objects.all().delete()
    layers = image_layers(image.pk, MergeMethod(Kind.VOTES, PAPER_RULE))
    return {
        "own": content(merge_image(image.pk)["train"]),
        "any": content(merge_by(image.pk, ANY)["train"]),
        "random": content(merge_by(image.pk, RANDOM)["train"]),
        "layers": [each.tolist() for each in (layers.votes, layers.labelers, layers.confidence)],
    }


def without_cache(image: Image, settings: Any) -> dict[str, Any]:
    settings.KEEP_PLANES = False
    found = remerged(image)
    settings.KEEP_PLANES = True
    return found


def test_a_merge_after_scoring_rasterizes_nothing(
    image: Image, rasterized: list[Label], settings: Any
) -> None:
    found = remerged(image)
    assert rasterized == []

    assert found == without_cache(image, settings)
    assert len(rasterized) == 3 * 4, "and without a cache all of them do"
    assert found["own"][0] == ["001.", "2..."]


def test_polygons_are_not_even_read(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Label, "refresh_from_db", None)

    merged = merge_image(image.pk)["train"]

    assert rows(stored(merged)) == ["001.", "2..."]
    assert merged.labelers == 3


def test_without_what_was_cached_labels_are_rasterized(
    image: Image, rasterized: list[Label], settings: Any
) -> None:
    expected = without_cache(image, settings)
    rasterized.clear()
    cache.clear()

    assert remerged(image) == expected
    assert len(rasterized) == 3 * 4


def test_one_label_that_is_not_cached(image: Image, rasterized: list[Label]) -> None:
    late = accept(image, "333.", "3...")
    cache.delete(bit_planes._key(late, image, image.campaign.class_codes()))
    rasterized.clear()

    assert merge_image(image.pk)["train"].labelers == 4
    assert rasterized == [late]


def test_a_corrected_label_never_gets_its_old_planes(
    image: Image, rasterized: list[Label], settings: Any
) -> None:
    before = remerged(image)
    label = image.labels.order_by("sent_at")[0]
    polygons = regions_to_json(mask_to_regions(mask("33..", "33..")))
    corrections.correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), polygons, label.version)
    labels.process_image(image.pk)
    assert score_image(image.pk)
    rasterized.clear()

    after = remerged(image)

    assert rasterized == []
    assert after != before
    assert after == without_cache(image, settings)
    assert merge_by(image.pk, ANY)["train"].pixel_counts == {"0": 2, "1": 2, "2": 1, "3": 1}


def test_a_label_that_was_imported_again_is_another_one(image: Image, settings: Any) -> None:
    """It may have the same id and version, but other polygons."""
    label = image.labels.order_by("sent_at")[0]
    later = label.sent_at.replace(year=label.sent_at.year + 1)
    polygons = regions_to_json(mask_to_regions(mask("3333", "33..")))
    Label.objects.filter(pk=label.pk).update(sent_at=later, polygons=polygons)

    assert remerged(image) == without_cache(image, settings)


def of_another_label(values: dict[str, bytes], key: str) -> bytes:
    return next(value for other, value in values.items() if other != key)


@pytest.mark.parametrize(
    "poison",
    [
        lambda values, key: b"",
        lambda values, key: b"not planes at all",
        lambda values, key: "text",
        lambda values, key: None,
        lambda values, key: values[key][:-1],
        lambda values, key: values[key] + b"\0",
        lambda values, key: values[key][32:],
        lambda values, key: bytes(32) + values[key][32:],
        of_another_label,
    ],
    ids=["empty", "garbage", "text", "none", "short", "long", "unsealed", "forged", "of another"],
)
def test_a_poisoned_cache_does_no_harm(
    image: Image,
    rasterized: list[Label],
    settings: Any,
    poison: Callable[[dict[str, bytes], str], object],
) -> None:
    expected = without_cache(image, settings)
    rasterized.clear()
    codes = image.campaign.class_codes()
    keys = [bit_planes._key(label, image, codes) for label in image.labels.all()]
    values = cache.get_many(keys)
    assert len(values) == 3
    cache.set_many({key: poison(values, key) for key in keys})

    assert remerged(image) == expected
    assert len(rasterized) == 3 * 4
    # Scores make planes of all labels again, and leave good ones.
    bit_planes.planes_of(image.labels.all(), image)
    assert cache.get_many(keys) == values
