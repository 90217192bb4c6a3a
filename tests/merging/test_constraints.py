"""The database refuses invalid merged masks and releases."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeling.models import Campaign
from merging.masks.services.merges import merge_image
from merging.models import ImportedMask, MergedMask, Release
from tests.factories import accept, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def refuse(model: type, constraint: str, pk: Any, /, **fields: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.filter(pk=pk).update(**fields)


def test_merged_mask(campaign: Campaign) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....")
    merged = merge_image(image.pk)["train"]

    refuse(MergedMask, "merged_mask_variant", merged.pk, variant="test")
    with pytest.raises(IntegrityError):
        MergedMask.objects.bulk_create(
            [
                MergedMask(
                    image=image,
                    variant="train",
                    mask="again.png",
                    labelers=1,
                    pixel_counts={},
                    labels_version=1,
                    rule="another",
                    merged_at=timezone.now(),
                )
            ]
        )


def test_a_merged_mask_counts_its_labels_or_was_imported(campaign: Campaign) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....")
    merged = merge_image(image.pk)["train"]

    refuse(MergedMask, "merged_mask_counts_its_labels", merged.pk, labelers=None)


def imported_mask(campaign: Campaign, **fields: Any) -> ImportedMask:
    known = {"variant": "train", "mask": "a.png", "sha256": "0" * 64, "source": "AI4Mars 0.6"}
    return ImportedMask.objects.create(
        image=new_image(campaign),
        pixel_counts={},
        imported_at=timezone.now(),
        **{**known, **fields},
    )


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("imported_mask_variant", {"variant": "test"}),
        ("imported_mask_has_source", {"source": ""}),
    ],
)
def test_imported_mask(campaign: Campaign, constraint: str, fields: dict[str, Any]) -> None:
    refuse(ImportedMask, constraint, imported_mask(campaign).pk, **fields)


def test_an_imported_mask_of_a_kind_is_there_once(campaign: Campaign) -> None:
    given = imported_mask(campaign)
    given.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        given.save(force_insert=True)


COMPLETE = {"status": "complete", "completed_at": timezone.now(), "sums_sha256": "0" * 64}


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("release_layout", {"layout": "v9"}),
        ("release_has_version", {"version": ""}),
        ("release_complete_has_sums", {**COMPLETE, "sums_sha256": ""}),
        ("release_complete_has_sums", {**COMPLETE, "completed_at": None}),
        ("release_complete_has_sums", {"completed_at": timezone.now()}),
        ("release_complete_has_sums", {"status": "failed", "completed_at": timezone.now()}),
        ("release_complete_has_sums", {"status": "lost"}),
        ("release_building_is_claimed", {"status": "building"}),
        ("release_building_is_claimed", {"status": "building", "claim": uuid.uuid4()}),
        ("release_building_is_claimed", {"status": "building", "heartbeat_at": timezone.now()}),
    ],
)
def test_release(campaign: Campaign, constraint: str, fields: dict[str, Any]) -> None:
    release = Release.objects.create(campaign=campaign, version="0.1")
    refuse(Release, constraint, release.pk, **fields)


def test_a_version_occurs_once_per_campaign(campaign: Campaign) -> None:
    Release.objects.create(campaign=campaign, version="0.1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Release.objects.bulk_create([Release(campaign=campaign, version="0.1")])
    assert Release.objects.create(campaign=new_campaign("other"), version="0.1")
