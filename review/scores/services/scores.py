"""Agreement scores of images, updated when their labels change."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from django.db import transaction
from django.utils import timezone

from labeling.annotation.services import labels
from labeling.annotation.services.bit_planes import planes_of
from labeling.models import LABEL_ROLES, Campaign, Image, Label
from review.models import (
    SCORING_METHOD,
    AgreementScore,
    ImageAgreement,
    LabelQuality,
    Rating,
    images_to_score,
    plan_of,
)
from review.scores.services import distribution, opinions
from terrain.agreement.jaccard import agreement_scores
from terrain.agreement.overlaps import Overlaps

#: New labels may arrive while scores are computed. After this many attempts the sweep takes over.
ATTEMPTS = 3
#: Images read and written together. A killed run loses the work on these at most.
IMAGES_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Compared:
    """The labels of one role that are compared with each other, and their overlaps.

    Experts are compared with experts: their gold labels are not the crowd's (paper, Figure 5).
    """

    labels: list[Label]
    overlaps: Overlaps


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of an image's labels, with the versions they were computed from.

    Scores refer to labels by id only, because a reference cycle of label and score would keep the
    polygons in memory until Python's garbage collector runs.
    """

    image: Image
    scores: list[AgreementScore]
    versions: Mapping[uuid.UUID, int]
    overlaps: Mapping[str, object]


def score_image(image_id: int) -> bool:
    """Update an image's agreement scores; return whether they are current now.

    False means that labels kept arriving; the next task or sweep finishes the work.
    """
    return any(image_id in score_images([image_id]) for _ in range(ATTEMPTS))


def score_images(image_ids: Collection[int]) -> set[int]:
    """Update the agreement scores of some images; return the images that are current.

    Reads labels, computes scores without a lock, and stores the scores of images whose labels have
    not changed. It takes a dozen queries for any number of images. Raises Image.DoesNotExist.
    """
    images = Image.objects.select_related("campaign").in_bulk(image_ids)
    for image_id in image_ids:
        if image_id not in images:
            raise Image.DoesNotExist(f"There is no image {image_id}.")
    states = ImageAgreement.objects.in_bulk(image_ids)
    current = {
        pk
        for pk, state in states.items()
        if (state.labels_version, state.method) == (images[pk].labels_version, SCORING_METHOD)
    }
    compared: dict[int, list[Label]] = {pk: [] for pk in sorted(images.keys() - current)}
    if not compared:
        return current
    accepted = Label.objects.accepted().filter(image__in=compared, role__in=LABEL_ROLES)
    for label in accepted.order_by("pk"):
        compared[label.image_id].append(label)
    campaigns = {images[pk].campaign_id: images[pk].campaign for pk in compared}
    codes = {pk: campaign.class_codes() for pk, campaign in campaigns.items()}
    scored = [
        _score(images[pk], codes[images[pk].campaign_id], drawn, _overlaps_in(states.get(pk)))
        for pk, drawn in compared.items()
    ]
    return current | _write(scored)


def images_behind(campaign: Campaign) -> list[int]:
    """Return the images whose labels await post-processing or scoring."""
    behind = set(images_to_score().filter(campaign=campaign).values_list("pk", flat=True))
    waiting = Label.objects.received().filter(image__campaign=campaign)
    behind.update(waiting.values_list("image_id", flat=True))
    return sorted(behind)


def update_images(image_ids: Sequence[int]) -> list[bool]:
    """Post-process and score some images; return for each whether it is current.

    If a run is killed, the work it has stored is not repeated.
    """
    waiting = Label.objects.received().filter(image__in=image_ids)
    for image_id in waiting.order_by("image").values_list("image", flat=True).distinct():
        labels.process_image(image_id)
    done = score_images(image_ids)
    return [image_id in done or score_image(image_id) for image_id in image_ids]


def mark_stale(campaign: Campaign) -> int:
    """Mark all scores of a campaign as stale and delete their overlaps; return the number of
    images.

    The next scores are computed from the polygons. The old scores stay until then.
    """
    images = ImageAgreement.objects.filter(image__campaign=campaign)
    return images.update(method=0, overlaps={})


def overlaps_of(image: Image) -> dict[str, Overlaps]:
    """Return the overlaps of an image's labels, by role, as of the last scoring.

    Keys are "id:version". A role that was never scored is left out.
    """
    return _overlaps_in(ImageAgreement.objects.filter(image=image).first())


def _overlaps_in(state: ImageAgreement | None) -> dict[str, Overlaps]:
    """Return the stored overlaps by role; none if they follow an older definition."""
    if state is None or state.method != SCORING_METHOD:
        return {}
    return {role: Overlaps.from_json(kept) for role, kept in state.overlaps.items()}


def key_of(label: Label) -> str:
    """Return a label's key in `Overlaps`, which changes with each version."""
    return f"{label.pk}:{label.version}"


def _score(
    image: Image, codes: tuple[int, ...], labels: list[Label], known: Mapping[str, Overlaps]
) -> Scored:
    """Return the scores of an image's labels, compared within each role."""
    compared = {
        role.value: _compare(
            image, codes, [one for one in labels if one.role == role], known.get(role.value)
        )
        for role in LABEL_ROLES
    }
    now = timezone.now()
    scores = [
        AgreementScore(
            label_id=label.pk,
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
    return Scored(image, scores, {label.pk: label.version for label in labels}, kept)


def _compare(
    image: Image, codes: tuple[int, ...], labels: list[Label], known: Overlaps | None
) -> Compared:
    """Return the labels of a role with their overlaps; only pairs with new labels are counted."""
    by_key = {key_of(label): label for label in labels}
    overlaps = Overlaps.empty(codes)
    if known is not None and known.codes == codes:
        overlaps = known.select(by_key.keys())
    new = [key for key in by_key if key not in overlaps.keys]
    if new:
        order = [*overlaps.keys, *new]
        planes = planes_of([by_key[key] for key in order], image, codes)
        for place, key in enumerate(new, start=len(overlaps.keys)):
            overlaps = overlaps.with_label(key, planes[place], planes[:place])
    return Compared([by_key[key] for key in overlaps.keys], overlaps)


def _assign_review(scores: list[AgreementScore], known: Mapping[uuid.UUID, AgreementScore]) -> None:
    """Keep the review decisions of scored labels, and decide those of new ones."""
    first = [score for score in scores if score.label_id not in known]
    for score in scores:
        if score.label_id in known:
            old = known[score.label_id]
            score.audit, score.opinions_requested = old.audit, old.opinions_requested
            score.opinions, score.is_waiting = old.opinions, old.is_waiting
    if not first:
        return
    campaigns = {score.campaign_id: score.campaign for score in first}
    plans = {pk: plan_of(campaign) for pk, campaign in campaigns.items()}
    active = Rating.objects.active().filter(label__in=[score.label_id for score in first])
    rated = Counter(active.values_list("label_id", flat=True))
    for score in first:
        opinions.decide(score, plans[score.campaign_id], rated[score.label_id])


def _set_expected_quality(scores: list[AgreementScore], versions: Mapping[uuid.UUID, int]) -> None:
    """Set the expected quality of labels whose current version has an estimate."""
    labels = [score.label_id for score in scores]
    qualities = LabelQuality.objects.filter(label__in=labels).in_bulk()
    for score in scores:
        known = qualities.get(score.label_id)
        if known is not None and known.label_version == versions[score.label_id]:
            score.expected = known.quality


@transaction.atomic
def _write(scored: list[Scored]) -> set[int]:
    """Store scores of images whose labels have not changed; return these images."""
    images = [one.image for one in scored]
    ImageAgreement.objects.bulk_create(
        [ImageAgreement(image=image) for image in images], ignore_conflicts=True
    )
    # Locks in one order serialize the writers of an image; the version shows which are outdated.
    locked = ImageAgreement.objects.select_for_update().filter(image__in=images).order_by("pk")
    states = {state.image_id: state for state in locked}
    present = dict(Image.objects.filter(pk__in=states.keys()).values_list("pk", "labels_version"))
    in_time = [
        one
        for one in scored
        if states[one.image.pk].labels_version
        <= one.image.labels_version
        == present.get(one.image.pk)
    ]
    scores = [score for one in in_time for score in one.scores]
    known = _replace(in_time, scores)
    for campaign_id in sorted({one.image.campaign_id for one in in_time}):
        gone, come = (
            chain.from_iterable(
                opinions.counted(score) for score in counted if score.campaign_id == campaign_id
            )
            for counted in (known, scores)
        )
        distribution.count(campaign_id, gone, come)
    for one in in_time:
        state = states[one.image.pk]
        state.labels_version = one.image.labels_version
        state.scored_labels = len(one.scores)
        state.method = SCORING_METHOD
        state.overlaps = dict(one.overlaps)
    ImageAgreement.objects.bulk_create(
        [states[one.image.pk] for one in in_time],
        update_conflicts=True,
        unique_fields=("image",),
        update_fields=("labels_version", "scored_labels", "method", "overlaps"),
    )
    return {one.image.pk for one in in_time}


def _replace(scored: list[Scored], scores: list[AgreementScore]) -> list[AgreementScore]:
    """Replace the scores of some images; return the earlier scores."""
    # A label that was thrown out keeps its last score.
    images = [one.image for one in scored]
    before = AgreementScore.objects.filter(label__image__in=images).exclude(
        label__status=Label.Status.REJECTED
    )
    # Locked, so that a simultaneous rating is counted either before or after these scores.
    known = {s.label_id: s for s in before.select_for_update(of=("self",)).order_by("pk")}
    gone = known.keys() - {score.label_id for score in scores}
    if gone:
        before.filter(label__in=gone).delete()
    _assign_review(scores, known)
    _set_expected_quality(scores, dict(chain.from_iterable(one.versions.items() for one in scored)))
    AgreementScore.objects.bulk_create(
        scores,
        update_conflicts=True,
        unique_fields=("label",),
        update_fields=("score", "expected", "pairs", "labels_version", "computed_at"),
    )
    return list(known.values())
