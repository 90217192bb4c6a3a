"""Imports: what was asked for, and what became of each file."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from labeling.models.campaigns import Campaign

#: A worker that holds items for this long without finishing them is taken to be dead.
ITEM_HOLD = timedelta(minutes=5)


class ImportJob(models.Model):
    """One import of images into a campaign; several workers share its items."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        COMPLETE = "complete", "Complete"
        FAILED = "failed", "Failed"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="imports")
    source = models.CharField(max_length=500, help_text="A path, or s3://bucket/prefix.")
    upload = models.FileField(upload_to="uploads/", max_length=255, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    message = models.TextField(blank=True)
    #: Whether its files have been listed, so that its items are all there.
    is_listed = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(status="complete", completed_at__isnull=False, is_listed=True)
                | ~Q(status="complete"),
                name="import_complete_is_listed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.source} into {self.campaign}"


class ImportItemQuerySet(models.QuerySet["ImportItem"]):
    def waiting(self) -> Self:
        """Not done, and in nobody's hands: never taken, or taken by a worker that died."""
        return self.filter(status=ImportItem.Status.WAITING).filter(
            Q(claim=None) | Q(claimed_at__lt=timezone.now() - ITEM_HOLD)
        )


class ImportItem(models.Model):
    """One file of an import; of a folder that was not looked into, the name ends in `/`.

    product_id: "" for what could not be a frame.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        IMPORTED = "imported", "Imported"
        PRESENT = "present", "Already there"
        REFUSED = "refused", "Refused"
        UNUSED = "unused", "Not used"

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="items")
    name = models.TextField()
    product_id = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    reason = models.TextField(blank=True)
    claim = models.UUIDField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)

    objects = ImportItemQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("job", "name"), name="import_item_once"),
            models.CheckConstraint(
                condition=Q(status__in=("refused", "unused"), reason__gt="")
                | ~Q(status__in=("refused", "unused")),
                name="import_item_refused_says_why",
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=True, claimed_at__isnull=True)
                | Q(claim__isnull=False, claimed_at__isnull=False),
                name="import_item_claim_has_time",
            ),
        )
        indexes = (models.Index(fields=("job", "status"), name="import_item_by_status"),)

    def __str__(self) -> str:
        return self.name
