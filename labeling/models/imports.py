"""Models of import jobs and their items: one row for each import, one for each file."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from ai4mars_site.toolkit.jobs import ClaimableJob
from labeling.models.campaigns import Campaign

#: An importing process renews its claim every few seconds (`jobs.Heartbeat`). With the sweep for
#: abandoned jobs, another worker continues a killed import within half a minute.
SILENCE = timedelta(seconds=15)


class ImportJob(ClaimableJob):
    """One import of images into a campaign; several workers share its items.

    The job's claim belongs to the process that lists its files. After that, each item has its own
    claim.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        COMPLETE = "complete", "Complete"
        FAILED = "failed", "Failed"

    waits_as = Status.QUEUED
    worked_on_as = Status.RUNNING
    stopped_as = Status.STOPPED
    silence = SILENCE

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="imports")
    source = models.CharField(max_length=500, help_text="A path, or s3://bucket/prefix.")
    upload = models.FileField(upload_to="uploads/", max_length=255, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    message = models.TextField(blank=True)
    #: Whether all files have been listed, so that all items exist.
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

    @classmethod
    def claimable(cls) -> Q:
        """Return the condition for imports to work on: not complete, and not being listed now."""
        unlisted = Q(status=cls.Status.RUNNING, is_listed=False)
        return ~Q(status=cls.Status.COMPLETE) & (~unlisted | cls.silent() | Q(claim=None))


class ImportItem(ClaimableJob):
    """One file of an import. The name ends in `/` for a folder that was not searched.

    `product_id` is "" for a file that cannot be a frame.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        IMPORTED = "imported", "Imported"
        PRESENT = "present", "Already there"
        REFUSED = "refused", "Refused"
        UNUSED = "unused", "Not used"

    # A claimed item keeps the status `waiting` until it is done.
    waits_as = worked_on_as = Status.WAITING
    silence = SILENCE

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="items")
    name = models.TextField()
    product_id = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.WAITING)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("job", "name"), name="import_item_once"),
            models.CheckConstraint(
                condition=Q(status__in=("refused", "unused"), reason__gt="")
                | ~Q(status__in=("refused", "unused")),
                name="import_item_refused_says_why",
            ),
            models.CheckConstraint(
                condition=Q(claim__isnull=True, heartbeat_at__isnull=True)
                | Q(claim__isnull=False, heartbeat_at__isnull=False),
                name="import_item_claim_has_time",
            ),
        )
        indexes = (models.Index(fields=("job", "status"), name="import_item_by_status"),)

    def __str__(self) -> str:
        return self.name
