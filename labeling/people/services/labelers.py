"""Creating and finding labelers: accounts, guests, and names from imports."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import transaction

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Labeler


def labeler_of_user(user: User) -> Labeler:
    """Return the account's labeler, created for the first label."""
    labeler, _ = Labeler.objects.get_or_create(user=user, defaults={"name": _name_of(user)})
    return labeler


def _name_of(user: User) -> str:
    """Return the account's name, cut to the maximum length, since first and last name may be
    longer.
    """
    length = Labeler._meta.get_field("name").max_length
    return (user.get_full_name() or user.get_username())[:length]


def new_guest() -> Labeler:
    """Create a labeler without an account, with a new key."""
    return Labeler.objects.create(guest_key=uuid.uuid4())


def guest_with_key(key: str) -> Labeler:
    """Return the guest with this key, created once at the first save, even if requests race."""
    guest, _ = Labeler.objects.get_or_create(guest_key=key)
    return guest


def guest_of_key(key: str) -> Labeler | None:
    """Return the guest with this key; None if the key is unknown or no longer a guest's."""
    return Labeler.objects.filter(guest_key=key).first()


def imported_labeler(campaign: Campaign, name: str) -> Labeler:
    """Return the labeler of an import's folder; in a campaign, one name is one person."""
    labeler, _ = Labeler.objects.get_or_create(
        imported_from=f"#{campaign.pk}/{name}", defaults={"name": name}
    )
    return labeler


def rename(actor: Actor, labeler: Labeler, name: str) -> None:
    """Change the name by which pages show a labeler."""
    labeler.name = name
    labeler.save(update_fields=("name",))


@transaction.atomic
def adopt_guest(actor: Actor, guest: Labeler, user: User) -> Labeler:
    """Move a guest's labels to the account that has logged in.

    If the account already has a labeler, the guest stays separate: both may have labeled the same
    image, and merging them would lose a label.
    """
    if guest.guest_key is None or Labeler.objects.filter(user=user).exists():
        return labeler_of_user(user)
    guest.user, guest.guest_key = user, None
    guest.name = _name_of(user)
    guest.save(update_fields=("user", "guest_key", "name"))
    return guest
