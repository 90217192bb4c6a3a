"""Merged masks, kept up to date with the labels they are made from (paper 3.3)."""

from __future__ import annotations

import io
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from labeling.annotation.services import labels
from labeling.images.files import keep
from labeling.images.preparation.pictures import png_bytes, read_mask
from labeling.models import Campaign, Image, Label, Role
from merging.formats.storage.checksums import sha256
from merging.masks.services.rasterized import Rasterized
from merging.models import ImportedMask, MergedMask, StoredMerge
from terrain.aggregation.majority import MergeRule, gold_rule, merge_planes
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.postprocess import Mask, pixels_per_class

#: The number of experts who label a gold image (paper 3.1).
EXPERTS = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one variant is merged: the role of its labelers, and the rule."""

    variant: str
    role: str
    rule: MergeRule


def recipes(image: Image) -> list[Recipe]:
    """Return what to merge for an image: three gold variants, or the crowd's train mask.

    Gold images are never in the training set, so they have no train variant (paper 3.3). Practice
    images have no merged masks.
    """
    if image.pool == Image.Pool.PRACTICE:
        return []
    if image.pool == Image.Pool.GOLD:
        return [
            Recipe(f"gold-min{minimum}", Role.EXPERT, gold_rule(minimum)) for minimum in (1, 2, 3)
        ]
    return [Recipe(MergedMask.Variant.TRAIN, Role.CROWD, rule_of(image.campaign))]


def rule_of(campaign: Campaign) -> MergeRule:
    """Return the campaign's merge rule for the crowd: the paper's, unless a manager changed it."""
    return MergeRule(campaign.merge_minimum, campaign.merge_percent, strict=True)


def default_method(campaign: Campaign) -> MergeMethod:
    """Return the campaign's default method, which makes its own masks: a vote with the campaign's
    rule.
    """
    return MergeMethod(Kind.VOTES, rule_of(campaign))


def mergeable(campaign: Campaign) -> QuerySet[Image]:
    """Return the images that have a merged mask: all gold images, and crowd images with a label.

    A gold image without any labeled pixel still gets a mask, all 255. So does a crowd image whose
    labels are empty, or one with an imported mask. A crowd image without a label, or whose labels
    were all rejected, has no train mask.
    """
    drawn = Label.objects.filter(image=OuterRef("pk")).crowd().in_use()
    imported = ImportedMask.objects.filter(image=OuterRef("pk"), variant=MergedMask.Variant.TRAIN)
    return (
        Image.objects.in_dataset()
        .filter(Q(pool=Image.Pool.GOLD) | Exists(drawn) | Exists(imported), campaign=campaign)
        .order_by("product_id")
    )


def required_labels(image: Image, role: str) -> int:
    """Return how many labels of a role are required to replace the imported mask of an image."""
    return EXPERTS if role == Role.EXPERT else image.campaign.target_labels


def imported_substitute(rasterized: Rasterized, recipe: Recipe) -> ImportedMask | None:
    """Return the imported mask to use while an image has too few labels to merge, or None.

    An imported mask was made from labels that are not stored here, so it cannot be merged with
    labels that are. It is used until the image has its required number of accepted labels. From
    then on these are merged.
    """
    imported = rasterized.imported().get(recipe.variant)
    if imported is None:
        return None
    required = required_labels(rasterized.image, recipe.role)
    return imported if len(rasterized.accepted(recipe.role)) < required else None


def merge_image(image_id: int) -> dict[str, MergedMask]:
    """Return the image's merged masks by variant. Merge again only where the inputs changed.

    Labels that await post-processing are processed first. Repeated or concurrent calls give the
    same masks.
    """
    merged = merge(Rasterized(post_processed_image(image_id)))
    return {variant: each.stored for variant, each in merged.items()}


def merge(rasterized: Rasterized) -> dict[str, Merged[MergedMask]]:
    """Merge labels that are post-processed already, as `merge_image` does."""
    image = rasterized.image
    stored_masks = {stored.variant: stored for stored in image.merged_masks.all()}
    merged = {}
    for recipe in recipes(image):
        stored = stored_masks.pop(recipe.variant, None)
        imported = imported_substitute(rasterized, recipe)
        made_from = (
            _inputs_hash(rasterized, recipe) if imported is None else _imported_from(imported)
        )
        if stored is None or stored.inputs != made_from or not file_exists(stored):
            merged[recipe.variant] = (
                _store(rasterized, recipe) if imported is None else _store_imported(image, imported)
            )
            continue
        if stored.labels_version != image.labels_version:
            # Labels were added or removed, but the accepted ones are the same.
            stored.labels_version = image.labels_version
            stored.save(update_fields=("labels_version",))
        merged[recipe.variant] = Merged(stored)
    if stored_masks:
        image.merged_masks.filter(variant__in=list(stored_masks)).delete()
    return merged


def post_processed_image(image_id: int) -> Image:
    """Post-process all labels of an image and return the image."""
    labels.process_image(image_id)
    return Image.objects.select_related("campaign").get(pk=image_id)


def file_exists(stored: StoredMerge) -> bool:
    """Return whether the stored mask has its file."""
    name = stored.mask.name
    return bool(name and stored.mask.storage.exists(name))


Stored = TypeVar("Stored", bound=StoredMerge)


@dataclass(frozen=True, slots=True)
class Merged(Generic[Stored]):
    """A stored merged mask; `made` has its pixels and PNG file if it was merged just now."""

    stored: Stored
    made: tuple[Mask, bytes] | None = None

    @property
    def imported(self) -> ImportedMask | None:
        """The imported mask that is used instead of a merge, or None."""
        return self.stored.imported if isinstance(self.stored, MergedMask) else None

    def content(self) -> tuple[Mask, bytes]:
        """Return the mask, uint8 (height, width), and its PNG file."""
        if self.made is not None:
            return self.made
        with self.stored.mask.open("rb") as file:
            if isinstance(self.stored, MergedMask) and self.stored.imported_id is not None:
                content = file.read()
                return read_mask(io.BytesIO(content)), content
            mask = read_mask(file)
        # Encode again: an older version of the encoder may have written the file.
        return mask, png_bytes(mask)


def write_mask(image: Image, merged: Mask, content: bytes, labelers: int) -> dict[str, Any]:
    """Write a merged mask to its file and return the values of the columns of `StoredMerge`.

    The file is named after its checksum. Two workers that merge the same labels write the same
    file, and a file never changes while a release copies it. An intact file is not written again.

    Args:
        image: The image that was merged.
        merged: The mask, uint8 (height, width).
        content: The mask as PNG.
        labelers: The number of labels that went into the vote.
    """
    return {
        "mask": keep(image.campaign_id, "merged", content, ".png"),
        "labelers": labelers,
        "pixel_counts": {str(c): n for c, n in pixels_per_class(merged).items()},
        "merged_at": timezone.now(),
    }


def _inputs_hash(rasterized: Rasterized, recipe: Recipe) -> str:
    return rasterized.inputs(rasterized.accepted(recipe.role), rule=str(recipe.rule))


def _store(rasterized: Rasterized, recipe: Recipe) -> Merged[MergedMask]:
    image = rasterized.image
    shape = (image.height, image.width)
    planes = rasterized.planes(recipe.role)
    mask = merge_planes(planes, rasterized.codes, recipe.rule, shape=shape)
    content = png_bytes(mask)
    stored = MergedMask(
        image=image,
        variant=recipe.variant,
        inputs=_inputs_hash(rasterized, recipe),
        labels_version=image.labels_version,
        rule=str(recipe.rule),
        **write_mask(image, mask, content, len(planes)),
    )
    upsert(stored, ("image", "variant"))
    return Merged(stored, (mask, content))


def _imported_from(imported: ImportedMask) -> str:
    identity = ["imported", imported.pk, imported.sha256, imported.labels, imported.source]
    return sha256(json.dumps(identity).encode())


def _store_imported(image: Image, imported: ImportedMask) -> Merged[MergedMask]:
    stored = MergedMask(
        image=image,
        variant=imported.variant,
        inputs=_imported_from(imported),
        labels_version=image.labels_version,
        rule=f"imported from {imported.source}",
        imported=imported,
        mask=imported.mask.name,
        labelers=imported.labels,
        pixel_counts=imported.pixel_counts,
        merged_at=imported.imported_at,
    )
    upsert(stored, ("image", "variant"))
    return Merged(stored)


def upsert(stored: StoredMerge, unique: Collection[str]) -> None:
    """Insert a row, or replace the row that has the same `unique` fields."""
    model = type(stored)
    fields = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._default_manager.bulk_create(
        [stored],
        update_conflicts=True,
        unique_fields=unique,
        update_fields=[name for name in fields if name not in unique],
    )
