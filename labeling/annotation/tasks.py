"""The worker's side of annotation."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from ai4mars_site.toolkit.tasks import enqueue, task
from labeling.annotation.services import drafts, labels
from labeling.models import Label

#: A label younger than this has a message of its own under way.
SWEEP_AFTER = timedelta(seconds=10)


SWEEP_BATCH = 1000


@task
def process_image(image_id: int) -> None:
    """Post-process an image's new labels, then wake whatever the site computes from them."""
    if labels.process_image(image_id):
        for name in settings.AFTER_LABELS_PROCESSED:
            enqueue(name, image_id)


@task
def sweep_labels() -> None:
    """Process labels whose message was lost."""
    waiting = (
        Label.objects.received()
        .filter(sent_at__lt=timezone.now() - SWEEP_AFTER)
        .order_by("sent_at")
        .values_list("image_id", flat=True)[:SWEEP_BATCH]
    )
    for image_id in dict.fromkeys(waiting):
        enqueue(process_image, image_id)


@task
def sweep_drafts() -> None:
    """Delete drawings nobody went on with."""
    drafts.sweep()
