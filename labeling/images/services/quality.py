"""Near-duplicates among a campaign's images, and retiring images. No image is ever deleted."""

from __future__ import annotations

from collections.abc import Collection

from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from labeling.images.ingest.product_ids import parse_product_id
from labeling.models import Campaign, Image
from terrain.display.quality import FrameKey, near_duplicates


def mark_near_duplicates(campaign: Campaign) -> int:
    """Link each image to the earliest near-duplicate; return how many are linked."""
    images = list(campaign.images.exclude(quality=None).select_related("quality").order_by("pk"))
    earlier = near_duplicates([frame_key(image) for image in images])
    changed = []
    for image in images:
        if image.duplicate_of_id != earlier.get(image.pk):
            image.duplicate_of_id = earlier.get(image.pk)
            changed.append(image)
    Image.objects.bulk_update(changed, ["duplicate_of"], batch_size=500)
    return len(earlier)


def frame_key(image: Image) -> FrameKey:
    """Return the data by which near-duplicates of an image are found."""
    parts = parse_product_id(image.product_id)
    pointing = image.details.get("pointing")
    return FrameKey(
        id=image.pk,
        fingerprint=int(image.quality.fingerprint, 16),
        start_time=image.start_time.timestamp() if image.start_time else None,
        site=image.site,
        drive=image.drive,
        pointing=(pointing["azimuth"], pointing["elevation"]) if pointing else None,
        rover=image.rover,
        exposure=parts.exposure if parts is not None else "",
    )


def retire(actor: Actor, campaign: Campaign, ids: Collection[int], reason: str) -> int:
    """Retire images from the campaign, reversibly; return how many were in use before.

    Volunteers, reviewers and releases no longer see them; their labels are kept.
    """
    return (
        campaign.images.usable()
        .filter(pk__in=ids)
        .update(
            retired_at=timezone.now(),
            retired_reason=reason,
        )
    )


def restore(actor: Actor, campaign: Campaign, ids: Collection[int]) -> int:
    """Restore retired images; return how many were retired before."""
    return (
        campaign.images.filter(pk__in=ids)
        .exclude(retired_at=None)
        .update(retired_at=None, retired_reason="")
    )


def correct(actor: Actor, image: Image) -> None:
    """Save a manager's corrections of one image: its retirement and its terrain class."""
    image.save(update_fields=("retired_at", "retired_reason", "orbital_class"))
