"""The navigation: which sections a visitor may enter."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from labeling.people.permissions import is_expert, may_manage
from review.permissions import may_review


def nav(request: HttpRequest) -> dict[str, Any]:
    """Return which sections the visitor may enter (a context processor)."""
    user = request.user
    return {
        "nav": {
            "may_review": may_review(user),
            "may_manage": may_manage(user),
            "is_expert": is_expert(user),
        }
    }
