"""Extension points of drawing, so that annotation imports none of the packages that use them.

The role of an assignment says what its drawing is for. Annotation stores labels itself; drawings of
other roles go to the receiver registered for the role. Prerequisites are checks that run before
somebody may draw.
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
    """A finished drawing: the client's id for it, the polygons as sent, and the sender."""

    id: uuid.UUID
    polygons: object
    user: Visitor
    actor: Actor


@dataclass(frozen=True, slots=True)
class Received:
    """The result of receiving a drawing: whether it is new, and the data for the page."""

    is_new: bool
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A step that is required before drawing: the error without it, and the name of its page."""

    refusal: DomainError
    page: str


Receiver = Callable[[Assignment, Drawing], Received]
Check = Callable[[Campaign, Labeler | None], Prerequisite | None]

_receivers: dict[str, Receiver] = {}
_checks: list[Check] = []


def register_receiver(role: Role, receiver: Receiver) -> None:
    """Send drawings of assignments with this role to `receiver`; registering again replaces it."""
    _receivers[role] = receiver


def register_prerequisite(check: Check) -> None:
    """Run `check` before an image is assigned; registering it again changes nothing."""
    if check not in _checks:
        _checks.append(check)


def find_receiver(labeler: Labeler, image_id: int) -> tuple[Assignment, Receiver] | None:
    """Return the assignment and the receiver of its drawing; None if the drawing is a label.

    An assigned crowd image that has since become a practice image counts as practice.
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
    """Return the first step still required before drawing; None if there is none."""
    return next((found for check in _checks if (found := check(campaign, labeler))), None)
