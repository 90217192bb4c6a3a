"""A campaign's rules, classes and tutorial, as an admin changes them on the admin site."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, TerrainClass, TutorialStep

Part = TerrainClass | TutorialStep


def store(actor: Actor, campaign: Campaign) -> None:
    """Save a campaign and its rules, as its fields say now."""
    campaign.save()


@transaction.atomic
def store_parts(actor: Actor, changed: Iterable[Part], removed: Iterable[Part] = ()) -> None:
    """Save classes and steps that were changed or added, and delete others."""
    for part in removed:
        part.delete()
    for part in changed:
        part.save()
