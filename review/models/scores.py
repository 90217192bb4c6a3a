"""Agreement scores of labels, and the state of scoring of each image."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from labeling.models import LABEL_ROLE_CHOICES, Campaign, Image, Label, Role
from review.models.queue import Order
from terrain.agreement.distribution import BINS

#: Grows when the definition of the score changes: scores of another method are stale.
SCORING_METHOD = 1


class AgreementScoreQuerySet(models.QuerySet["AgreementScore"]):
    def of_crowd(self, campaign: Campaign, order: Order = Order.AGREEMENT) -> Self:
        """Return a campaign's crowd scores, lowest first, then by label id."""
        return self.filter(campaign=campaign, role=Role.CROWD).order_by(order.field, "label_id")

    def waiting(self) -> Self:
        """Return the scores of labels that a reviewer may still rate."""
        return self.filter(is_waiting=True)


class AgreementScore(models.Model):
    """The agreement of one label with the other labels of its image (paper 3.2, Eqs. 1-4).

    A label that is alone on its image has no row, which differs from a score of 0. A label that a
    reviewer threw out keeps its last score. So ratings do not shift the distribution from which
    the queue's threshold is computed.
    """

    label = models.OneToOneField(
        Label, on_delete=models.CASCADE, primary_key=True, related_name="agreement"
    )
    # A copy of the label's campaign and role: one index orders one campaign's scores.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="scores")
    role = models.CharField(max_length=6, choices=LABEL_ROLE_CHOICES)
    score = models.FloatField()
    expected = models.FloatField(
        help_text="The expected quality of the label; its score until one is estimated."
    )
    pairs = models.PositiveIntegerField(help_text="Number of labels it was compared with.")
    labels_version = models.PositiveIntegerField(
        help_text="Version of the image's labels when the score was computed."
    )
    computed_at = models.DateTimeField()
    #: In the random sample of all labels that is rated whatever the score (an unbiased audit).
    #: Decided once, with the first score.
    audit = models.BooleanField(default=False)
    opinions_requested = models.PositiveSmallIntegerField(default=1)
    opinions = models.PositiveSmallIntegerField(default=0, help_text="Number of active ratings.")
    #: Neither thrown out nor rated as often as requested. A copy, so that one index scan finds the
    #: queue among millions of labels.
    is_waiting = models.BooleanField(default=True)

    objects = AgreementScoreQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(score__gte=0) & Q(score__lte=1), name="agreement_score_range"
            ),
            models.CheckConstraint(
                condition=Q(expected__gte=0) & Q(expected__lte=1), name="agreement_expected_range"
            ),
            models.CheckConstraint(condition=Q(pairs__gte=1), name="agreement_score_has_pairs"),
            models.CheckConstraint(
                condition=Q(opinions_requested__gte=1), name="agreement_score_opinions_requested"
            ),
            models.CheckConstraint(
                condition=Q(is_waiting=False) | Q(opinions__lt=F("opinions_requested")),
                name="agreement_score_waits_for_opinions",
            ),
        )
        indexes = (
            models.Index(fields=("campaign", "role", "score", "label"), name="agreement_order"),
            models.Index(
                fields=("campaign", "role", "score", "label"),
                condition=Q(is_waiting=True),
                name="agreement_waiting",
            ),
            models.Index(fields=("campaign", "role", "expected", "label"), name="expected_order"),
            models.Index(
                fields=("campaign", "role", "expected", "label"),
                condition=Q(is_waiting=True),
                name="expected_waiting",
            ),
            models.Index(
                fields=("campaign", "role", "label"),
                condition=Q(is_waiting=True, audit=True),
                name="agreement_audit",
            ),
        )

    def __str__(self) -> str:
        return f"{self.score:.3f}"


class ScoreBin(models.Model):
    """The number of a campaign's scores in one bin of the distribution (paper, Figure 5).

    There is one count per order of the queue: by score, and by expected quality. The transaction
    that changes scores also updates the bins, so the queue's threshold needs no sorting of
    millions of scores; see `terrain.agreement.distribution`.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="score_bins")
    role = models.CharField(max_length=6, choices=LABEL_ROLE_CHOICES)
    order = models.CharField(max_length=9, choices=Order.choices, default=Order.AGREEMENT)
    place = models.PositiveSmallIntegerField()
    #: The number of these scores whose labels a reviewer may still rate.
    waiting = models.IntegerField(default=0)
    #: Not a positive field: one upsert adds negative and positive changes, and the database checks
    #: each row before it finds the conflict with an existing one.
    count = models.IntegerField()

    class Meta:
        ordering = ("campaign", "order", "role", "place")
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "order", "role", "place"), name="score_bin_once"
            ),
            models.CheckConstraint(
                condition=Q(order__in=("agreement", "skill")), name="score_bin_order"
            ),
            models.CheckConstraint(
                condition=Q(place__gte=0) & Q(place__lt=BINS), name="score_bin_place"
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} in bin {self.place}"


class ImageAgreementQuerySet(models.QuerySet["ImageAgreement"]):
    def current(self) -> Self:
        """Return the rows whose scores belong to the image's current labels."""
        return self.filter(labels_version=F("image__labels_version"), method=SCORING_METHOD)


class ImageAgreement(models.Model):
    """The version of an image's labels that was scored, and the counts behind the scores."""

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="agreement"
    )
    labels_version = models.PositiveIntegerField(default=0)
    scored_labels = models.PositiveIntegerField(default=0)
    method = models.PositiveSmallIntegerField(
        default=0, help_text="Version of the definition of the scores."
    )
    overlaps = models.JSONField(
        default=dict,
        help_text="By role: the compared labels with their versions, and the pixels they share.",
    )

    objects = ImageAgreementQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.image} at {self.labels_version}"


def images_to_score() -> models.QuerySet[Image]:
    """Return the images whose scores are missing or stale."""
    # Aliases, because filter() alone would use an INNER JOIN and lose images without scores.
    return (
        Image.objects.alias(
            scored_version=Coalesce("agreement__labels_version", 0),
            method=Coalesce("agreement__method", 0),
        )
        .filter(
            Q(labels_version__gt=F("scored_version"))
            | Q(labels_version__gt=0) & ~Q(method=SCORING_METHOD)
        )
        .order_by("pk")
    )
