"""The crowd's labels merged another way than by the campaign's rule: for releases, and to compare.

The masks of the campaign itself stay by its rule (`merges`). What is made here is kept beside them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from labeling.images.pictures import png_bytes
from labeling.models import Campaign, Image, Label, Role
from merging.masks.services import merges
from merging.masks.services.merges import Merged
from merging.masks.services.rasterized import Drawn
from merging.models import AlternativeMask, MergedMask, StoredMerge
from review.models import CampaignSkill, Rating
from review.skill import services
from review.skill.services import Matrices
from terrain.aggregation.majority import gold_rule
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.aggregation.weighted import (
    Known,
    Layers,
    decide,
    draw_lot,
    layers,
    merged_mask,
    rating_weight,
)
from terrain.skill.patterns import vote_runs

TRAIN = MergedMask.Variant.TRAIN.value


class MergeRefused(Exception):
    """Labels that cannot be merged this way; the sentence says why and what to do."""


def merged(image_id: int, method: MergeMethod) -> Mapping[str, StoredMerge]:
    """The image's merged masks by variant, the crowd's merged by this method.

    Gold images are merged by the gold rules, whatever the method; practice images are not merged.
    Made anew only where the labels, the method, what it weighs them by, or the code has changed.
    Raises MergeRefused where the method needs the labelers' skill and that is not known.
    """
    found = merge(Drawn(merges.processed(image_id)), method)
    return {variant: each.stored for variant, each in found.items()}


def merge(drawn: Drawn, method: MergeMethod) -> Mapping[str, Merged[Any]]:
    """`merged` of labels that are read or painted already, and post-processed.

    An imported mask that stands in for labels is the same whatever the method.
    """
    if drawn.image.pool != Image.Pool.CROWD or is_standing(drawn.image.campaign, method):
        return merges.merge(drawn)
    if any(merges.stands_in(drawn, recipe) for recipe in merges.recipes(drawn.image)):
        return merges.merge(drawn)
    return {TRAIN: _alternative(drawn, method)}


def standing(campaign: Campaign) -> MergeMethod:
    """How the campaign's own masks are merged."""
    return MergeMethod(Kind.VOTES, merges.rule_of(campaign))


def is_standing(campaign: Campaign, method: MergeMethod) -> bool:
    """Whether the campaign's own masks are merged by this method."""
    return method == standing(campaign)


def layers_of(image_id: int, method: MergeMethod) -> Layers:
    """Votes, labelers and confidence of an image, pixel by pixel, if merged by this method.

    Of a gold image they are the experts', of any other the crowd's. Raises MergeRefused as
    `merged` does.
    """
    return layers_from(Drawn(merges.processed(image_id)), method)


def layers_from(drawn: Drawn, method: MergeMethod) -> Layers:
    """`layers_of` labels that are read or painted already, and post-processed."""
    image = drawn.image
    role: str = Role.CROWD
    if image.pool == Image.Pool.GOLD:
        role, method = Role.EXPERT, MergeMethod(Kind.VOTES, gold_rule(1))
    runs = vote_runs(drawn.planes(role))
    known = _known(image, method, drawn.labels(role))
    decision = decide(runs.votes, len(drawn.codes), method, known)
    return layers(runs, decision, len(drawn.codes), (image.height, image.width))


def pinned(campaign: Campaign, method: MergeMethod) -> MergeMethod:
    """The method with the estimate of skill that is there now written into it.

    Labelers' skill is estimated anew as labels come. With a pinned method `merged` refuses another
    estimate, so that all images of a release are merged by one. Raises MergeRefused where skill is
    needed and not known.
    """
    if not method.needs_skill:
        return method
    return replace(method, skill=_estimate(campaign, "").identity)


def name_of(method: MergeMethod) -> str:
    """How a method is named in the database, whichever estimate of skill it uses."""
    return json.dumps(replace(method, skill="").to_json(), sort_keys=True)


def _alternative(drawn: Drawn, method: MergeMethod) -> Merged[AlternativeMask]:
    image = drawn.image
    counting = drawn.counting(Role.CROWD)
    made_from = _made_from(drawn, method, counting, _known(image, method, counting))
    present = AlternativeMask.objects.filter(image=image, method=name_of(method)).first()
    if present is not None and present.inputs == made_from and merges.is_there(present):
        return Merged(present)
    counting = drawn.labels(Role.CROWD)
    known = _known(image, method, counting)
    runs = vote_runs(drawn.planes(Role.CROWD))
    decision = decide(runs.votes, len(drawn.codes), method, known)
    mask = merged_mask(runs, decision, drawn.codes, (image.height, image.width))
    content = png_bytes(mask)
    stored = AlternativeMask(
        image=image,
        method=name_of(method),
        inputs=_made_from(drawn, method, counting, known),
        **merges.written(image, mask, content, len(counting)),
    )
    merges.put_row(stored, ("image", "method"))
    return Merged(stored, (mask, content))


def _made_from(drawn: Drawn, method: MergeMethod, counting: Sequence[Label], known: Known) -> str:
    """The sum of all that the mask is made from, with the numbers that votes are weighed by."""
    numbers = [known.weights, known.chosen]
    numbers += [None if each is None else each.tolist() for each in (known.prior, known.matrices)]
    return drawn.inputs(counting, method=name_of(method), known=numbers)


def _known(image: Image, method: MergeMethod, counting: Sequence[Label]) -> Known:
    """What the method has to know of these labels of the image."""
    if method.kind == Kind.RANDOM:
        names = [str(label.pk) for label in counting]
        return Known(chosen=draw_lot(method.seed, image.product_id, names))
    if method.kind == Kind.RATINGS:
        return Known(weights=_rating_weights(counting, method))
    if method.needs_skill:
        known = _estimate(image.campaign, method.skill).matrices
        labelers = [label.labeler_id for label in counting]
        return Known.of_skill(method, known.prior, known.of(labelers))
    return Known()


def _rating_weights(counting: Sequence[Label], method: MergeMethod) -> tuple[int, ...]:
    standing = Rating.objects.standing().filter(label__in=[label.pk for label in counting])
    ratings: dict[Any, list[int]] = {label.pk: [] for label in counting}
    for label, value in standing.values_list("label", "value"):
        ratings[label].append(value)
    return tuple(rating_weight(ratings[label.pk], method.weights) for label in counting)


@dataclass(frozen=True, slots=True)
class _Estimate:
    """What is known of a campaign's labelers, and which estimate that is."""

    identity: str
    matrices: Matrices


def _estimate(campaign: Campaign, wanted: str) -> _Estimate:
    """The stored estimate; with `wanted` only that very one."""
    stored = CampaignSkill.objects.filter(campaign=campaign).values_list(
        "label_set", "estimated_at"
    )
    label_set, estimated_at = stored.first() or ("", None)
    found = _read_estimate(campaign.pk, campaign.class_codes(), label_set, estimated_at)
    if found is None:
        raise MergeRefused(
            _(
                "Nothing is known of the skill of this campaign's labelers yet. Run `manage.py "
                "estimate_skill --campaign %(slug)s`, or merge by the votes alone."
            )
            % {"slug": campaign.slug}
        )
    if wanted and wanted != found.identity:
        raise MergeRefused(
            _(
                "The skill of the labelers was estimated anew since this was begun, because labels "
                "have changed. Begin again: then all images are merged by one estimate."
            )
        )
    return found


@lru_cache(maxsize=4)
def _read_estimate(
    campaign_id: int, codes: tuple[int, ...], label_set: str, estimated_at: object
) -> _Estimate | None:
    """Read once for many images of one estimate: there can be thousands of labelers."""
    matrices = services.matrices(Campaign.objects.get(pk=campaign_id))
    return None if matrices is None else _Estimate(label_set, matrices)
