"""Skill of a campaign's labelers, estimated from the overlaps of their labels and stored."""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from ai4mars_site.toolkit.bulk import Track, chunks, each
from ai4mars_site.toolkit.jobs import change, claim_one, hold, working
from labeling.annotation.services.bit_planes import planes_of
from labeling.models import Campaign, Image, Label
from review.models import SKILL_METHOD, AgreementScore, CampaignSkill, LabelerSkill, LabelQuality
from review.scores.services import distribution
from terrain.skill.dawid_skene import MOST_ROUNDS, TOLERANCE, Real
from terrain.skill.estimates import CONFIDENCE, CROWD_OBSERVATIONS, Estimates, estimate, interval
from terrain.skill.patterns import VotePatterns, vote_patterns
from terrain.skill.probabilities import expected_quality
from terrain.skill.votes import ImageVotes, collect_votes

#: The largest number of vote patterns kept per image: the large ones and a sample of the small
#: ones.
PATTERNS_OF_AN_IMAGE = 256
#: Images whose labels are read together.
IMAGES_AT_ONCE = 10
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Matrices:
    """The confusion matrices of a campaign's labelers, as a merge needs them.

    ``codes`` are the class codes, ascending, in the order of all axes; ``prior`` is float64
    (classes,), the share of each class; ``by_labeler`` has float64 (classes, classes) by labeler's
    id: ``[t, d]`` is the probability that a pixel of class t is drawn as d. ``crowd`` is the matrix
    of a labeler without an estimate.
    """

    codes: tuple[int, ...]
    prior: Real
    by_labeler: dict[int, Real]
    crowd: Real

    def of(self, labelers: Sequence[int]) -> Real:
        """Return the matrices of these labelers: float64 (labelers, classes, classes)."""
        found = [self.by_labeler.get(labeler, self.crowd) for labeler in labelers]
        return np.array(found, dtype=np.float64).reshape(-1, len(self.codes), len(self.codes))


@dataclass(frozen=True, slots=True)
class CollectedVotes:
    """The vote patterns of one image, with its labels (id, version) and their labelers."""

    patterns: VotePatterns
    labels: list[tuple[uuid.UUID, int]]
    labelers: list[int]


@dataclass(frozen=True, slots=True)
class Estimated:
    """The estimates of a campaign, with the labelers and labels of the arrays' rows."""

    labelers: list[int]
    labels: list[tuple[uuid.UUID, int]]
    images: int
    #: For each labeler, the number of labels that overlap with another one.
    label_count: list[int]
    figures: Estimates
    quality: Real


def matrices(campaign: Campaign) -> Matrices | None:
    """Return the confusion matrices of a campaign's labelers, as last estimated, or None.

    None if nothing was estimated yet, or if the campaign's classes have changed since.
    """
    known = CampaignSkill.objects.filter(
        campaign=campaign, status=CampaignSkill.Status.ESTIMATED
    ).first()
    codes = campaign.class_codes()
    if known is None or tuple(known.codes) != codes:
        return None
    skills = LabelerSkill.objects.filter(campaign=campaign).values_list("labeler_id", "confusion")
    by_labeler = {
        labeler: np.array([[row[str(d)][0] for d in codes] for row in _rows(confusion, codes)])
        for labeler, confusion in skills
    }
    return Matrices(codes, np.array(known.prior), by_labeler, np.array(known.crowd))


def _rows(confusion: dict[str, Any], codes: Sequence[int]) -> Iterator[dict[str, Any]]:
    return (confusion[str(t)] for t in codes)


def compared_images(campaign: Campaign) -> QuerySet[Image]:
    """Return the labeled images from which skill is estimated: all but practice images."""
    images = campaign.images.exclude(pool=Image.Pool.PRACTICE)
    return images.filter(labels_version__gt=0).order_by("pk")


def label_set(campaign: Campaign) -> str:
    """Return a hash of the data from which skill is estimated: classes and versions of labels."""
    digest = hashlib.sha256(repr(campaign.class_codes()).encode())
    versions = compared_images(campaign).values_list("pk", "labels_version")
    for image, version in versions.iterator(BATCH):
        digest.update(f"{image}:{version} ".encode())
    return digest.hexdigest()


def is_current(campaign: Campaign) -> bool:
    """Return whether the stored skill was estimated from the current labels."""
    known = CampaignSkill.objects.filter(campaign=campaign, method=SKILL_METHOD).first()
    return known is not None and known.label_set == label_set(campaign)


def claim(campaign: Campaign) -> CampaignSkill | None:
    """Claim the estimation of a campaign's skill; None if another process has claimed it."""
    CampaignSkill.objects.get_or_create(campaign=campaign)
    return claim_one(CampaignSkill.objects.select_related("campaign").filter(campaign=campaign))


def estimate_campaign(
    campaign: Campaign, workers: int = 1, track: Track | None = None
) -> CampaignSkill | None:
    """Estimate the labelers' skill and the labels' quality, and store both.

    Args:
        campaign: The campaign. A current estimate is replaced as well.
        workers: Processes that read the votes.
        track: A progress display that takes the votes and their number, and yields the votes.

    Returns:
        The estimate, or None if another process is making one.

    Raises:
        ClaimLost: Another process has taken over; nothing was stored.
    """
    state = claim(campaign)
    if state is None:
        return None
    with working(state):
        labels_read = label_set(campaign)
        images, votes = votes_of_campaign(campaign, workers)
        estimate_from_votes(state, labels_read, track(votes, images) if track else votes)
    return state


def votes_of_images(image_ids: Collection[int]) -> list[CollectedVotes]:
    """Return the votes on some images where two or more accepted crowd labels overlap.

    The result is in the order of the ids, without deleted images. It takes a few queries for any
    number of images.
    """
    images = Image.objects.select_related("campaign").in_bulk(image_ids)
    campaigns = {image.campaign_id: image.campaign for image in images.values()}
    codes = {pk: campaign.class_codes() for pk, campaign in campaigns.items()}
    labels: dict[int, list[Label]] = {pk: [] for pk in image_ids if pk in images}
    for label in Label.objects.accepted().crowd().filter(image__in=images).order_by("pk"):
        labels[label.image_id].append(label)
    return [
        _votes(images[pk], codes[images[pk].campaign_id], drawn) for pk, drawn in labels.items()
    ]


def _votes(image: Image, codes: tuple[int, ...], labels: list[Label]) -> CollectedVotes:
    """Return the votes of an image's labels where two or more overlap."""
    found = vote_patterns(planes_of(labels, image, codes)).overlapping()
    return CollectedVotes(
        found.condensed(PATTERNS_OF_AN_IMAGE),
        [(label.pk, label.version) for label in labels],
        [label.labeler_id for label in labels],
    )


def votes_of_campaign(campaign: Campaign, workers: int = 1) -> tuple[int, Iterator[CollectedVotes]]:
    """Return the number of compared images and an iterator of their votes."""
    images = list(compared_images(campaign).values_list("pk", flat=True))
    read = each(votes_of_images, chunks(images, IMAGES_AT_ONCE), workers)
    return len(images), chain.from_iterable(read)


def estimate_from_votes(
    state: CampaignSkill, labels_read: str, votes: Iterable[CollectedVotes]
) -> None:
    """Estimate skill and quality from the votes of all images, and store both.

    Args:
        state: The campaign's claimed row.
        labels_read: The `label_set` from before the votes were read. Labels that arrived later
            are used, but the estimate is then stale.
        votes: The votes of all compared images.

    Raises:
        ClaimLost: Another process has taken over; nothing was stored.
    """
    _store(state, labels_read, _estimated(state.campaign, votes))


def _estimated(campaign: Campaign, votes: Iterable[CollectedVotes]) -> Estimated:
    """Return the estimates of a campaign from the votes of its images."""
    drawn = Label.objects.crowd().accepted().filter(image__campaign=campaign)
    labelers: list[int] = sorted(
        drawn.order_by("labeler").values_list("labeler", flat=True).distinct()
    )
    number = {labeler: place for place, labeler in enumerate(labelers)}
    labels: list[tuple[uuid.UUID, int]] = []

    def numbered() -> Iterator[ImageVotes]:
        for collected in votes:
            # Labelers whose first label arrived after the query are left for the next estimate.
            known = [n for n, who in enumerate(collected.labelers) if who in number]
            chosen = collected.patterns.votes[:, known]
            patterns = VotePatterns(chosen, collected.patterns.pixels).overlapping()
            if not len(patterns.pixels):
                continue
            labels.extend(collected.labels[n] for n in known)
            yield ImageVotes(patterns, [number[collected.labelers[n]] for n in known])

    table = collect_votes(numbered(), len(labelers), len(campaign.class_codes()))
    figures = estimate(table)
    # The others' votes cover only a part of a label; the labeler's skill stands for the rest.
    quality = expected_quality(table, figures.model) * figures.skill[table.labelers]
    compared = np.bincount(table.labelers[~np.isnan(quality)], minlength=len(labelers)).tolist()
    return Estimated(labelers, labels, table.image_count, compared, figures, quality)


@transaction.atomic
def _store(state: CampaignSkill, labels_read: str, found: Estimated) -> None:
    """Replace the campaign's stored skill and qualities in one transaction."""
    hold(state)
    campaign = state.campaign
    LabelerSkill.objects.filter(campaign=campaign).delete()
    LabelQuality.objects.filter(campaign=campaign).delete()
    codes, figures = campaign.class_codes(), found.figures
    status, prior, crowd = CampaignSkill.Status.NO_OVERLAP, [], []
    if found.images:
        status = CampaignSkill.Status.ESTIMATED
        prior = figures.model.prior.tolist()
        smoothing = figures.model.smoothing
        crowd = (smoothing / smoothing.sum(axis=1, keepdims=True)).tolist()
        # Labels that were corrected, thrown out or moved to another labeler are left out.
        drawn = Label.objects.crowd().accepted().filter(image__campaign=campaign).order_by()
        present = {pk: rest for pk, *rest in drawn.values_list("pk", "version", "labeler")}
        drawing = {labeler for _, labeler in present.values()}
        skills = (row for row in _skills(campaign, codes, found) if row.labeler_id in drawing)
        LabelerSkill.objects.bulk_create(skills, BATCH)
        qualities = _qualities(campaign, found)
        LabelQuality.objects.bulk_create(
            (row for row in qualities if row.label_version == present.get(row.pk, (0, 0))[0]),
            BATCH,
        )
    _rank(campaign)
    change(
        state,
        status=status,
        codes=list(codes),
        prior=prior,
        crowd=crowd,
        method=SKILL_METHOD,
        parameters=_parameters(codes, figures),
        label_set=labels_read,
        images=found.images,
        labels=len(found.labels),
        estimated_at=timezone.now(),
    )


def _parameters(codes: Sequence[int], figures: Estimates) -> dict[str, Any]:
    """Return the parameters of an estimate and facts about its convergence."""
    return {
        "patterns_of_an_image": PATTERNS_OF_AN_IMAGE,
        "crowd_observations": CROWD_OBSERVATIONS,
        "confidence": CONFIDENCE,
        "tolerance": TOLERANCE,
        "most_rounds": MOST_ROUNDS,
        "rounds": len(figures.model.history),
        "converged": figures.model.converged,
        "pixels_per_observation": dict(
            zip(map(str, codes), figures.pixels_per_observation.tolist(), strict=True)
        ),
        "classes": [codes[place] for place in figures.classes],
    }


def _rank(campaign: Campaign) -> None:
    """Update the ranking of the review queue by expected quality.

    A label that was thrown out keeps its last value, just as it keeps its score.
    """
    scores = AgreementScore.objects.filter(campaign=campaign).order_by("pk")
    # In the order in which an image's scores are written, which prevents deadlocks.
    list(scores.select_for_update().values_list("pk"))
    quality = LabelQuality.objects.filter(
        label=OuterRef("pk"), label_version=F("label__version")
    ).values("quality")
    scores.order_by().exclude(label__status=Label.Status.REJECTED).update(
        expected=Coalesce(Subquery(quality), F("score"))
    )
    distribution.recount(campaign)


def _skills(campaign: Campaign, codes: Sequence[int], found: Estimated) -> Iterator[LabelerSkill]:
    """Yield a row for each labeler whose labels overlap with another's."""
    figures, names = found.figures, [str(code) for code in codes]
    low, high = interval(figures.model.matrices, figures.deviations**2)
    cells = np.stack([figures.model.matrices, low.round(4), high.round(4)], axis=-1)
    for place, labeler in enumerate(found.labelers):
        if not found.label_count[place]:
            continue
        rows = (dict(zip(names, row, strict=True)) for row in cells[place].tolist())
        yield LabelerSkill(
            campaign=campaign,
            labeler_id=labeler,
            skill=float(figures.skill[place]),
            low=float(figures.low[place]),
            high=float(figures.high[place]),
            confusion=dict(zip(names, rows, strict=True)),
            observations=float(figures.observations[place].sum()),
            labels=found.label_count[place],
        )


def _qualities(campaign: Campaign, found: Estimated) -> Iterator[LabelQuality]:
    """Yield a row for each label with an expected quality."""
    for (label, version), quality in zip(found.labels, found.quality.tolist(), strict=True):
        if not math.isnan(quality):
            yield LabelQuality(
                label_id=label,
                campaign=campaign,
                quality=min(max(quality, 0.0), 1.0),
                label_version=version,
            )
