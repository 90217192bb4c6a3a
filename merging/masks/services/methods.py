"""The crowd's labels merged by any merge method: for releases, and to compare methods.

The campaign's own method makes the campaign's own masks (`merges`). What another method makes is
kept beside them (`AlternativeMask`), and leaves them as they are.
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
from merging.masks.services.weighing import known_of
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
    """Return the image's merged masks by variant, the crowd's merged by this method.

    Gold images are merged by the gold rules, whatever the method; practice images are not merged.
    Made again only if the labels, the method, its weights or the code have changed.
    Raises MergeRefused where the method needs the labelers' skill and that is not known.
    """
    found = merge(Rasterized(merges.processed(image_id)), method)
    return {variant: each.stored for variant, each in found.items()}


def merge(
    rasterized: Rasterized, method: MergeMethod
) -> Mapping[str, Merged[MergedMask] | Merged[AlternativeMask]]:
    """Return what `merge_image` does of labels that are post-processed already."""
    if _is_as_by_default(rasterized, method):
        return merges.merge(rasterized)
    return {TRAIN: _merge_otherwise(rasterized, method)}


def _is_as_by_default(rasterized: Rasterized, method: MergeMethod) -> bool:
    """Whether an image's masks are the campaign's own with this method.

    So are those of all but the crowd, and an imported mask that stands in for labels.
    """
    image = rasterized.image
    if image.pool != Image.Pool.CROWD or method == merges.default_method(image.campaign):
        return True
    return any(merges.stands_in(rasterized, recipe) for recipe in merges.recipes(image))


def layers_of(image_id: int, method: MergeMethod) -> Layers:
    """Return votes, labelers and confidence of an image, pixel by pixel, if merged by this method.

    Of a gold image they are the experts', of any other the crowd's. Raises MergeRefused as
    `merge_image` does.
    """
    return layers_from(Rasterized(merges.processed(image_id)), method)


def layers_from(rasterized: Rasterized, method: MergeMethod) -> Layers:
    """Return what `layers_of` does of labels that are post-processed already."""
    image = rasterized.image
    role: str = Role.CROWD
    if image.pool == Image.Pool.GOLD:
        role, method = Role.EXPERT, MergeMethod(Kind.VOTES, gold_rule(1))
    runs = vote_runs(rasterized.planes(role))
    known = known_of(image, method, rasterized.counting(role))
    classes = len(rasterized.codes)
    decision = decide_patterns(runs.votes, classes, method, known)
    return merge_layers(runs, decision, classes, (image.height, image.width))


def name_of(method: MergeMethod) -> str:
    """Return how a method is named in the database, whichever estimate of skill it uses."""
    return json.dumps(replace(method, skill="").to_json(), sort_keys=True)


def _merge_otherwise(rasterized: Rasterized, method: MergeMethod) -> Merged[AlternativeMask]:
    """Merge the crowd's labels by a method that is not the campaign's own, where not done yet."""
    image = rasterized.image
    counting = rasterized.counting(Role.CROWD)
    made_from = _made_from(rasterized, method, counting, known_of(image, method, counting))
    present = AlternativeMask.objects.filter(image=image, method=name_of(method)).first()
    if present is not None and present.inputs == made_from and merges.is_there(present):
        return Merged(present)
    runs = vote_runs(rasterized.planes(Role.CROWD))
    # What was read with the planes may be newer.
    counting = rasterized.counting(Role.CROWD)
    known = known_of(image, method, counting)
    decision = decide_patterns(runs.votes, len(rasterized.codes), method, known)
    mask = merged_mask(runs, decision, rasterized.codes, (image.height, image.width))
    content = png_bytes(mask)
    stored = AlternativeMask(
        image=image,
        method=name_of(method),
        inputs=_made_from(rasterized, method, counting, known),
        **merges.written(image, mask, content, len(counting)),
    )
    merges.put_row(stored, ("image", "method"))
    return Merged(stored, (mask, content))


def _made_from(
    rasterized: Rasterized, method: MergeMethod, counting: Sequence[Label], known: MergeInputs
) -> str:
    """Return the sum of all that a mask is made from, with the numbers that weigh votes."""
    numbers = [known.weights, known.chosen]
    numbers += [None if each is None else each.tolist() for each in (known.prior, known.matrices)]
    return rasterized.inputs(counting, method=name_of(method), known=numbers)
