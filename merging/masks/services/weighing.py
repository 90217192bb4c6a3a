"""What a merge method needs besides the labels: the random choice, ratings, or skill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from ai4mars_site.toolkit.errors import Conflict
from labeling.models import Campaign, Image, Label
from review.models import CampaignSkill, Rating
from review.skill import services
from review.skill.services import Matrices
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.aggregation.weighted import MergeInputs, random_label, rating_weight


class MergeRefused(Conflict):
    """The merge method cannot be used on these labels."""

    code = "merge_refused"


def method_inputs(image: Image, method: MergeMethod, accepted: Sequence[Label]) -> MergeInputs:
    """Return what the method needs to know about these labels of the image.

    Raises:
        MergeRefused: The method needs the labelers' skill, and there is no estimate.
    """
    if method.kind == Kind.RANDOM:
        names = [str(label.pk) for label in accepted]
        return MergeInputs(chosen=random_label(method.seed, image.product_id, names))
    if method.kind == Kind.RATINGS:
        return MergeInputs(weights=_rating_weights(accepted, method))
    if method.needs_skill:
        known = _estimate(image.campaign, method.skill).matrices
        labelers = [label.labeler_id for label in accepted]
        return MergeInputs.of_skill(method, known.prior, known.of(labelers))
    return MergeInputs()


def pin_skill_estimate(campaign: Campaign, method: MergeMethod) -> MergeMethod:
    """Return the method with the id of the current skill estimate.

    Skill is estimated again as labels arrive. With the returned method, `method_inputs` refuses any
    other estimate, so that all images of a release are merged with the same one.

    Raises:
        MergeRefused: The method needs the labelers' skill, and there is no estimate.
    """
    if not method.needs_skill:
        return method
    return replace(method, skill=_estimate(campaign, "").identity)


def _rating_weights(accepted: Sequence[Label], method: MergeMethod) -> tuple[int, ...]:
    active = Rating.objects.active().filter(label__in=[label.pk for label in accepted])
    ratings: dict[Any, list[int]] = {label.pk: [] for label in accepted}
    for label, value in active.values_list("label", "value"):
        ratings[label].append(value)
    return tuple(rating_weight(ratings[label.pk], method.weights) for label in accepted)


@dataclass(frozen=True, slots=True)
class _Estimate:
    """The skill matrices of a campaign, and the id of their estimate."""

    identity: str
    matrices: Matrices


def _estimate(campaign: Campaign, required: str) -> _Estimate:
    """Return the stored skill estimate; refuse it if its id is not `required`."""
    stored = CampaignSkill.objects.filter(campaign=campaign).values_list(
        "label_set", "estimated_at"
    )
    label_set, estimated_at = stored.first() or ("", None)
    found = _read_estimate(campaign.pk, campaign.class_codes(), label_set, estimated_at)
    if found is None:
        raise MergeRefused(
            _(
                "There is no skill estimate for this campaign's labelers yet. Run `manage.py "
                "estimate_skill --campaign %(slug)s`, or choose a method without skill."
            )
            % {"slug": campaign.slug}
        )
    if required and required != found.identity:
        raise MergeRefused(
            _(
                "The skill of the labelers was estimated again after this job started, because "
                "labels changed. Start the job again, so that all images are merged with the "
                "same estimate."
            )
        )
    return found


@lru_cache(maxsize=4)
def _read_estimate(
    campaign_id: int, codes: tuple[int, ...], label_set: str, estimated_at: object
) -> _Estimate | None:
    """Return the estimate from a cache, because many images use it and it has thousands of
    labelers.
    """
    matrices = services.matrices(Campaign.objects.get(pk=campaign_id))
    return None if matrices is None else _Estimate(label_set, matrices)
