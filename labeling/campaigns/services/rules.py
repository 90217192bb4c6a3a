"""Saving a campaign's rules, classes and tutorial from the admin site."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, TerrainClass, TutorialStep

Part = TerrainClass | TutorialStep


def store(actor: Actor, campaign: Campaign) -> None:
    """Save a campaign with the values of its fields."""
    campaign.save()


@transaction.atomic
def store_parts(actor: Actor, changed: Iterable[Part], removed: Iterable[Part] = ()) -> None:
    """Save changed or new classes and steps, and delete the removed ones."""
    for part in removed:
        part.delete()
    for part in changed:
        part.save()
