"""Who may see others' labels of a gold image: experts draw independently first (paper 3.1).

An expert must label a gold image, or give it up, before seeing the others' labels of it. When an
account is shown labels of others, that is recorded (`SeenLabels`), and it can no longer send a
first label of that image as an expert. Corrections are still accepted, since experts settle gold
labels together; they are marked as not independent (`Label.independent`).
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Assignment, Image, Labeler, Role, SeenLabels
from labeling.people.services.labelers import labeler_of_user

#: Statuses in which an expert has not drawn yet, but still can.
UNDRAWN = (Assignment.Status.OPEN, Assignment.Status.SKIPPED)


def drawable_assignments(labelers: QuerySet[Labeler] | Collection[Labeler]) -> QuerySet[Assignment]:
    """Return gold assignments on which these experts can still draw: open or skipped ones."""
    seen = SeenLabels.objects.filter(image=OuterRef("image"), labeler=OuterRef("labeler"))
    return Assignment.objects.filter(
        ~Exists(seen), labeler__in=labelers, role=Role.EXPERT, status__in=UNDRAWN
    )


def hidden_images(user: User) -> QuerySet[Image]:
    """Return images whose labels this account must not see: it can label them as an expert."""
    own = drawable_assignments(Labeler.objects.filter(user=user))
    return Image.objects.filter(pk__in=own.values("image"))


def has_seen(image_id: int, labeler: Labeler) -> bool:
    """Return whether somebody was shown others' labels of an image, or gave it up."""
    return SeenLabels.objects.filter(image=image_id, labeler=labeler).exists()


def record_view(image_id: int, user: User) -> bool:
    """Record that an account is shown others' labels of an image.

    Return False if they must be hidden: the account can still label the image as an expert.
    """
    return image_id in record_views([image_id], user)


def record_views(image_ids: Collection[int], user: User) -> set[int]:
    """Record for several images that an account is shown others' labels.

    Return the ids of the images whose labels may be shown.
    """
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
    """Record that the expert gives up a skipped gold image, and may see the others' labels.

    Return False if it is not skipped. Repeating the call changes nothing.
    """
    with transaction.atomic():
        given = _locked(assignment.image_id, assignment.labeler)
        if given is None or given.status != Assignment.Status.SKIPPED:
            return False
        _write([given.image_id], assignment.labeler)
    return True


def lock_and_check_seen(image_id: int, labeler: Labeler) -> bool:
    """Lock the expert's assignment for the transaction, then return `has_seen`."""
    _locked(image_id, labeler)
    return has_seen(image_id, labeler)


def _locked(image_id: int, labeler: Labeler) -> Assignment | None:
    """Lock and return the expert's assignment: showing, reopening and sending take turns."""
    given = Assignment.objects.select_for_update(of=("self",))
    return given.filter(image=image_id, labeler=labeler, role=Role.EXPERT).first()


def _write(image_ids: Collection[int], labeler: Labeler) -> None:
    rows = [SeenLabels(image_id=image_id, labeler=labeler) for image_id in sorted(image_ids)]
    SeenLabels.objects.bulk_create(rows, ignore_conflicts=True)
