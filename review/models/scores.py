"""Agreement scores of labels, and up to where images have been scored."""

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
        """Scores of a campaign's crowd labels, worst first; equal ones in order of label id."""
        return self.filter(campaign=campaign, role=Role.CROWD).order_by(order.field, "label_id")

    def waiting(self) -> Self:
        """Of labels that a reviewer may still rate."""
        return self.filter(is_waiting=True)


class AgreementScore(models.Model):
    """How well one label agrees with the other labels of its image (paper 3.2, Eqs. 1-4).

    There is no row for a label alone on its image: no score is not 0. A label thrown out by a
    reviewer keeps the score it was thrown out with, so that the distribution the queue is cut
    from does not shift toward better labels with every rating.
    """

    label = models.OneToOneField(
        Label, on_delete=models.CASCADE, primary_key=True, related_name="agreement"
    )
    # The label's, written here as well: the queue orders one campaign's scores by one index.
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="scores")
    role = models.CharField(max_length=6, choices=LABEL_ROLE_CHOICES)
    score = models.FloatField()
    expected = models.FloatField(
        help_text="The expected quality of the label; its score where there is none yet."
    )
    pairs = models.PositiveIntegerField(help_text="Other labels it was compared with.")
    labels_version = models.PositiveIntegerField(help_text="Of the image, when computed.")
    computed_at = models.DateTimeField()
    #: In the random sample of all labels that is rated whatever the score (an unbiased audit).
    #: Decided once, with the first score.
    audit = models.BooleanField(default=False)
    opinions_requested = models.PositiveSmallIntegerField(default=1)
    opinions = models.PositiveSmallIntegerField(default=0, help_text="Ratings that stand.")
    #: Neither thrown out nor rated as often as wanted: written here as well, so that the queue of
    #: millions is one walk along an index.
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
    """How many of a campaign's scores lie in one bin of the distribution (paper, Figure 5).

    Counted by each order a queue can have: by score, and by expected quality. Kept in step with the
    scores in the same transaction, so that the threshold of the review queue is known without
    sorting millions of them; see `terrain.agreement.distribution`.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="score_bins")
    role = models.CharField(max_length=6, choices=LABEL_ROLE_CHOICES)
    order = models.CharField(max_length=9, choices=Order.choices, default=Order.AGREEMENT)
    place = models.PositiveSmallIntegerField()
    #: Of them, those that a reviewer may still rate.
    waiting = models.IntegerField(default=0)
    #: Not "positive": what a bin loses comes in the same statement as what others gain, and a row
    #: is checked before the database sees that it is there already.
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
        return self.filter(labels_version=F("image__labels_version"), method=SCORING_METHOD)


class ImageAgreement(models.Model):
    """Up to which version of its labels an image has been scored, from what, and how."""

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="agreement"
    )
    labels_version = models.PositiveIntegerField(default=0)
    scored_labels = models.PositiveIntegerField(default=0)
    method = models.PositiveSmallIntegerField(
        default=0, help_text="Version of the definition the scores follow."
    )
    overlaps = models.JSONField(
        default=dict,
        help_text="By role: the labels compared, each with its version, and the pixels they share.",
    )

    objects = ImageAgreementQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.image} at {self.labels_version}"


def images_to_score() -> models.QuerySet[Image]:
    """Images whose scores are of other labels than they have now, or follow an old definition."""
    # Aliases, because inside filter() Django would join with INNER and lose the never scored.
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
