"""What the next releases of a campaign say of themselves: title, creators, license, credits."""

from __future__ import annotations

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign
from merging.models import Publishing


def publishing_of(campaign: Campaign) -> Publishing:
    """What the campaign's releases say; nothing is stored before an admin has said something."""
    return Publishing.objects.filter(campaign=campaign).first() or Publishing(campaign=campaign)


def store(actor: Actor, publishing: Publishing) -> None:
    """Save what releases that are requested from now on say; others do not change."""
    publishing.save()
