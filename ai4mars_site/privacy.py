"""The privacy page: what is kept, for how long, and who sees it.

Its sentences are in the template. A change of what is stored, erased or released changes them too.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ai4mars_site.accounts import DEVICE_SECONDS
from labeling.annotation.services.drafts import DRAFT_LIFE, DRAFT_LIFE_OF_NEWCOMERS
from labeling.people.services.sweeping import GUEST_LIFE

DAY_SECONDS = 24 * 60 * 60


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """Render the page with the periods, in days, that the code keeps to."""
    return render(
        request,
        "privacy.html",
        {
            "guest_days": GUEST_LIFE.days,
            "draft_days": DRAFT_LIFE.days,
            "first_draft_days": DRAFT_LIFE_OF_NEWCOMERS.days,
            "cookie_days": max(settings.SESSION_COOKIE_AGE, DEVICE_SECONDS) // DAY_SECONDS,
        },
    )
