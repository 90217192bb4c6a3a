"""Merged masks: the labels of an image after the vote."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q

from labeling.models import Image

#: Grows when the same labels and parameters would be merged to another mask: all are stale then.
MERGE_METHOD = 1


class MergedMaskQuerySet(models.QuerySet["MergedMask"]):
    def current(self) -> Self:
        """Masks merged from the labels their image has now."""
        return self.filter(labels_version=F("image__labels_version"))


def merged_mask_path(merged: MergedMask, filename: str) -> str:
    """Return the name of a mask saved through its field; merges use `labeling.images.files`."""
    return f"campaign-{merged.image.campaign_id}/merged/{filename}"


class Variant(models.TextChoices):
    TRAIN = "train", "Crowd"
    GOLD_MIN1 = "gold-min1", "Gold, at least 1 expert"
    GOLD_MIN2 = "gold-min2", "Gold, at least 2 experts"
    GOLD_MIN3 = "gold-min3", "Gold, at least 3 experts"


_IS_VARIANT = Q(variant__in=("train", "gold-min1", "gold-min2", "gold-min3"))


class ImportedMask(models.Model):
    """A finished mask of another release, merged there from labels that are not here.

    It is no label and counts as none. It stands in for the image's own merged mask until as many
    labels as are wanted were drawn here (`services.merges.stands_in`).
    """

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="imported_masks")
    variant = models.CharField(max_length=10, choices=Variant.choices)
    mask = models.FileField(upload_to="imported-masks/", max_length=255)
    sha256 = models.CharField(max_length=64, help_text="Of the file.")
    labels = models.PositiveIntegerField(
        null=True, blank=True, help_text="That it was merged from. Empty: not known."
    )
    pixel_counts = models.JSONField(help_text="Pixels per class code.")
    source = models.CharField(max_length=200, help_text="The release that it came from.")
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ("image", "variant")
        constraints = (
            models.UniqueConstraint(fields=("image", "variant"), name="imported_mask_once"),
            models.CheckConstraint(condition=_IS_VARIANT, name="imported_mask_variant"),
            models.CheckConstraint(condition=~Q(source=""), name="imported_mask_has_source"),
        )

    def __str__(self) -> str:
        return f"{self.image} {self.variant}, from {self.source}"


class StoredMerge(models.Model):
    """The labels of one image after they were merged, in a file."""

    mask = models.FileField(max_length=255)
    pixel_counts = models.JSONField(help_text="Pixels per class code.")
    inputs = models.CharField(
        max_length=64,
        blank=True,
        help_text="SHA-256 of all it was made from: labels, parameters, version of the code. It is "
        "merged anew only when that has changed.",
    )
    merged_at = models.DateTimeField()

    class Meta:
        abstract = True


class MergedMask(StoredMerge):
    """One image's labels after the per-pixel vote (paper 3.3), of the crowd or of the experts.

    By the rule of its campaign, and by the gold rules: there is one of each. Of an image without
    labels enough, a mask that was imported finished.
    """

    Variant = Variant

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="merged_masks")
    variant = models.CharField(max_length=10, choices=Variant.choices)
    mask = models.FileField(upload_to=merged_mask_path, max_length=255)
    labels_version = models.PositiveIntegerField()
    rule = models.CharField(max_length=255)
    labelers = models.PositiveIntegerField(
        null=True, help_text="Accepted labels that went into the vote. Empty: not known."
    )
    imported = models.ForeignKey(
        ImportedMask,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="The mask that stands in for a merge of the image's own labels.",
    )

    objects = MergedMaskQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("image", "variant"), name="merged_mask_once"),
            models.CheckConstraint(condition=_IS_VARIANT, name="merged_mask_variant"),
            models.CheckConstraint(
                condition=Q(labelers__isnull=False) | Q(imported__isnull=False),
                name="merged_mask_counts_its_labels",
            ),
        )

    def __str__(self) -> str:
        return f"{self.image} {self.variant}"


class AlternativeMask(StoredMerge):
    """The crowd's labels of one image merged another way, for a release or for a comparison."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="alternative_masks")
    method = models.CharField(max_length=255, help_text="A `MergeMethod` as JSON, keys sorted.")
    labelers = models.PositiveIntegerField(help_text="Accepted labels that went into the vote.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("image", "method"), name="alternative_mask_once"),
            models.CheckConstraint(condition=~Q(method=""), name="alternative_mask_has_method"),
        )

    def __str__(self) -> str:
        return f"{self.image} {self.method}"


class MethodComparison(models.Model):
    """How the ways to merge differ on one image, for the page that compares them."""

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="method_comparison"
    )
    labels_version = models.PositiveIntegerField(help_text="Of the image, when compared.")
    rule = models.CharField(max_length=120, help_text="Of the campaign, when compared.")
    figures = models.JSONField(
        help_text='Of each way: its pixels by class ("counts") and how many it labels ("second"), '
        'that the campaign\'s rule labels ("first"), that both label ("both"), and with the same '
        'class ("same").'
    )
    compared_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.image} at {self.labels_version}"
