"""The health check for load balancers."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from ai4mars_site import __version__


@require_GET
def healthz(request: HttpRequest) -> JsonResponse:
    """Return the version of the software, if the database answers; else 503."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "version": __version__})
