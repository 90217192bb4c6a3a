"""Merging the crowd's labels by any merge method, for releases and for comparisons.

The default method makes the campaign's own masks (`merges`). Masks of other methods are stored
separately (`AlternativeMask`) and never change those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from labeling.images.preparation.pictures import png_bytes
from labeling.models import Image, Label, Role
from merging.masks.services import merges
from merging.masks.services.merges import Merged
from merging.masks.services.rasterized import Rasterized
from merging.masks.services.weighing import method_inputs
from merging.models import AlternativeMask, MergedMask, StoredMerge
from terrain.aggregation.majority import gold_rule
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.aggregation.weighted import (
    Layers,
    MergeInputs,
    decide_patterns,
    merge_layers,
    merged_mask,
)
from terrain.skill.patterns import vote_runs

TRAIN = MergedMask.Variant.TRAIN.value


def merge_image(image_id: int, method: MergeMethod) -> Mapping[str, StoredMerge]:
    """Return the image's merged masks by variant, with the crowd's labels merged by this method.

    Gold images are always merged by the gold rules. Practice images are not merged. A mask is made
    again only if the labels, the method, its weights or the code changed.

    Raises:
        MergeRefused: The method needs the labelers' skill, and there is no estimate.
    """
    found = merge(Rasterized(merges.post_processed_image(image_id)), method)
    return {variant: each.stored for variant, each in found.items()}


def merge(
    rasterized: Rasterized, method: MergeMethod
) -> Mapping[str, Merged[MergedMask] | Merged[AlternativeMask]]:
    """Merge labels that are post-processed already, as `merge_image` does."""
    if _uses_default_masks(rasterized, method):
        return merges.merge(rasterized)
    return {TRAIN: _merge_by_other_method(rasterized, method)}


def _uses_default_masks(rasterized: Rasterized, method: MergeMethod) -> bool:
    """Return whether the campaign's own masks are the result of this method.

    They are if the method is the default, for all images outside the crowd's pool, and for images
    that use an imported mask.
    """
    image = rasterized.image
    if image.pool != Image.Pool.CROWD or method == merges.default_method(image.campaign):
        return True
    return any(merges.imported_substitute(rasterized, recipe) for recipe in merges.recipes(image))


def image_layers(image_id: int, method: MergeMethod) -> Layers:
    """Return votes, labelers and confidence of an image, pixel by pixel, for this method.

    For a gold image these count the experts' labels, for any other image the crowd's.

    Raises:
        MergeRefused: The method needs the labelers' skill, and there is no estimate.
    """
    return rasterized_layers(Rasterized(merges.post_processed_image(image_id)), method)


def rasterized_layers(rasterized: Rasterized, method: MergeMethod) -> Layers:
    """Return the layers of labels that are post-processed already, as `image_layers` does."""
    image = rasterized.image
    role: str = Role.CROWD
    if image.pool == Image.Pool.GOLD:
        role, method = Role.EXPERT, MergeMethod(Kind.VOTES, gold_rule(1))
    runs = vote_runs(rasterized.planes(role))
    known = method_inputs(image, method, rasterized.accepted(role))
    classes = len(rasterized.codes)
    decision = decide_patterns(runs.votes, classes, method, known)
    return merge_layers(runs, decision, classes, (image.height, image.width))


def method_key(method: MergeMethod) -> str:
    """Return the key of a method in the database. It does not depend on the skill estimate."""
    return json.dumps(replace(method, skill="").to_json(), sort_keys=True)


def _merge_by_other_method(rasterized: Rasterized, method: MergeMethod) -> Merged[AlternativeMask]:
    """Merge the crowd's labels by a method other than the default, unless this is done already."""
    image = rasterized.image
    accepted = rasterized.accepted(Role.CROWD)
    made_from = _inputs_hash(rasterized, method, accepted, method_inputs(image, method, accepted))
    present = AlternativeMask.objects.filter(image=image, method=method_key(method)).first()
    if present is not None and present.inputs == made_from and merges.file_exists(present):
        return Merged(present)
    runs = vote_runs(rasterized.planes(Role.CROWD))
    # The labels that were read with the planes may be newer.
    accepted = rasterized.accepted(Role.CROWD)
    known = method_inputs(image, method, accepted)
    decision = decide_patterns(runs.votes, len(rasterized.codes), method, known)
    mask = merged_mask(runs, decision, rasterized.codes, (image.height, image.width))
    content = png_bytes(mask)
    stored = AlternativeMask(
        image=image,
        method=method_key(method),
        inputs=_inputs_hash(rasterized, method, accepted, known),
        **merges.write_mask(image, mask, content, len(accepted)),
    )
    merges.upsert(stored, ("image", "method"))
    return Merged(stored, (mask, content))


def _inputs_hash(
    rasterized: Rasterized, method: MergeMethod, accepted: Sequence[Label], known: MergeInputs
) -> str:
    """Return the SHA-256 of everything that determines a mask, including the votes' weights."""
    numbers = [known.weights, known.chosen]
    numbers += [None if each is None else each.tolist() for each in (known.prior, known.matrices)]
    return rasterized.inputs(accepted, method=method_key(method), known=numbers)
