"""What a merge method has to know of labels beside what they show: lots, ratings, skill."""

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
    """Labels that cannot be merged this way."""

    code = "merge_refused"


def known_of(image: Image, method: MergeMethod, counting: Sequence[Label]) -> MergeInputs:
    """Return what the method has to know of these labels of the image.

    Raises MergeRefused where it needs the labelers' skill and that is not known.
    """
    if method.kind == Kind.RANDOM:
        names = [str(label.pk) for label in counting]
        return MergeInputs(chosen=random_label(method.seed, image.product_id, names))
    if method.kind == Kind.RATINGS:
        return MergeInputs(weights=_rating_weights(counting, method))
    if method.needs_skill:
        known = _estimate(image.campaign, method.skill).matrices
        labelers = [label.labeler_id for label in counting]
        return MergeInputs.of_skill(method, known.prior, known.of(labelers))
    return MergeInputs()


def pinned(campaign: Campaign, method: MergeMethod) -> MergeMethod:
    """Return the method with the estimate of skill that is there now written into it.

    Labelers' skill is estimated anew as labels come. With a pinned method `known_of` refuses
    another estimate, so that all images of a release are merged by one. Raises MergeRefused where
    skill is needed and not known.
    """
    if not method.needs_skill:
        return method
    return replace(method, skill=_estimate(campaign, "").identity)


def _rating_weights(counting: Sequence[Label], method: MergeMethod) -> tuple[int, ...]:
    active = Rating.objects.active().filter(label__in=[label.pk for label in counting])
    ratings: dict[Any, list[int]] = {label.pk: [] for label in counting}
    for label, value in active.values_list("label", "value"):
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
