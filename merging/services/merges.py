"""Merged masks, kept in step with the labels they were made from (paper 3.3)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from labeling.files import put
from labeling.models import Campaign, Image, Label, Role
from labeling.pictures import png_bytes
from labeling.postprocess import Mask, pixels_per_class
from labeling.services import labels, postprocessing
from merging.models import MERGE_METHOD, MergedMask, StoredMerge
from merging.release.checksums import sha256
from merging.votes import MergeRule, gold_rule, merge_masks


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


def mergeable(campaign: Campaign) -> QuerySet[Image]:
    """Images with something to merge: all gold images, and crowd images with a label.

    A gold image on which nothing is left is still written, all 255; so is a crowd image whose
    labels are empty. A crowd image nobody has labeled (or whose labels were all rejected) has no
    train label.
    """
    drawn = Label.objects.filter(
        image=OuterRef("pk"),
        role=Role.CROWD,
        status__in=(Label.Status.ACCEPTED, Label.Status.EMPTY, Label.Status.RECEIVED),
    )
    return (
        Image.objects.in_dataset()
        .filter(Q(pool=Image.Pool.GOLD) | Exists(drawn), campaign=campaign)
        .order_by("product_id")
    )


def merge_image(image_id: int) -> dict[str, MergedMask]:
    """The image's merged masks by variant, made anew only where what they are made from changed.

    Labels still waiting for post-processing are processed first, so what comes out is what the
    labels say now. Harmless to run twice or at once: the same labels give the same mask.
    """
    image = processed(image_id)
    wanted = recipes(image)
    present = {merged.variant: merged for merged in image.merged_masks.all() if is_there(merged)}
    counting = {recipe.role: list(who_counts(image, recipe.role)) for recipe in wanted}
    drawn: dict[str, _Drawn] = {}
    done: dict[str, MergedMask] = {}
    for recipe in wanted:
        merged = present.get(recipe.variant)
        if merged is None or merged.inputs != _made_from(image, recipe, counting[recipe.role]):
            if recipe.role not in drawn:
                drawn[recipe.role] = _Drawn.read(image, recipe.role)
            merged = _store(image, recipe, drawn[recipe.role])
        elif merged.labels_version != image.labels_version:
            # Labels came and went; those that count are the same.
            merged.labels_version = image.labels_version
            merged.save(update_fields=("labels_version",))
        done[recipe.variant] = merged
    image.merged_masks.exclude(variant__in=list(done)).delete()
    return done


def processed(image_id: int) -> Image:
    """The image, all of whose labels are post-processed."""
    labels.process_image(image_id)
    return Image.objects.select_related("campaign").get(pk=image_id)


def is_there(stored: StoredMerge) -> bool:
    """Whether the mask's file is where the row says."""
    name = stored.mask.name
    return bool(name and stored.mask.storage.exists(name))


def who_counts(image: Image, role: str) -> QuerySet[Label]:
    """The labels that go into a merge, in a fixed order, without their polygons."""
    return image.labels.accepted().filter(role=role).order_by("pk").defer("polygons")


def inputs(image: Image, counting: Sequence[Label], **parameters: Any) -> str:
    """SHA-256 of all that decides what a merged mask looks like.

    A label is told by its id and version, and by its time of sending: one that was imported,
    deleted and imported again has the same id, and perhaps other polygons. `parameters` are plain
    values.
    """
    made_from = {
        "code": MERGE_METHOD,
        "classes": image.campaign.class_codes(),
        "size": [image.width, image.height],
        "masks": [image.rover_mask.name, image.range_mask.name],
        "labels": [[str(x.pk), x.version, x.sent_at.isoformat()] for x in counting],
        **parameters,
    }
    return sha256(json.dumps(made_from, sort_keys=True).encode())


def written(image: Image, folder: str, merged: Mask, labelers: int) -> dict[str, Any]:
    """Write a merged mask to its file; what the columns of `StoredMerge` say of it.

    The name holds the content's sum: two workers that merge the same labels write the same file,
    and a file that a release is being copied from never changes under it: what is there whole is
    left as it is.
    """
    content = png_bytes(merged)
    name = f"{image.product_id}.{sha256(content)[:12]}.png"
    path = f"campaigns/{image.campaign.slug}/merged/{folder}/{name}"
    if not (default_storage.exists(path) and default_storage.size(path) == len(content)):
        put(path, content)
    return {
        "mask": path,
        "labelers": labelers,
        "pixel_counts": {str(c): n for c, n in pixels_per_class(merged).items()},
        "merged_at": timezone.now(),
    }


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The labels of a role as pixels."""

    labels: list[Label]
    masks: list[Mask]

    @staticmethod
    def read(image: Image, role: str) -> _Drawn:
        drawn = list(who_counts(image, role).defer(None))
        removed = postprocessing.removed_pixels(image)
        masks = [postprocessing.post_processed_mask(label, image, removed) for label in drawn]
        return _Drawn(drawn, masks)


def _made_from(image: Image, recipe: Recipe, counting: Sequence[Label]) -> str:
    return inputs(image, counting, rule=str(recipe.rule))


def _store(image: Image, recipe: Recipe, drawn: _Drawn) -> MergedMask:
    shape = (image.height, image.width)
    merged = merge_masks(drawn.masks, image.campaign.class_codes(), recipe.rule, shape=shape)
    columns = written(image, recipe.variant, merged, len(drawn.labels))
    with transaction.atomic():
        stored, _ = MergedMask.objects.update_or_create(
            image=image,
            variant=recipe.variant,
            defaults={
                **columns,
                "inputs": _made_from(image, recipe, drawn.labels),
                "labels_version": image.labels_version,
                "rule": str(recipe.rule),
            },
        )
    return stored
