"""How a campaign is reviewed."""

from __future__ import annotations

from ai4mars_site.toolkit.actors import Actor
from review.models import ReviewPlan


def store(actor: Actor, plan: ReviewPlan) -> None:
    """Save a campaign's review plan; who looks at labels that are scored already stays so."""
    plan.save()
