"""Models of labels, their versions, and who has seen them."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from labeling.models.fields import LargeJSONField, sent_checksum
from labeling.models.images import LABEL_ROLE_CHOICES, Image, Role
from labeling.models.labelers import Labeler


class LabelQuerySet(models.QuerySet["Label"]):
    def crowd(self) -> Self:
        return self.filter(role=Role.CROWD)

    def expert(self) -> Self:
        return self.filter(role=Role.EXPERT)

    def received(self) -> Self:
        """Return labels that are sent but not yet post-processed."""
        return self.filter(status=Label.Status.RECEIVED)

    def in_use(self) -> Self:
        """Return labels that no reviewer rejected; releases contain them once they are
        post-processed.
        """
        return self.exclude(status=Label.Status.REJECTED)

    @staticmethod
    def is_in_dataset() -> Q:
        """Return the condition of `in_dataset`, for queries that count several conditions."""
        return (
            ~Q(status=Label.Status.REJECTED)
            & Q(image__retired_at=None)
            & (
                Q(role=Role.CROWD, image__pool=Image.Pool.CROWD)
                | Q(role=Role.EXPERT, image__pool=Image.Pool.GOLD)
            )
        )

    def in_dataset(self) -> Self:
        """Return labels in use: the crowd's on crowd images, and experts' on gold images."""
        return self.filter(self.is_in_dataset())

    def accepted(self) -> Self:
        """Return post-processed labels that are neither empty nor rejected."""
        return self.filter(status=Label.Status.ACCEPTED)


class Label(models.Model):
    """Everything one labeler drew on one image: polygons, each with a class."""

    class Status(models.TextChoices):
        RECEIVED = "received", "Received"
        ACCEPTED = "accepted", "Accepted"
        EMPTY = "empty", "Thrown out: nothing left under the masks"
        REJECTED = "rejected", "Thrown out by a reviewer"

    class LockReason(models.TextChoices):
        """Why a label cannot be corrected: its labeler saw results, or a reviewer rated it."""

        RESULTS = "results", "The labeler has seen the others' results"
        RATED = "rated", "A reviewer has rated it"

    #: Made by the client, so that a label sent twice over a bad network is stored once.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    image = models.ForeignKey(Image, on_delete=models.PROTECT, related_name="labels")
    labeler = models.ForeignKey(Labeler, on_delete=models.PROTECT, related_name="labels")
    role = models.CharField(max_length=6, choices=LABEL_ROLE_CHOICES, default=Role.CROWD)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.RECEIVED)
    polygons = LargeJSONField(help_text='[{"class": code, "rings": [[[x, y], ...], ...]}, ...]')
    #: Checksum of what was sent first; corrections have their own.
    sent_checksum = sent_checksum()
    pixel_counts = models.JSONField(
        null=True, blank=True, help_text="Pixels per class code after post-processing."
    )
    #: Grows with each correction. Results made from the polygons, and ratings, name the version
    #: they used, and are discarded if the label has been corrected since.
    version = models.PositiveIntegerField(default=1)
    locked_at = models.DateTimeField(
        null=True, blank=True, help_text="When the label was locked; it can no longer be corrected."
    )
    lock_reason = models.CharField(max_length=8, choices=LockReason.choices, blank=True)
    independent = models.BooleanField(
        default=True,
        help_text="False: corrected after its labeler had seen the others' labels of the image.",
    )
    started_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(
        default=timezone.now, help_text="For an imported label: the time of its import."
    )
    import_source = models.CharField(
        max_length=200,
        blank=True,
        help_text="What it was imported from. Empty: drawn on this site.",
    )
    processed_at = models.DateTimeField(null=True, blank=True)

    objects = LabelQuerySet.as_manager()

    class Meta:
        ordering = ("sent_at", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("image", "labeler"), name="label_once_per_image_and_labeler"
            ),
            models.CheckConstraint(condition=Q(role__in=("crowd", "expert")), name="label_role"),
            models.CheckConstraint(
                condition=Q(status="received", processed_at__isnull=True, pixel_counts__isnull=True)
                | Q(
                    status__in=("accepted", "empty", "rejected"),
                    processed_at__isnull=False,
                    pixel_counts__isnull=False,
                ),
                name="label_processed_has_counts",
            ),
            models.CheckConstraint(
                condition=Q(started_at__isnull=True) | Q(started_at__lte=F("sent_at")),
                name="label_started_before_sent",
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="label_version_positive"),
            models.CheckConstraint(
                condition=Q(locked_at__isnull=True, lock_reason="")
                | Q(locked_at__isnull=False, lock_reason__in=("results", "rated")),
                name="label_lock_has_reason",
            ),
            # A first version is always independent: an expert who has seen the others' labels
            # cannot send one.
            models.CheckConstraint(
                condition=Q(independent=True) | Q(version__gte=2),
                name="label_first_version_independent",
            ),
        )
        indexes = (
            # For the sweep, which looks for received labels; almost none of millions are.
            models.Index(
                fields=("sent_at",), condition=Q(status="received"), name="label_to_process"
            ),
            # For "My drawings" and the review pages, which list a labeler's latest labels.
            models.Index(fields=("labeler", "-sent_at"), name="label_of_labeler"),
        )

    def __str__(self) -> str:
        return f"{self.image} by {self.labeler}"


class SeenLabels(models.Model):
    """A record that somebody saw the others' labels of an image and cannot label it independently.

    Also written when an expert gives up a gold image to see the others' labels.
    """

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="seen_labels")
    labeler = models.ForeignKey(Labeler, on_delete=models.CASCADE, related_name="seen_labels")
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "seen labels"
        constraints = (
            models.UniqueConstraint(fields=("image", "labeler"), name="seen_labels_once"),
        )

    def __str__(self) -> str:
        return f"{self.labeler} has seen the labels of {self.image}"


class LabelVersion(models.Model):
    """One version of a label that was corrected; the label itself holds the newest.

    A label that was never corrected has no row here. The first correction writes two: the label as
    it was first sent, and the correction.
    """

    #: The client's id of the sending: a correction sent twice is stored once. The first version has
    #: the label's own id.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    polygons = LargeJSONField()
    sent_checksum = sent_checksum()
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ("label", "number")
        constraints = (
            models.UniqueConstraint(fields=("label", "number"), name="label_version_once"),
            models.CheckConstraint(
                condition=Q(number__gte=1), name="label_version_number_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.label}, version {self.number}"
