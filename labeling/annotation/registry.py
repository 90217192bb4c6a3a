"""What other subjects add to drawing. They register here, so that annotation imports none of them.

An assignment's role says what its drawing is for: labels are stored by annotation itself, drawings
of other roles go to the receiver that is registered for the role. What has to be done before
drawing is asked of the prerequisites.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import DomainError
from labeling.models import Assignment, Campaign, Image, Labeler, Role
from labeling.people.permissions import Visitor


@dataclass(frozen=True, slots=True)
class Drawing:
    """What was drawn: the client's id for it, its polygons as they were sent, and who sent it."""

    id: uuid.UUID
    polygons: object
    user: Visitor
    actor: Actor


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a drawing: whether it is new, and what its page is told about it."""

    is_new: bool
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """What has to be done before drawing: what is said without it, and the name of its page."""

    refusal: DomainError
    page: str


Receiver = Callable[[Assignment, Drawing], Received]
Check = Callable[[Campaign, Labeler | None], Prerequisite | None]

_receivers: dict[str, Receiver] = {}
_checks: list[Check] = []


def register_receiver(role: Role, receiver: Receiver) -> None:
    """Send drawings of assignments in this role to `receiver`; registering again replaces it."""
    _receivers[role] = receiver


def register_prerequisite(check: Check) -> None:
    """Ask `check` before somebody is given an image; registering it again changes nothing."""
    if check not in _checks:
        _checks.append(check)


def receiver_of(labeler: Labeler, image_id: int) -> tuple[Assignment, Receiver] | None:
    """Return the assignment and who receives what is drawn on it; None where that is a label.

    An image that was given out for the crowd and has become a practice image since is one to
    practice on.
    """
    given = (
        Assignment.objects.filter(labeler=labeler, image=image_id)
        .filter(Q(role__in=_receivers) | Q(role=Role.CROWD, image__pool=Image.Pool.PRACTICE))
        .select_related("image__campaign")
        .first()
    )
    if given is None:
        return None
    return given, _receivers[Role.PRACTICE if given.role == Role.CROWD else given.role]


def missing_prerequisite(campaign: Campaign, labeler: Labeler | None) -> Prerequisite | None:
    """Return the first thing that has to be done before drawing; None when nothing has to."""
    return next((found for check in _checks if (found := check(campaign, labeler))), None)
