"""Whether the site is there."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from ai4mars_site import __version__


@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer load balancers with the software's version, when the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "version": __version__})
