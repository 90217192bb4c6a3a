"""Merged masks, kept in step with the labels they were made from (paper 3.3)."""

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

#: So many experts label a gold image (paper 3.1).
EXPERTS = 3


@dataclass(frozen=True, slots=True)
class Recipe:
    """Whose labels make a variant, and by which rule."""

    variant: str
    role: str
    rule: MergeRule


def recipes(image: Image) -> list[Recipe]:
    """What is merged for an image: three gold variants, or the crowd's train label.

    Gold images are never in the training set, so they have no train variant (paper 3.3); practice
    images have none at all.
    """
    if image.pool == Image.Pool.PRACTICE:
        return []
    if image.pool == Image.Pool.GOLD:
        return [
            Recipe(f"gold-min{minimum}", Role.EXPERT, gold_rule(minimum)) for minimum in (1, 2, 3)
        ]
    return [Recipe(MergedMask.Variant.TRAIN, Role.CROWD, rule_of(image.campaign))]


def rule_of(campaign: Campaign) -> MergeRule:
    """The rule by which a campaign's crowd is merged: the paper's, unless it was changed."""
    return MergeRule(campaign.merge_minimum, campaign.merge_percent, strict=True)


def default_method(campaign: Campaign) -> MergeMethod:
    """Return how the campaign's own masks are merged: by votes and its rule."""
    return MergeMethod(Kind.VOTES, rule_of(campaign))


def mergeable(campaign: Campaign) -> QuerySet[Image]:
    """Images with something to merge: all gold images, and crowd images with a label.

    A gold image on which nothing is left is still written, all 255; so is a crowd image whose
    labels are empty, and one with an imported mask. A crowd image nobody has labeled (or whose
    labels were all rejected) has no train label.
    """
    drawn = Label.objects.filter(image=OuterRef("pk")).crowd().in_use()
    imported = ImportedMask.objects.filter(image=OuterRef("pk"), variant=MergedMask.Variant.TRAIN)
    return (
        Image.objects.in_dataset()
        .filter(Q(pool=Image.Pool.GOLD) | Exists(drawn) | Exists(imported), campaign=campaign)
        .order_by("product_id")
    )


def wanted_labels(image: Image, role: str) -> int:
    """How many labels of a role an image is meant to have: from then on they replace an import."""
    return EXPERTS if role == Role.EXPERT else image.campaign.target_labels


def stands_in(rasterized: Rasterized, recipe: Recipe) -> ImportedMask | None:
    """The imported mask that is an image's merged mask, as long as labels are missing for one.

    An imported mask rests on labels that are not here, and cannot be merged with those that are.
    It stands until as many accepted labels as are wanted were drawn here; then these are merged.
    """
    given = rasterized.imported().get(recipe.variant)
    if given is None:
        return None
    wanted = wanted_labels(rasterized.image, recipe.role)
    return given if len(rasterized.counting(recipe.role)) < wanted else None


def merge_image(image_id: int) -> dict[str, MergedMask]:
    """The image's merged masks by variant, made anew only where what they are made from changed.

    Labels still waiting for post-processing are processed first, so what comes out is what the
    labels say now. Harmless to run twice or at once: the same labels give the same mask.
    """
    merged = merge(Rasterized(processed(image_id)))
    return {variant: each.stored for variant, each in merged.items()}


def merge(rasterized: Rasterized) -> dict[str, Merged[MergedMask]]:
    """Return what `merge_image` does of labels that are post-processed already."""
    image = rasterized.image
    present = {stored.variant: stored for stored in image.merged_masks.all()}
    done = {}
    for recipe in recipes(image):
        stored = present.pop(recipe.variant, None)
        given = stands_in(rasterized, recipe)
        made_from = _made_from(rasterized, recipe) if given is None else _imported_from(given)
        if stored is None or stored.inputs != made_from or not is_there(stored):
            done[recipe.variant] = (
                _store(rasterized, recipe) if given is None else _store_imported(image, given)
            )
            continue
        if stored.labels_version != image.labels_version:
            # Labels came and went; those that count are the same.
            stored.labels_version = image.labels_version
            stored.save(update_fields=("labels_version",))
        done[recipe.variant] = Merged(stored)
    if present:
        image.merged_masks.filter(variant__in=list(present)).delete()
    return done


def processed(image_id: int) -> Image:
    """The image, all of whose labels are post-processed."""
    labels.process_image(image_id)
    return Image.objects.select_related("campaign").get(pk=image_id)


def is_there(stored: StoredMerge) -> bool:
    """Whether the mask's file is where the row says."""
    name = stored.mask.name
    return bool(name and stored.mask.storage.exists(name))


Stored = TypeVar("Stored", bound=StoredMerge)


@dataclass(frozen=True, slots=True)
class Merged(Generic[Stored]):
    """A merged mask that is stored, with its pixels and its file where it was made just now."""

    stored: Stored
    made: tuple[Mask, bytes] | None = None

    @property
    def imported(self) -> ImportedMask | None:
        """The imported mask that it is, where nothing was merged."""
        return self.stored.imported if isinstance(self.stored, MergedMask) else None

    def content(self) -> tuple[Mask, bytes]:
        """The mask, uint8 (height, width), and its PNG."""
        if self.made is not None:
            return self.made
        with self.stored.mask.open("rb") as file:
            if isinstance(self.stored, MergedMask) and self.stored.imported_id is not None:
                content = file.read()
                return read_mask(io.BytesIO(content)), content
            mask = read_mask(file)
        # Encoded anew: an older version of the encoder may have written the file.
        return mask, png_bytes(mask)


def written(image: Image, merged: Mask, content: bytes, labelers: int) -> dict[str, Any]:
    """Write a merged mask to its file; what the columns of `StoredMerge` say of it.

    `content` is its PNG. The file's name is its sum: two workers that merge the same labels
    write the same file, and a file that a release is being copied from never changes under it:
    what is there whole is left as it is.
    """
    return {
        "mask": keep(image.campaign_id, "merged", content, ".png"),
        "labelers": labelers,
        "pixel_counts": {str(c): n for c, n in pixels_per_class(merged).items()},
        "merged_at": timezone.now(),
    }


def _made_from(rasterized: Rasterized, recipe: Recipe) -> str:
    return rasterized.inputs(rasterized.counting(recipe.role), rule=str(recipe.rule))


def _store(rasterized: Rasterized, recipe: Recipe) -> Merged[MergedMask]:
    image = rasterized.image
    shape = (image.height, image.width)
    planes = rasterized.planes(recipe.role)
    mask = merge_planes(planes, rasterized.codes, recipe.rule, shape=shape)
    content = png_bytes(mask)
    stored = MergedMask(
        image=image,
        variant=recipe.variant,
        inputs=_made_from(rasterized, recipe),
        labels_version=image.labels_version,
        rule=str(recipe.rule),
        **written(image, mask, content, len(planes)),
    )
    put_row(stored, ("image", "variant"))
    return Merged(stored, (mask, content))


def _imported_from(given: ImportedMask) -> str:
    told = ["imported", given.pk, given.sha256, given.labels, given.source]
    return sha256(json.dumps(told).encode())


def _store_imported(image: Image, given: ImportedMask) -> Merged[MergedMask]:
    stored = MergedMask(
        image=image,
        variant=given.variant,
        inputs=_imported_from(given),
        labels_version=image.labels_version,
        rule=f"imported from {given.source}",
        imported=given,
        mask=given.mask.name,
        labelers=given.labels,
        pixel_counts=given.pixel_counts,
        merged_at=given.imported_at,
    )
    put_row(stored, ("image", "variant"))
    return Merged(stored)


def put_row(stored: StoredMerge, unique: Collection[str]) -> None:
    """Write a row in place of the one that has the same `unique` fields, if there is one."""
    model = type(stored)
    fields = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    model._default_manager.bulk_create(
        [stored],
        update_conflicts=True,
        unique_fields=unique,
        update_fields=[name for name in fields if name not in unique],
    )
