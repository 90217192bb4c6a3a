"""Why the merged mask of an image is empty: the first reason that applies."""

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
    """Why masks are empty, by variant; a mask that has a labeled pixel is left out.

    `read` are all labels of the image, `imported` the variants that were imported and not merged.
    Pixels are looked at only where a mask is empty.
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
    is_train = variant == MergedMask.Variant.TRAIN
    role: str = Role.CROWD if is_train else Role.EXPERT
    counting = rasterized.counting(role)
    if not counting:
        blank = any(x.role == role and x.status == Label.Status.EMPTY for x in read)
        return Emptiness.REMOVED if blank else Emptiness.NO_LABELS
    minimum = GOLD_VARIANTS.index(variant) + 1 if not is_train else _minimum(method)
    if len(counting) < minimum:
        return Emptiness.TOO_FEW
    covered = [np.bitwise_or.reduce(planes, axis=0) for planes in rasterized.planes(role)]
    labelers = np.sum([np.unpackbits(words.view(np.uint8)) for words in covered], axis=0)
    if labelers.max(initial=0) < minimum:
        return Emptiness.APART
    return Emptiness.NO_MAJORITY


def _minimum(method: MergeMethod) -> int:
    return 1 if method.kind == Kind.RANDOM else method.rule.minimum
