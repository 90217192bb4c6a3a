"""What a campaign still has for one labeler: new images, and those that were skipped."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import assignments
from labeling.models import Assignment, Campaign, Image, Labeler, Role, SeenLabels

#: Most other campaigns that the drawing page offers.
MOST_OTHERS = 3


@dataclass(frozen=True, slots=True)
class Remaining:
    """Whether there are images that the labeler has not skipped, and how many were skipped."""

    has_new: bool
    skipped: int


def remaining(campaign: Campaign, labeler: Labeler | None) -> Remaining:
    """Return what a campaign still has for a labeler; None is a visitor who has saved nothing."""
    skipped = 0 if labeler is None else skipped_assignments(campaign, labeler).count()
    return Remaining(has_new_images(campaign, labeler), skipped)


def has_new_images(campaign: Campaign, labeler: Labeler | None) -> bool:
    """Return whether the drawing page has an image that the labeler has not drawn or skipped."""
    pool = Image.objects.filter(campaign=campaign).in_pool()
    if labeler is None:
        return pool.exists()
    return assignments.still_open(campaign, labeler).exists() or pool.unseen_by(labeler).exists()


def skipped_assignments(campaign: Campaign, labeler: Labeler) -> QuerySet[Assignment]:
    """Return skipped assignments whose images still need a label of this labeler.

    A labeler who was shown the others' labels of an image no longer draws on it.
    """
    seen = SeenLabels.objects.filter(image=OuterRef("image"), labeler=OuterRef("labeler"))
    needs_labels = Q(
        image__set_aside_at=None,
        image__crowd_label_count__lt=F("image__campaign__target_labels"),
    )
    return assignments.drawable(campaign, labeler).filter(
        ~Q(role=Role.CROWD) | needs_labels, ~Exists(seen), status=Assignment.Status.SKIPPED
    )


def reopen_skipped(actor: Actor, campaign: Campaign, labeler: Labeler) -> int:
    """Open all skipped assignments of a campaign again; return how many."""
    skipped = skipped_assignments(campaign, labeler).order_by("pk")
    return sum(assignments.reopen(actor, assignment) for assignment in skipped)


def other_campaigns(campaign: Campaign, labeler: Labeler | None) -> list[Campaign]:
    """Return up to `MOST_OTHERS` other campaigns that have new images for the labeler."""
    found = []
    for other in Campaign.objects.open().exclude(pk=campaign.pk):
        if has_new_images(other, labeler):
            found.append(other)
        if len(found) == MOST_OTHERS:
            break
    return found
