"""Arguments that commands of several apps share."""

from __future__ import annotations

from django.core.management.base import CommandError

from labeling.models import Campaign, FormerSlug


def campaign_of(slug: str) -> Campaign:
    """Return the campaign of a slug. Raise CommandError, which lists the existing ones."""
    campaign = Campaign.objects.filter(slug=slug).first()
    if campaign is None:
        renamed = FormerSlug.campaign_of(slug)
        if renamed is not None:
            raise CommandError(f"The campaign {slug!r} is now called {renamed.slug!r}. Use that.")
        known = ", ".join(Campaign.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no campaign {slug!r}. Campaigns: {known}.")
    return campaign
