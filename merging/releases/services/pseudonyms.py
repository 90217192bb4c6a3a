"""The keys of labelers' pseudonyms: when the next releases get other ones."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Labeler
from merging.models import Publishing, new_pseudonym_key


@transaction.atomic
def key_of(actor: Actor, campaign: Campaign) -> str:
    """The key of a campaign's next release.

    A new one where somebody who labeled was erased since the last was made: what they drew then
    stands under another name than in the releases before, as everybody's does.
    """
    Publishing.objects.get_or_create(campaign=campaign)
    publishing = Publishing.objects.select_for_update().get(campaign=campaign)
    erased = Labeler.objects.filter(
        erased_at__gte=publishing.pseudonyms_since, labels__image__campaign=campaign
    )
    return forget(actor, campaign) if erased.exists() else publishing.pseudonym_key


def forget(actor: Actor, campaign: Campaign) -> str:
    """Give the next releases of a campaign other pseudonyms; returns their key.

    Releases that were asked for before keep theirs, and can still be built again from them.
    """
    publishing, _ = Publishing.objects.update_or_create(
        campaign=campaign,
        defaults={"pseudonym_key": new_pseudonym_key(), "pseudonyms_since": timezone.now()},
    )
    return publishing.pseudonym_key
