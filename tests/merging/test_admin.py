"""Changes by managers on the admin site."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from labeling.images.files import keep
from labeling.images.preparation.pictures import png_bytes
from labeling.models import Image
from merging.formats.storage.checksums import sha256
from merging.models import ImportedMask
from tests.factories import mask, new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(new_admin())
    return client


def imported(image: Image) -> ImportedMask:
    content = png_bytes(mask("00..", "...."))
    return ImportedMask.objects.create(
        image=image,
        variant="train",
        mask=keep(image.campaign_id, "imported", content, ".png"),
        sha256=sha256(content),
        pixel_counts={"0": 2},
        source="AI4Mars 0.6",
        imported_at=timezone.now(),
    )


def test_an_imported_mask_is_deleted_alone_or_with_others(admin: Client) -> None:
    campaign = new_campaign()
    alone, first, second, kept = (imported(new_image(campaign)) for _ in range(4))

    page = f"/admin/merging/importedmask/{alone.pk}/delete/"
    assert admin.post(page, {"post": "yes"}).status_code == 302
    answer = admin.post(
        "/admin/merging/importedmask/",
        {
            "action": "delete_selected",
            "_selected_action": [first.pk, second.pk],
            "post": "yes",
        },
    )
    assert answer.status_code == 302

    assert ImportedMask.objects.get() == kept
