"""Reasons why the merged mask of an image is empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from labeling.models import Label, Role
from merging.formats.contents.facts import GOLD_VARIANTS, Emptiness
from merging.masks.services.rasterized import Rasterized
from merging.models import MergedMask
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.masks import NO_LABEL
from terrain.postprocess import Mask


def reasons(
    rasterized: Rasterized,
    masks: Mapping[str, Mask],
    method: MergeMethod,
    read: list[Label],
    imported: Collection[str] = (),
) -> dict[str, str]:
    """Return why masks are empty, by variant. Masks with a labeled pixel are left out.

    Args:
        rasterized: The labels of the image.
        masks: The merged masks by variant.
        method: How the crowd's labels were merged.
        read: All labels of the image.
        imported: The variants that were imported and not merged.
    """
    return {
        variant: (
            Emptiness.IMPORTED
            if variant in imported
            else _reason(rasterized, variant, method, read)
        ).value
        for variant, mask in masks.items()
        if (mask == NO_LABEL).all()
    }


def _reason(
    rasterized: Rasterized, variant: str, method: MergeMethod, read: list[Label]
) -> Emptiness:
    """Return the first reason that applies to an empty mask."""
    is_train = variant == MergedMask.Variant.TRAIN
    role: str = Role.CROWD if is_train else Role.EXPERT
    accepted = rasterized.accepted(role)
    if not accepted:
        blank = any(x.role == role and x.status == Label.Status.EMPTY for x in read)
        return Emptiness.REMOVED if blank else Emptiness.NO_LABELS
    minimum = GOLD_VARIANTS.index(variant) + 1 if not is_train else _minimum(method)
    if len(accepted) < minimum:
        return Emptiness.TOO_FEW
    covered = [np.bitwise_or.reduce(planes, axis=0) for planes in rasterized.planes(role)]
    labelers = np.sum([np.unpackbits(words.view(np.uint8)) for words in covered], axis=0)
    if labelers.max(initial=0) < minimum:
        return Emptiness.APART
    return Emptiness.NO_MAJORITY


def _minimum(method: MergeMethod) -> int:
    return 1 if method.kind == Kind.RANDOM else method.rule.minimum
