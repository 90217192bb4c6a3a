"""Merged masks: the result of the vote of all labels of an image."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q

from labeling.models import Image

#: Increase it when the same labels and parameters give another mask: all masks are then stale.
MERGE_METHOD = 1


class MergedMaskQuerySet(models.QuerySet["MergedMask"]):
    def current(self) -> Self:
        """Return the masks that were merged from the current labels of their image."""
        return self.filter(labels_version=F("image__labels_version"))


def merged_mask_path(merged: MergedMask, filename: str) -> str:
    """Return the file name of a mask saved through its field.

    Merges use `labeling.images.files`.
    """
    return f"campaign-{merged.image.campaign_id}/merged/{filename}"


class Variant(models.TextChoices):
    TRAIN = "train", "Crowd"
    GOLD_MIN1 = "gold-min1", "Gold, at least 1 expert"
    GOLD_MIN2 = "gold-min2", "Gold, at least 2 experts"
    GOLD_MIN3 = "gold-min3", "Gold, at least 3 experts"


_IS_VARIANT = Q(variant__in=("train", "gold-min1", "gold-min2", "gold-min3"))


class ImportedMask(models.Model):
    """A finished mask of another release, merged there from labels that are not stored here.

    It does not count as a label. It is used instead of the image's own merged mask until the image
    has enough labels (`services.merges.imported_substitute`).
    """

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="imported_masks")
    variant = models.CharField(max_length=10, choices=Variant.choices)
    mask = models.FileField(upload_to="imported-masks/", max_length=255)
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    labels = models.PositiveIntegerField(
        null=True, blank=True, help_text="Number of merged labels. Empty: unknown."
    )
    pixel_counts = models.JSONField(help_text="Pixels per class code.")
    source = models.CharField(max_length=200, help_text="The release it was imported from.")
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
    """A merged mask of one image, stored in a file."""

    mask = models.FileField(max_length=255)
    pixel_counts = models.JSONField(help_text="Pixels per class code.")
    inputs = models.CharField(
        max_length=64,
        blank=True,
        help_text="SHA-256 of all inputs: labels, parameters, code version. The labels are merged "
        "again only when it changes.",
    )
    merged_at = models.DateTimeField()

    class Meta:
        abstract = True


class MergedMask(StoredMerge):
    """The merged mask of an image by the per-pixel vote of the crowd or the experts (paper 3.3).

    There is one for each variant, merged by the campaign's rule or a gold rule. An image with too
    few labels may have an imported mask instead.
    """

    Variant = Variant

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="merged_masks")
    variant = models.CharField(max_length=10, choices=Variant.choices)
    mask = models.FileField(upload_to=merged_mask_path, max_length=255)
    labels_version = models.PositiveIntegerField()
    rule = models.CharField(max_length=255)
    labelers = models.PositiveIntegerField(
        null=True, help_text="Number of merged labels. Empty: unknown."
    )
    imported = models.ForeignKey(
        ImportedMask,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="The imported mask that is used instead of merged labels.",
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
    """The crowd's labels of one image, merged by a method that is not the campaign's default."""

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="alternative_masks")
    method = models.CharField(max_length=255, help_text="A `MergeMethod` as JSON, keys sorted.")
    labelers = models.PositiveIntegerField(help_text="Number of merged labels.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("image", "method"), name="alternative_mask_once"),
            models.CheckConstraint(condition=~Q(method=""), name="alternative_mask_has_method"),
        )

    def __str__(self) -> str:
        return f"{self.image} {self.method}"


class MethodComparison(models.Model):
    """The differences of the merge methods on one image, for the page that compares methods."""

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="method_comparison"
    )
    labels_version = models.PositiveIntegerField(
        help_text="Labels version of the image when it was compared."
    )
    rule = models.CharField(max_length=120, help_text="Merge rule of the campaign at that time.")
    figures = models.JSONField(
        help_text='For each method: pixels by class ("counts"); pixels labeled by it ("second"), '
        'by the campaign\'s rule ("first"), by both ("both"), and by both with the same class '
        '("same").'
    )
    compared_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.image} at {self.labels_version}"
