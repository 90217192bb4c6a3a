"""Submissions: predictions that are compared with the gold set of a release."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.jobs import ClaimableJob
from merging.models.releases import Release


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def on_leaderboard(self) -> Self:
        """Return the compared submissions, by mIoU against min3, the best first."""
        complete = self.filter(status=Submission.Status.COMPLETE)
        return complete.order_by(models.F("miou").desc(nulls_last=True), "created_at", "pk")


class Submission(ClaimableJob):
    """One set of predicted masks for a release. Once compared, its result never changes.

    A set with any problem is refused as a whole, with all problems listed, because scores on part
    of a gold set are not comparable.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Being compared"
        COMPLETE = "complete", "Complete"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    waits_as = Status.QUEUED
    worked_on_as = Status.RUNNING

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="submissions")
    name = models.CharField(max_length=80)
    paper_url = models.URLField(max_length=300, blank=True)
    code_url = models.URLField(max_length=300, blank=True)
    upload = models.FileField(upload_to="predictions/", max_length=255, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    #: From `predictions.Report.to_json`, without the problems.
    result = models.JSONField(null=True, blank=True)
    #: The first problems; `problem_count` counts all of them.
    problems = models.JSONField(default=list, blank=True)
    problem_count = models.PositiveIntegerField(default=0)
    # Scores against min3, for the leaderboard.
    accuracy = models.FloatField(null=True, blank=True)
    miou = models.FloatField(null=True, blank=True)
    miou_low = models.FloatField(null=True, blank=True)
    miou_high = models.FloatField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=~Q(name=""),
                name="submission_has_name",
                violation_error_message=_("Enter the name of the model."),
            ),
            models.CheckConstraint(
                condition=Q(status="complete", result__isnull=False, problem_count=0)
                | Q(~Q(status="complete"), result__isnull=True),
                name="submission_complete_has_result",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("complete", "refused", "failed"), ended_at__isnull=False)
                | Q(status__in=("queued", "running"), ended_at__isnull=True),
                name="submission_ended_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status="running", claim__isnull=False, heartbeat_at__isnull=False)
                | ~Q(status="running"),
                name="submission_running_is_claimed",
            ),
            models.CheckConstraint(
                condition=(Q(accuracy__isnull=True) | Q(accuracy__range=(0, 1)))
                & (Q(miou__isnull=True) | Q(miou__range=(0, 1))),
                name="submission_scores",
            ),
        )
        indexes = (models.Index(fields=("release", "status"), name="submission_by_status"),)

    def __str__(self) -> str:
        return f"{self.name} for {self.release}"

    @property
    def is_over(self) -> bool:
        """Whether the submission was compared, refused, or failed."""
        return self.status not in (self.Status.QUEUED, self.Status.RUNNING)

    @property
    def percent(self) -> int:
        """The progress of the comparison, 0 to 100."""
        return self.done * 100 // self.total if self.total else 0
