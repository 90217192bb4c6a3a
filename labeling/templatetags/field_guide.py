"""The field guide, wherever a page shows it."""

from __future__ import annotations

from typing import Any

from django import template

from labeling.models import Campaign
from labeling.training.services.lessons import guide_of

register = template.Library()


@register.inclusion_tag("labeling/training/guide_body.html")
def field_guide(campaign: Campaign) -> dict[str, Any]:
    """The guide of a campaign, in the reader's language."""
    return {"guide": guide_of(campaign)}
