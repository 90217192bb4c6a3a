"""What all pages show about their visitor: the sections to enter, and a name."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from labeling.people.permissions import is_expert, may_manage
from labeling.people.visitors import name_on_device, visit_of
from review.permissions import may_review


def nav(request: HttpRequest) -> dict[str, Any]:
    """Return which sections the visitor may enter, and the person's name on the device.

    (A context processor.)
    """
    user = request.user
    return {
        "nav": {
            "may_review": may_review(user),
            "may_manage": may_manage(user),
            "is_expert": is_expert(user),
        },
        "person": name_on_device(request, visit_of(request)),
    }
