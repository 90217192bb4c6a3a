"""Celery tasks for annotation."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from ai4mars_site.toolkit.tasks import enqueue, task
from labeling.annotation.services import drafts, labels, rover_masks
from labeling.models import Label, RoverMask

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


@task
def place_scale_bars(mask_id: int) -> None:
    """Move the scale bars that lie on a rover mask that a manager drew."""
    mask = RoverMask.objects.filter(pk=mask_id, bars_placed=False).first()
    if mask is not None:
        rover_masks.place_scale_bars(mask)


@task
def sweep_rover_masks() -> None:
    """Move the scale bars of masks whose message was lost."""
    before = timezone.now() - SWEEP_AFTER
    waiting = RoverMask.objects.filter(bars_placed=False, drawn_at__lt=before)
    for mask_id in waiting.order_by("drawn_at").values_list("pk", flat=True):
        enqueue(place_scale_bars, mask_id)
