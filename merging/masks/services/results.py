"""How the crowd finally saw an image, for those who drew on it."""

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
    """The crowd's mask of an image beside one label of it."""

    merged: MergedMask
    agreements: list[ClassAgreement]


def is_ready(label: Label) -> bool:
    """Whether the crowd's result can be shown to who drew this label.

    Reads `label.image.campaign`. Experts' labels stay apart from the crowd's.
    """
    return label.role == Role.CROWD and policies.crowd_has_finished(label.image)


def reveal(actor: Actor, label: Label) -> bool:
    """Show the labeler the others' result: from now on the label is fixed.

    False when it is not ready, or was corrected since it was read.
    """
    return is_ready(label) and labels.lock(actor, label, Label.LockReason.RESULTS)


def merged_mask(label: Label) -> MergedMask:
    """The crowd's result on a label's image, merged anew where labels have changed since."""
    return merge_image(label.image_id)[MergedMask.Variant.TRAIN]


def crowd_view(label: Label) -> CrowdView:
    """The crowd's result, and how the label agrees with it."""
    merged = merged_mask(label)
    image = label.image
    with merged.mask.open("rb") as file:
        crowd = read_mask(file)
    mine = postprocessing.post_processed_mask(label, image, postprocessing.removed_pixels(image))
    return CrowdView(merged, agreement_by_class(mine, crowd, image.campaign.class_codes()))


def crowd_picture(merged: MergedMask) -> bytes:
    """The mask in the colors of its campaign, as a PNG that is clear where there is no label."""
    with merged.mask.open("rb") as file:
        mask = read_mask(file)
    classes = TerrainClass.objects.filter(campaign__images=merged.image_id)
    return class_png(mask, dict(classes.values_list("code", "color")))
