"""What the API refuses with; `api_handler` gives every refusal its shape."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError

from terrain.geometry.cleaning import TooTangled
from terrain.geometry.regions import InvalidPolygons, TooManyPoints


class Conflict(APIException):
    """409: what is stored already speaks against it."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class TooLarge(APIException):
    """413: more than anybody can have drawn."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "This is more than the site takes at once. Send less."
    default_code = "too_large"


class Tangled(APIException):
    """400: outlines that would take too long to clean; the drawing has to be changed."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "too_tangled"


class Gone(APIException):
    """410: it was there, and an admin has taken it away."""

    status_code = status.HTTP_410_GONE
    default_code = "gone"


def refusal_of(error: InvalidPolygons) -> APIException:
    """What to answer to polygons that cannot be a label."""
    if isinstance(error, TooManyPoints):
        return TooLarge(str(error))
    if isinstance(error, TooTangled):
        return Tangled(str(error))
    return ValidationError(str(error))
