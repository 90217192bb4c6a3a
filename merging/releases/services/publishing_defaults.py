"""The defaults of a campaign's next releases: title, creators, license, credits."""

from __future__ import annotations

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign
from merging.models import Publishing


def publishing_of(campaign: Campaign) -> Publishing:
    """Return the publishing defaults of a campaign; unsaved ones before a manager saves any."""
    return Publishing.objects.filter(campaign=campaign).first() or Publishing(campaign=campaign)


def save_defaults(actor: Actor, publishing: Publishing) -> None:
    """Save the defaults for releases that are requested from now on.

    Other releases do not change.
    """
    publishing.save()
