"""The secret keys for pseudonyms of labelers, and when the next releases get a new key."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Labeler
from merging.models import Publishing, new_pseudonym_key


@transaction.atomic
def key_of(actor: Actor, campaign: Campaign) -> str:
    """Return the key for a campaign's next release.

    The key is new if a labeler of the campaign was erased after the last key was made. Then all
    labelers, including the erased one, have other pseudonyms than in earlier releases.
    """
    Publishing.objects.get_or_create(campaign=campaign)
    publishing = Publishing.objects.select_for_update().get(campaign=campaign)
    erased = Labeler.objects.filter(
        erased_at__gte=publishing.pseudonyms_since, labels__image__campaign=campaign
    )
    return renew_key(actor, campaign) if erased.exists() else publishing.pseudonym_key


def renew_key(actor: Actor, campaign: Campaign) -> str:
    """Give the next releases of a campaign other pseudonyms and return their key.

    Releases that were requested before keep their key, and can still be built again with it.
    """
    publishing, _ = Publishing.objects.update_or_create(
        campaign=campaign,
        defaults={"pseudonym_key": new_pseudonym_key(), "pseudonyms_since": timezone.now()},
    )
    return publishing.pseudonym_key
