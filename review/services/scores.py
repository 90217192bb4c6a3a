"""Agreement scores of one image, kept in step with its labels."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from django.db import transaction
from django.utils import timezone

from labeling.models import LABEL_ROLES, Campaign, Image, Label
from labeling.services.postprocessing import planes_of
from review.agreement import agreement_scores
from review.models import (
    SCORING_METHOD,
    AgreementScore,
    ImageAgreement,
    LabelQuality,
    Rating,
    plan_of,
)
from review.overlaps import Overlaps
from review.services import distribution, opinions

#: Labels arrive while scores are computed; after this many overtakings the sweep goes on.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Compared:
    """The labels of one role that are compared with each other, and what they share.

    Experts are compared with experts: their gold labels are not the crowd's (paper, Figure 5).
    """

    labels: list[Label]
    overlaps: Overlaps


def score_image(image_id: int) -> bool:
    """Bring an image's agreement scores up to its present labels; True when they are.

    Reads, computes without a lock, then writes only if the labels are still those that were
    read. False: labels kept arriving, and the next nudge or sweep finishes the work.
    """
    return any(_score_once(image_id) for _ in range(ATTEMPTS))


def forget(campaign: Campaign) -> int:
    """Make all scores of a campaign stale and forget what they were made of; of how many images.

    The next scores are computed from the polygons alone. The old ones stay until then.
    """
    images = ImageAgreement.objects.filter(image__campaign=campaign)
    return images.update(method=0, overlaps={})


def overlaps_of(image: Image) -> dict[str, Overlaps]:
    """What the labels of an image share, by role, as it was when they were last scored.

    Labels are named "id:version". A role that was never scored is left out.
    """
    return _overlaps_in(ImageAgreement.objects.filter(image=image).first())


def _overlaps_in(state: ImageAgreement | None) -> dict[str, Overlaps]:
    if state is None or state.method != SCORING_METHOD:
        return {}
    return {role: Overlaps.from_json(kept) for role, kept in state.overlaps.items()}


def key_of(label: Label) -> str:
    """How a label is named in `Overlaps`: a corrected label is another one."""
    return f"{label.pk}:{label.version}"


def _score_once(image_id: int) -> bool:
    image = Image.objects.select_related("campaign").get(pk=image_id)
    state = ImageAgreement.objects.filter(image=image).first()
    if state is not None and (state.labels_version, state.method) == (
        image.labels_version,
        SCORING_METHOD,
    ):
        return True
    known = _overlaps_in(state)
    labels: dict[str, list[Label]] = {role.value: [] for role in LABEL_ROLES}
    for label in image.labels.accepted().filter(role__in=labels).order_by("pk"):
        labels[label.role].append(label)
    codes = image.campaign.class_codes()
    compared = {
        role: _compare(image, codes, of_role, known.get(role)) for role, of_role in labels.items()
    }
    now = timezone.now()
    scores = [
        AgreementScore(
            label=label,
            campaign=image.campaign,
            role=role,
            score=score,
            expected=score,
            pairs=len(group.labels) - 1,
            labels_version=image.labels_version,
            computed_at=now,
        )
        for role, group in compared.items()
        for label, score in zip(group.labels, agreement_scores(group.overlaps), strict=True)
        if score is not None
    ]
    kept = {role: group.overlaps.to_json() for role, group in compared.items() if group.labels}
    return _write(image, scores, kept)


def _compare(
    image: Image, codes: tuple[int, ...], labels: list[Label], known: Overlaps | None
) -> Compared:
    """The image's labels of a role, in order; only pairs with a label that is new are counted."""
    by_key = {key_of(label): label for label in labels}
    overlaps = Overlaps.none(codes)
    if known is not None and known.codes == codes:
        overlaps = known.only(by_key.keys())
    new = [key for key in by_key if key not in overlaps.keys]
    if new:
        order = [*overlaps.keys, *new]
        planes = planes_of([by_key[key] for key in order], image, codes)
        for place, key in enumerate(new, start=len(overlaps.keys)):
            overlaps = overlaps.with_label(key, planes[place], planes[:place])
    return Compared([by_key[key] for key in overlaps.keys], overlaps)


def _decide_who_looks(
    image: Image, scores: list[AgreementScore], known: dict[uuid.UUID, AgreementScore]
) -> None:
    """What is decided with a label's first score stays; the rest is decided now."""
    first = [score for score in scores if score.label_id not in known]
    for score in scores:
        if score.label_id in known:
            old = known[score.label_id]
            score.audit, score.opinions_wanted = old.audit, old.opinions_wanted
            score.opinions, score.is_waiting = old.opinions, old.is_waiting
    if not first:
        return
    plan = plan_of(image.campaign)
    standing = Rating.objects.standing().filter(label__in=[score.label_id for score in first])
    rated = Counter(standing.values_list("label_id", flat=True))
    for score in first:
        opinions.begin(score, plan, rated[score.label_id])


def _expect(scores: list[AgreementScore]) -> None:
    """The quality last estimated for what a label is now, where there is one."""
    labels = [score.label_id for score in scores]
    qualities = LabelQuality.objects.filter(label__in=labels).in_bulk()
    for score in scores:
        known = qualities.get(score.label_id)
        if known is not None and known.label_version == score.label.version:
            score.expected = known.quality


@transaction.atomic
def _write(image: Image, scores: list[AgreementScore], overlaps: Mapping[str, object]) -> bool:
    ImageAgreement.objects.bulk_create([ImageAgreement(image=image)], ignore_conflicts=True)
    # The row's lock makes writers of one image take turns; the version says who came too late.
    state = ImageAgreement.objects.select_for_update().get(image=image)
    present = Image.objects.values_list("labels_version", flat=True).get(pk=image.pk)
    if present != image.labels_version or state.labels_version > image.labels_version:
        return False
    # A label thrown out keeps the score it was thrown out with.
    before = AgreementScore.objects.filter(label__image=image).exclude(
        label__status=Label.Status.REJECTED
    )
    # Locked: a rating that comes now is counted before these scores, or after them.
    known = {s.label_id: s for s in before.select_for_update(of=("self",)).order_by("pk")}
    gone_labels = known.keys() - {score.label_id for score in scores}
    if gone_labels:
        before.filter(label__in=gone_labels).delete()
    _decide_who_looks(image, scores, known)
    _expect(scores)
    AgreementScore.objects.bulk_create(
        scores,
        update_conflicts=True,
        unique_fields=("label",),
        update_fields=("score", "expected", "pairs", "labels_version", "computed_at"),
    )
    gone, come = (
        chain.from_iterable(map(opinions.counted, counted)) for counted in (known.values(), scores)
    )
    distribution.count(image.campaign_id, gone, come)
    state.labels_version = image.labels_version
    state.scored_labels = len(scores)
    state.method = SCORING_METHOD
    state.overlaps = dict(overlaps)
    state.save(update_fields=("labels_version", "scored_labels", "method", "overlaps"))
    return True
