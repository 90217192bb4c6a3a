"""Erasing a person: the drawings stay, without any link to the person."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Draft, Labeler, SiteFeedback


@transaction.atomic
def erase_account(actor: Actor, user: User) -> None:
    """Erase an account's personal data, and detach its labeler. This cannot be undone.

    The account's row stays without name, mail address and password, since ratings, releases and
    plans refer to it. Nobody can log in with it, and its sessions end.
    """
    for labeler in Labeler.objects.select_for_update().filter(user=user):
        erase_labeler(actor, labeler)
    EmailAddress.objects.filter(user=user).delete()
    # The history of the admin site stores names of changed objects.
    accounts = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=accounts, object_id=str(user.pk)).delete()
    user.username = f"erased-{uuid.uuid4().hex[:12]}"
    user.first_name = user.last_name = user.email = ""
    user.set_unusable_password()
    user.is_active = user.is_staff = user.is_superuser = False
    user.save()
    user.groups.clear()
    user.user_permissions.clear()


@transaction.atomic
def erase_labeler(actor: Actor, labeler: Labeler) -> None:
    """Detach a labeler from account, browser or import; the labels stay anonymous.

    Drafts are deleted, and the person's site feedback loses its author and contact address. Because
    of `erased_at`, later releases use other pseudonyms.
    """
    Draft.objects.filter(labeler=labeler).delete()
    SiteFeedback.objects.filter(labeler=labeler).update(labeler=None, contact="")
    labeler.user, labeler.imported_from, labeler.guest_key = None, None, uuid.uuid4()
    labeler.name, labeler.erased_at = "", timezone.now()
    labeler.save()
