"""The progress of the experts on the gold set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from django.db.models import Exists, OuterRef, QuerySet

from labeling.models import Assignment, Campaign, Image, Label, Labeler, Role, SeenLabels


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of gold assignments by status.

    Attributes:
        done: Assignments with a label.
        open: Assignments without a label yet.
        skipped: Assignments that the expert skipped.
        corrected: Done assignments whose label was corrected after its labeler saw the others'
            labels. These labels are used, but are not independent.
    """

    done: int
    open: int
    skipped: int
    corrected: int = 0

    @property
    def all(self) -> int:
        """The number of all assignments."""
        return self.done + self.open + self.skipped


@dataclass(frozen=True, slots=True)
class ExpertProgress:
    """The progress of one expert. Skipped assignments with `has_seen` can never be labeled."""

    labeler: Labeler
    total: Tally
    by_class: dict[str, Tally]
    skipped: list[Assignment]


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress on one campaign: classes by name, experts with the most open images first."""

    total: Tally
    by_class: dict[str, Tally]
    experts: list[ExpertProgress]


def campaign_progress(campaign: Campaign) -> Progress:
    """Return the progress of each expert of a campaign, in each terrain class."""
    given = list(_gold_assignments().filter(image__campaign=campaign))
    by_labeler: dict[Labeler, list[Assignment]] = {}
    for assignment in given:
        by_labeler.setdefault(assignment.labeler, []).append(assignment)
    experts = [_progress(labeler, own) for labeler, own in by_labeler.items()]
    experts.sort(key=lambda each: (-each.total.open, str(each.labeler)))
    return Progress(_tally(given), _by_class(given), experts)


def expert_progress(labeler: Labeler) -> dict[Campaign, ExpertProgress]:
    """Return the progress of one expert in each campaign."""
    own: dict[Campaign, list[Assignment]] = {}
    for assignment in _gold_assignments().filter(labeler=labeler):
        own.setdefault(assignment.image.campaign, []).append(assignment)
    return {campaign: _progress(labeler, given) for campaign, given in own.items()}


def _gold_assignments() -> QuerySet[Assignment]:
    seen = SeenLabels.objects.filter(image=OuterRef("image"), labeler=OuterRef("labeler"))
    corrected = Label.objects.filter(
        image=OuterRef("image"), labeler=OuterRef("labeler"), independent=False
    )
    gold = Assignment.objects.filter(
        role=Role.EXPERT, image__pool=Image.Pool.GOLD, image__retired_at=None
    ).annotate(has_seen=Exists(seen), is_corrected=Exists(corrected))
    return gold.select_related("image__campaign", "labeler__user").order_by("pk")


def _progress(labeler: Labeler, given: list[Assignment]) -> ExpertProgress:
    skipped = [each for each in given if each.status == Assignment.Status.SKIPPED]
    return ExpertProgress(labeler, _tally(given), _by_class(given), skipped)


def _by_class(given: Iterable[Assignment]) -> dict[str, Tally]:
    groups: dict[str, list[Assignment]] = {}
    for assignment in given:
        groups.setdefault(assignment.image.orbital_class, []).append(assignment)
    return {name: _tally(groups[name]) for name in sorted(groups)}


def _tally(given: Iterable[Assignment]) -> Tally:
    given = list(given)
    counts = Counter(assignment.status for assignment in given)
    return Tally(
        done=counts[Assignment.Status.DONE],
        open=counts[Assignment.Status.OPEN],
        skipped=counts[Assignment.Status.SKIPPED],
        corrected=sum(map(attrgetter("is_corrected"), given)),
    )
