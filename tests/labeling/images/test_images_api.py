"""The API to curate images: filter, sort, retire and restore."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from labeling.images.services import quality
from labeling.models import Campaign, Image, ImageQuality
from tests.factories import new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def client() -> APIClient:
    admin = APIClient()
    admin.force_authenticate(new_admin())
    return admin


def measured(campaign: Campaign, number: int, **measures: Any) -> Image:
    image = new_image(campaign, number)
    known = {
        "dark_share": 0.0,
        "saturated_share": 0.0,
        "contrast": 0.5,
        "sharpness": 0.5,
        "rover_share": 0.0,
        "terrain_share": 1.0,
        "fingerprint": f"{number:016x}",
    }
    ImageQuality.objects.create(image=image, **{**known, **measures})
    return image


def listed(client: APIClient, campaign: Campaign, **query: Any) -> list[str]:
    answer = client.get(reverse("images:images", args=(campaign.slug,)), query)
    assert answer.status_code == 200, answer.json()
    return [image["product_id"] for image in answer.json()["images"]]


def test_filtered_and_sorted_by_a_measure(client: APIClient, campaign: Campaign) -> None:
    dark = measured(campaign, 1, dark_share=0.9, sharpness=0.1)
    fair = measured(campaign, 2, dark_share=0.3, sharpness=0.7)
    bright = measured(campaign, 3, dark_share=0.0, sharpness=0.4)
    unknown = new_image(campaign, 4)

    assert listed(client, campaign, min_dark_share=0.5) == [dark.product_id]
    assert listed(client, campaign, max_dark_share=0.3, sort="-sharpness") == [
        fair.product_id,
        bright.product_id,
    ]
    assert listed(client, campaign, sort="-dark_share")[-1] == unknown.product_id
    assert listed(client, campaign, sort="dark_share")[-1] == unknown.product_id


def test_images_without_a_rover_mask(client: APIClient, campaign: Campaign) -> None:
    unknown = new_image(campaign, 1)
    masked = new_image(campaign, 2)
    Image.objects.filter(pk=unknown.pk).update(rover_mask="")
    Image.objects.filter(pk=masked.pk).update(rover_mask="rover-mask.png")

    assert listed(client, campaign, rover_mask="unknown") == [unknown.product_id]
    answer = client.get(reverse("images:images", args=(campaign.slug,))).json()
    assert [each["rover_mask"] for each in answer["images"]] == ["unknown", "product"]


def test_retired_and_brought_back(client: APIClient, campaign: Campaign) -> None:
    image = measured(campaign, 1)
    other = new_image(new_campaign("other"), 2)
    url = reverse("images:retire_images", args=(campaign.slug,))

    order = {"ids": [image.pk, other.pk], "retire": True, "reason": "dark"}
    assert client.post(url, order).json() == {"changed": 1}
    assert client.post(url, order).json() == {"changed": 0}
    image.refresh_from_db()
    assert image.retired_at is not None
    assert image.retired_reason == "dark"
    assert listed(client, campaign) == []
    assert listed(client, campaign, retired=1) == [image.product_id]

    assert client.post(url, {"ids": [image.pk], "retire": False}).json() == {"changed": 1}
    image.refresh_from_db()
    assert (image.retired_at, image.retired_reason) == (None, "")


def test_near_duplicates_are_tied_to_the_earliest(client: APIClient, campaign: Campaign) -> None:
    first = measured(campaign, 1, fingerprint="f0f0f0f0f0f0f0f0")
    same = measured(campaign, 2, fingerprint="f0f0f0f0f0f0f0f1")
    measured(campaign, 3, fingerprint="0f0f0f0f0f0f0f0f")
    Image.objects.update(site=5, drive=100)

    assert quality.mark_near_duplicates(campaign) == 1
    same.refresh_from_db()
    assert same.duplicate_of == first
    assert listed(client, campaign, duplicates=1) == [same.product_id]


@pytest.mark.parametrize("query", [{"sort": "beauty"}, {"page": 0}, {"min_contrast": "much"}])
def test_a_question_that_makes_no_sense(
    client: APIClient, campaign: Campaign, query: dict[str, Any]
) -> None:
    assert client.get(reverse("images:images", args=(campaign.slug,)), query).status_code == 400
