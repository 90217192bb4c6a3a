"""The crowd's result on an image, for the people who labeled it."""

from __future__ import annotations

from dataclasses import dataclass

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation import policies
from labeling.annotation.services import labels, postprocessing
from labeling.images.preparation.pictures import class_png, read_mask
from labeling.models import Label, Role, TerrainClass
from merging.masks.services.merges import merge_image
from merging.models import MergedMask
from terrain.metrics.mask_comparison import ClassAgreement, agreement_by_class


@dataclass(frozen=True, slots=True)
class CrowdView:
    """The crowd's mask of an image, and its agreement with one label of that image."""

    merged: MergedMask
    agreements: list[ClassAgreement]


def is_ready(label: Label) -> bool:
    """Return whether the crowd's result may be shown to the author of this label.

    Reads `label.image.campaign`. Experts' labels are never compared with the crowd's.
    """
    return label.role == Role.CROWD and policies.crowd_has_finished(label.image)


def reveal(actor: Actor, label: Label) -> bool:
    """Lock a label, so that its labeler may see the crowd's result.

    Returns:
        False if the result is not ready, or if the label was corrected after it was read.
    """
    return is_ready(label) and labels.lock(actor, label, Label.LockReason.RESULTS)


def merged_mask(label: Label) -> MergedMask:
    """Return the crowd's merged mask of a label's image, merged again if the labels changed."""
    return merge_image(label.image_id)[MergedMask.Variant.TRAIN]


def crowd_view(label: Label) -> CrowdView:
    """Return the crowd's mask and its agreement with the label, class by class."""
    merged = merged_mask(label)
    image = label.image
    with merged.mask.open("rb") as file:
        crowd = read_mask(file)
    mine = postprocessing.post_processed_mask(label, image, postprocessing.removed_pixels(image))
    return CrowdView(merged, agreement_by_class(mine, crowd, image.campaign.class_codes()))


def crowd_picture(merged: MergedMask) -> bytes:
    """Return the mask in the class colors of its campaign, as PNG, transparent where unlabeled."""
    with merged.mask.open("rb") as file:
        mask = read_mask(file)
    classes = TerrainClass.objects.filter(campaign__images=merged.image_id)
    return class_png(mask, dict(classes.values_list("code", "color")))
