"""Review settings of campaigns."""

from __future__ import annotations

from ai4mars_site.toolkit.actors import Actor
from review.models import ReviewPlan


def store(actor: Actor, plan: ReviewPlan) -> None:
    """Save a campaign's review plan; labels that are already scored keep their settings."""
    plan.save()
