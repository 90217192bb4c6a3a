"""Taking away what visitors have left behind: guests with nothing of theirs, old sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, ForeignObjectRel, OuterRef, QuerySet
from django.utils import timezone

from labeling.models import Assignment, Labeler, Role

#: A guest who has nothing, and was given no image, for this long does not come back.
GUEST_LIFE = timedelta(days=30)
SWEEP_BATCH = 1000


def sweep_guests() -> int:
    """Delete guests who have nothing, a batch at a time; how many went.

    Assignments are not counted: an image that was only looked at, or skipped. A guest who comes
    back with the same cookie is made again with the next save.
    """
    chosen = list(guests_with_nothing().order_by("pk").values_list("pk", flat=True)[:SWEEP_BATCH])
    with transaction.atomic():
        # Whoever saves something at this moment refers to the guest, and waits for this lock, or
        # this waits for them and then finds that the guest has something.
        held = Labeler.objects.select_for_update().filter(pk__in=chosen).order_by("pk")
        still = guests_with_nothing().filter(pk__in=[labeler.pk for labeler in held])
        return still.delete()[1].get(Labeler._meta.label, 0)


def guests_with_nothing() -> QuerySet[Labeler]:
    """Guests made long ago who have no row in any table, except assignments made long ago."""
    long_ago = timezone.now() - GUEST_LIFE
    guests = Labeler.objects.filter(
        guest_key__isnull=False, erased_at=None, created_at__lt=long_ago
    )
    for relation in Labeler._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ForeignObjectRel):
            continue
        model: Any = relation.related_model
        theirs = model._default_manager.filter(**{relation.field.name: OuterRef("pk")})
        if model is Assignment:
            theirs = theirs.exclude(served_at__lt=long_ago, role__in=(Role.CROWD, Role.PRACTICE))
        guests = guests.filter(~Exists(theirs))
    return guests


def sweep_sessions() -> int:
    """Delete sessions that have expired, a batch at a time; how many went."""
    expired = Session.objects.filter(expire_date__lt=timezone.now())
    gone = 0
    while chosen := list(
        expired.order_by("expire_date").values_list("pk", flat=True)[:SWEEP_BATCH]
    ):
        gone += expired.filter(pk__in=chosen).delete()[0]
    return gone
