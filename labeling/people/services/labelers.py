"""Who is labeling: an account, a guest of this browser, or a name from an import."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import transaction

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Labeler


def labeler_of_user(user: User) -> Labeler:
    """The account's labeler, made at the first label."""
    labeler, _ = Labeler.objects.get_or_create(user=user, defaults={"name": _name_of(user)})
    return labeler


def _name_of(user: User) -> str:
    """The account's name, cut where a labeler's ends: first and last name are longer together."""
    length = Labeler._meta.get_field("name").max_length
    return (user.get_full_name() or user.get_username())[:length]


def new_guest() -> Labeler:
    """A labeler without an account, under a new key."""
    return Labeler.objects.create(guest_key=uuid.uuid4())


def guest_with_key(key: str) -> Labeler:
    """The guest with this key, made with what is saved first; of two first saves at once one is."""
    guest, _ = Labeler.objects.get_or_create(guest_key=key)
    return guest


def guest_of_key(key: str) -> Labeler | None:
    """The guest with this key, or None when the key is unknown or no longer a guest's."""
    return Labeler.objects.filter(guest_key=key).first()


def imported_labeler(campaign: Campaign, name: str) -> Labeler:
    """The labeler behind a folder of an import; the same name is the same person per campaign."""
    labeler, _ = Labeler.objects.get_or_create(
        imported_from=f"#{campaign.pk}/{name}", defaults={"name": name}
    )
    return labeler


def rename(actor: Actor, labeler: Labeler, name: str) -> None:
    """Give a labeler another name, by which people know them on pages."""
    labeler.name = name
    labeler.save(update_fields=("name",))


@transaction.atomic
def adopt_guest(actor: Actor, guest: Labeler, user: User) -> Labeler:
    """Give a guest's labels to the account they signed in with.

    Where the account has a labeler already the guest stays apart: both may have labeled the same
    image, and no label is ever lost to make two people one.
    """
    if guest.guest_key is None or Labeler.objects.filter(user=user).exists():
        return labeler_of_user(user)
    guest.user, guest.guest_key = user, None
    guest.name = _name_of(user)
    guest.save(update_fields=("user", "guest_key", "name"))
    return guest
