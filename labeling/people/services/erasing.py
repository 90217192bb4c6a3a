"""Erasing a person: what they drew stays, and nothing says any more that it was they."""

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
    """Empty an account for good, and make its labeler nobody's.

    The account's row stays, without name, mail and password: ratings, releases and plans are tied
    to it. Nobody can sign in with it, and who is signed in is signed out.
    """
    for labeler in Labeler.objects.select_for_update().filter(user=user):
        erase_labeler(actor, labeler)
    EmailAddress.objects.filter(user=user).delete()
    # The admins' history keeps names of what was changed.
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
    """Cut a labeler loose from account, browser or import; labels stay as somebody's.

    Unfinished drawings go, and what they wrote to the site keeps neither author nor address.
    `erased_at` tells the apps above: a release after it has other pseudonyms than those before.
    """
    Draft.objects.filter(labeler=labeler).delete()
    SiteFeedback.objects.filter(labeler=labeler).update(labeler=None, contact="")
    labeler.user, labeler.imported_from, labeler.guest_key = None, None, uuid.uuid4()
    labeler.name, labeler.erased_at = "", timezone.now()
    labeler.save()
