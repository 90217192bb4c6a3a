"""Who may see what others drew on a gold image: experts draw alone first (paper 3.1).

An expert either labels a gold image or sees the others' labels of it; not the second before the
first. An account that is shown labels of others is recorded (`SeenLabels`), and cannot send a first
label of that image as an expert any more. A correction afterwards counts, since
gold labels are settled by agreement, and is marked (`Label.independent`).
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Assignment, Image, Labeler, Role, SeenLabels
from labeling.people.services.labelers import labeler_of_user

#: In these an expert has not drawn, and still can.
UNDRAWN = (Assignment.Status.OPEN, Assignment.Status.SKIPPED)


def undrawn(labelers: QuerySet[Labeler] | Collection[Labeler]) -> QuerySet[Assignment]:
    """Gold assignments of these experts on which they can still draw: open, or skipped."""
    seen = SeenLabels.objects.filter(image=OuterRef("image"), labeler=OuterRef("labeler"))
    return Assignment.objects.filter(
        ~Exists(seen), labeler__in=labelers, role=Role.EXPERT, status__in=UNDRAWN
    )


def closed_images(user: User) -> QuerySet[Image]:
    """Images whose labels this account must not see: it can still label them as an expert."""
    own = undrawn(Labeler.objects.filter(user=user))
    return Image.objects.filter(pk__in=own.values("image"))


def has_seen(image_id: int, labeler: Labeler) -> bool:
    """Whether somebody was shown what others drew on an image, or gave up drawing on it alone."""
    return SeenLabels.objects.filter(image=image_id, labeler=labeler).exists()


def show(image_id: int, user: User) -> bool:
    """Write down that an account is shown what others drew on an image.

    False when it must not be shown: the account can still label the image as an expert.
    """
    return image_id in show_all([image_id], user)


def show_all(image_ids: Collection[int], user: User) -> set[int]:
    """`show` for several images; those that may be shown."""
    labeler = labeler_of_user(user)
    seen = SeenLabels.objects.filter(labeler=labeler, image__in=image_ids)
    shown = set(seen.values_list("image", flat=True))
    new = set(image_ids) - shown
    if new:
        with transaction.atomic():
            given = Assignment.objects.select_for_update().order_by("pk")
            can_draw = given.filter(
                labeler=labeler, role=Role.EXPERT, image__in=new, status__in=UNDRAWN
            )
            new -= set(can_draw.values_list("image_id", flat=True))
            _write(new, labeler)
    return shown | new


def give_up(actor: Actor, assignment: Assignment) -> bool:
    """A skipped gold image is never drawn by this expert, who may see the others' labels now.

    False when it is not skipped. Harmless to repeat.
    """
    with transaction.atomic():
        given = _locked(assignment.image_id, assignment.labeler)
        if given is None or given.status != Assignment.Status.SKIPPED:
            return False
        _write([given.image_id], assignment.labeler)
    return True


def has_seen_locked(image_id: int, labeler: Labeler) -> bool:
    """`has_seen`, after the expert's assignment is locked for the rest of the transaction."""
    _locked(image_id, labeler)
    return has_seen(image_id, labeler)


def _locked(image_id: int, labeler: Labeler) -> Assignment | None:
    """The expert's assignment, locked: showing, reopening and sending a label take turns."""
    given = Assignment.objects.select_for_update(of=("self",))
    return given.filter(image=image_id, labeler=labeler, role=Role.EXPERT).first()


def _write(image_ids: Collection[int], labeler: Labeler) -> None:
    rows = [SeenLabels(image_id=image_id, labeler=labeler) for image_id in sorted(image_ids)]
    SeenLabels.objects.bulk_create(rows, ignore_conflicts=True)
