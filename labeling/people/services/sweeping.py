"""Deleting old data of visitors: guests without data, and expired sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, ForeignObjectRel, OuterRef, QuerySet
from django.utils import timezone

from labeling.models import Assignment, Labeler, Role

#: Age from which a guest without data and without a recent image is deleted.
GUEST_LIFE = timedelta(days=30)
SWEEP_BATCH = 1000


def sweep_guests() -> int:
    """Delete guests without data in batches; return how many.

    Assignments do not count as data: their images were only looked at, or skipped. If the guest
    returns with the same cookie, the next save creates the guest again.
    """
    chosen = list(guests_without_data().order_by("pk").values_list("pk", flat=True)[:SWEEP_BATCH])
    with transaction.atomic():
        # A simultaneous save refers to the guest and waits for this lock; or this waits for the
        # save, and then sees that the guest has data.
        held = Labeler.objects.select_for_update().filter(pk__in=chosen).order_by("pk")
        still = guests_without_data().filter(pk__in=[labeler.pk for labeler in held])
        return still.delete()[1].get(Labeler._meta.label, 0)


def guests_without_data() -> QuerySet[Labeler]:
    """Return old guests without a row in any table, except old assignments."""
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
    """Delete expired sessions in batches; return how many."""
    expired = Session.objects.filter(expire_date__lt=timezone.now())
    gone = 0
    while chosen := list(
        expired.order_by("expire_date").values_list("pk", flat=True)[:SWEEP_BATCH]
    ):
        gone += expired.filter(pk__in=chosen).delete()[0]
    return gone
