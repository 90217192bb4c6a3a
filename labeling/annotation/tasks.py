"""Celery tasks of annotation."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from ai4mars_site.toolkit.tasks import enqueue, task
from labeling.annotation.services import drafts, labels
from labeling.models import Label

#: A younger label still has its own message in the queue.
SWEEP_AFTER = timedelta(seconds=10)


SWEEP_BATCH = 1000


@task
def process_image(image_id: int) -> None:
    """Post-process an image's new labels, then start the tasks that depend on them."""
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
    """Delete expired drafts."""
    drafts.sweep()
