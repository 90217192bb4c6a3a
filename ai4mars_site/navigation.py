"""What the navigation shows to whom."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from labeling.people.permissions import is_expert, may_manage
from review.permissions import may_review


def nav(request: HttpRequest) -> dict[str, Any]:
    """Context processor: which parts of the site this visitor may enter."""
    user = request.user
    return {
        "nav": {
            "may_review": may_review(user),
            "may_manage": may_manage(user),
            "is_expert": is_expert(user),
        }
    }
