"""The template tag that shows the field guide."""

from __future__ import annotations

from typing import Any

from django import template

from labeling.models import Campaign
from labeling.training.services.lessons import build_guide

register = template.Library()


@register.inclusion_tag("labeling/training/guide_body.html")
def field_guide(campaign: Campaign) -> dict[str, Any]:
    """Return the guide of a campaign, in the reader's language."""
    return {"guide": build_guide(campaign)}
