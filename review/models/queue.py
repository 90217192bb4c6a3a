"""Who looks at what: how a campaign is reviewed, leases, and flags."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, Label

#: A reviewer who has a label on the screen holds it for this long; the page asks again meanwhile.
LEASE = timedelta(minutes=5)


class Order(models.TextChoices):
    """By what the labels of a campaign are ranked, and its queue is cut off."""

    AGREEMENT = "agreement", "Agreement with the others (paper 3.2)"
    SKILL = "skill", "Expected quality, by the skill of the labelers"

    @property
    def field(self) -> str:
        """Where `AgreementScore` has it."""
        return "score" if self == Order.AGREEMENT else "expected"


class ReviewPlan(models.Model):
    """How a campaign's labels are reviewed. A campaign without a row has the defaults."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="review_plan"
    )
    audit_percent = models.PositiveSmallIntegerField(
        default=2,
        validators=[MaxValueValidator(100)],
        help_text="This share of all labels, chosen by chance, is rated whatever the score: it "
        "shows whether a low score foretells a low rating.",
    )
    second_opinion_percent = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="This share of the labels is rated by two reviewers.",
    )
    order = models.CharField(
        max_length=9,
        choices=Order.choices,
        default=Order.AGREEMENT,
        help_text="What makes a label doubtful. By skill: a label whose quality is not estimated "
        "yet counts with its agreement score.",
    )
    hide_record = models.BooleanField(
        default=True,
        help_text="Scores and who drew it are shown after the rating only, so that they do not "
        "lead it.",
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(audit_percent__lte=100) & Q(second_opinion_percent__lte=100),
                name="review_plan_percents",
                violation_error_message=_("A share is a number from 0 to 100 percent."),
            ),
            models.CheckConstraint(
                condition=Q(order__in=("agreement", "skill")),
                name="review_plan_order",
                violation_error_message=_("Choose what makes a label doubtful."),
            ),
        )

    def __str__(self) -> str:
        return f"Review of {self.campaign}"


def plan_of(campaign: Campaign) -> ReviewPlan:
    """The campaign's plan, or one with the defaults that is not stored."""
    return ReviewPlan.objects.filter(campaign=campaign).first() or ReviewPlan(campaign=campaign)


class ReviewLeaseQuerySet(models.QuerySet["ReviewLease"]):
    def held(self, now: datetime) -> Self:
        return self.filter(expires_at__gt=now)


class ReviewLease(models.Model):
    """One reviewer has a label on the screen; nobody else is given it until the lease is over."""

    label = models.OneToOneField(
        Label, on_delete=models.CASCADE, primary_key=True, related_name="review_lease"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_leases"
    )
    expires_at = models.DateTimeField(db_index=True)

    objects = ReviewLeaseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.label} on {self.reviewer}'s screen"


class LabelFlag(models.Model):
    """A reviewer wants a label talked about: rating it can wait, or was hard."""

    label = models.OneToOneField(
        Label, on_delete=models.CASCADE, primary_key=True, related_name="flag"
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="label_flags"
    )
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Flag on {self.label}"
