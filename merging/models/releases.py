"""Releases: immutable datasets of a campaign."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.jobs import ClaimableJob
from labeling.models import Campaign
from labeling.models.fields import LargeJSONField

#: Increase it when the same labels and parameters are released as other bytes.
RELEASE_CODE = 7

#: Fields of a complete release that may change, because its files do not depend on them.
MUTABLE_FIELDS = frozenset({"has_public_leaderboard"})


class ReleaseNeverChanges(Exception):
    """Saving would have changed a complete release. Nothing was saved."""


def new_pseudonym_key() -> str:
    """Return 64 random hexadecimal digits."""
    return secrets.token_hex(32)


class Publishing(models.Model):
    """The default title, license and credits of a campaign's releases."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="publishing"
    )
    title = models.CharField(max_length=200, blank=True, help_text="Empty: the campaign's name.")
    license = models.CharField(max_length=60, default="CC-BY-4.0", help_text="SPDX identifier.")
    creators = models.TextField(blank=True, help_text="One per line.")
    credits = models.TextField(blank=True, help_text="Credits for the images and labels.")
    homepage = models.URLField(blank=True)
    #: The secret key for pseudonyms of labelers. It would reveal their accounts, so no release
    #: contains it. A new key gives the next releases other pseudonyms.
    pseudonym_key = models.CharField(max_length=64, default=new_pseudonym_key, editable=False)
    pseudonyms_since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "publishing"
        constraints = (
            models.CheckConstraint(
                condition=Q(pseudonym_key__regex=r"^[0-9a-f]{64}\Z"), name="publishing_key"
            ),
            models.CheckConstraint(
                condition=~Q(license=""),
                name="publishing_has_license",
                violation_error_message=_("Enter the license of the releases."),
            ),
        )

    def __str__(self) -> str:
        return f"Publishing of {self.campaign}"


class Release(ClaimableJob):
    """An immutable, checksummed export of a campaign.

    Its builder updates it by conditional updates under its claim. Once it is complete, saving may
    change only the fields in MUTABLE_FIELDS.
    """

    class Layout(models.TextChoices):
        V0_1 = "v0.1", "v0.1 (MSL NAVCAM, as first released)"
        V0_6 = "v0.6", "v0.6 (all missions)"

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        BUILDING = "building", "Being built"
        COMPLETE = "complete", "Complete"
        FAILED = "failed", "Failed"
        STOPPED = "stopped", "Stopped"

    waits_as = Status.QUEUED
    worked_on_as = Status.BUILDING
    stopped_as = Status.STOPPED

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(
        max_length=40,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
                "Letters, digits, dots, dashes and underscores, like 0.1 or 2026-11.",
            )
        ],
    )
    layout = models.CharField(max_length=8, choices=Layout.choices, default=Layout.V0_1)
    method = models.JSONField(
        default=dict, blank=True, help_text="A `MergeMethod` as JSON. Empty: the campaign's rule."
    )
    formats = models.JSONField(default=list, blank=True, help_text="Names of formats.")
    #: The only date in a release's files. The time of the build would change the files each time.
    released_on = models.DateField(default=date.today)
    #: Copied from the campaign, which may change later.
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    classes = models.JSONField(default=list, help_text="[code, name, color] of each class.")
    license = models.CharField(max_length=60, default="CC-BY-4.0")
    creators = models.JSONField(default=list, blank=True)
    credits = models.TextField(blank=True)
    homepage = models.URLField(blank=True)
    pseudonym_key = models.CharField(max_length=64, default=new_pseudonym_key, editable=False)
    previous = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    changes = models.JSONField(
        default=list, blank=True, help_text="Changes since the previous version."
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.TextField(blank=True)
    archive = models.FileField(upload_to="releases/", max_length=255, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)
    sums_sha256 = models.CharField(
        max_length=64,
        blank=True,
        help_text="SHA-256 of the file SHA256SUMS, which identifies the content.",
    )
    has_public_leaderboard = models.BooleanField(
        default=False,
        help_text="Everybody sees the model leaderboard, and every account may send predictions.",
    )
    software_version = models.CharField(
        max_length=40,
        blank=True,
        help_text="AI4Mars version that built the release. Empty: not built, or before 0.2.0.",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("campaign", "version"), name="release_version_once"),
            models.CheckConstraint(
                condition=Q(layout__in=("v0.1", "v0.6")),
                name="release_layout",
                violation_error_message=_("Choose the layout of the release."),
            ),
            models.CheckConstraint(
                condition=~Q(version=""),
                name="release_has_version",
                violation_error_message=_("Enter the version of the release."),
            ),
            models.CheckConstraint(
                condition=Q(status="complete", completed_at__isnull=False, sums_sha256__gt="")
                | Q(
                    status__in=("queued", "building", "failed", "stopped"),
                    completed_at__isnull=True,
                ),
                name="release_complete_has_sums",
            ),
            models.CheckConstraint(
                condition=Q(status="building", claim__isnull=False, heartbeat_at__isnull=False)
                | ~Q(status="building"),
                name="release_building_is_claimed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.campaign} {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the release.

        Raises:
            ReleaseNeverChanges: Saving would change a complete release.
        """
        with transaction.atomic():
            self._refuse_changes(kwargs.get("update_fields"))
            super().save(*args, **kwargs)

    def _refuse_changes(self, written: Iterable[str] | None) -> None:
        """Refuse values that would change the stored row of a complete release.

        The values with which this object was read do not help: it may have been read before the
        release was complete, or from another row.
        """
        complete = Release.objects.filter(pk=self.pk, status=Release.Status.COMPLETE)
        stored = complete.select_related("campaign").select_for_update(of=("self",)).first()
        if stored is None:
            return
        names = None if written is None else set(written)
        changed = [
            field.name
            for field in self._meta.concrete_fields
            if names is None or not names.isdisjoint((field.name, field.attname))
            if getattr(self, field.attname) != getattr(stored, field.attname)
        ]
        if not MUTABLE_FIELDS.issuperset(changed):
            raise ReleaseNeverChanges(
                f"{stored} is complete, and a release never changes ({', '.join(changed)}). "
                "Create a new version instead."
            )

    @property
    def percent(self) -> int:
        """The progress of the build, 0 to 100."""
        if self.status == self.Status.COMPLETE:
            return 100
        return self.done * 100 // self.total if self.total else 0


class ReleasePart(models.Model):
    """The files of one image of a release, made by a worker.

    A build that was stopped or killed continues with the images without a part. The parts of a
    complete release list its content, and what the next version can reuse.
    """

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="parts")
    product_id = models.CharField(max_length=200)
    split = models.CharField(max_length=5, blank=True)
    inputs = models.CharField(max_length=64, help_text="SHA-256 of all inputs.")
    files = LargeJSONField(help_text="[kind, path, SHA-256, bytes] of each file, in order.")
    fragments = LargeJSONField(
        default=dict, help_text="Format -> [SHA-256, bytes] of its fragment."
    )
    counted = LargeJSONField(help_text="Counts for the statistics.")
    labels = LargeJSONField(help_text='Accepted labels as "id:version", in order.')
    labelers = LargeJSONField(help_text="Pseudonyms of the labelers, by role.")
    merged_labels = models.PositiveIntegerField(
        null=True, blank=True, help_text="Number of merged labels. Empty: unknown or none."
    )
    imports = LargeJSONField(
        default=list, help_text="Imported content: `contents.Import` as plain values."
    )

    class Meta:
        ordering = ("release", "product_id")
        constraints = (
            models.UniqueConstraint(fields=("release", "product_id"), name="release_part_once"),
            models.CheckConstraint(
                condition=Q(split__in=("train", "test", "")), name="release_part_split"
            ),
            models.CheckConstraint(condition=~Q(inputs=""), name="release_part_has_inputs"),
        )
        indexes = (models.Index(fields=("inputs",), name="release_part_by_inputs"),)

    def __str__(self) -> str:
        return f"{self.product_id} of {self.release}"
