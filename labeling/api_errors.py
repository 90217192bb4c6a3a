"""How the API says no: always `{"code": ..., "detail": a sentence}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from terrain.geometry import InvalidPolygons, TooManyPoints, TooTangled


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


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler, with every answer in the one shape."""
    if isinstance(error, RequestDataTooBig):
        # Django's answer would be a page.
        error = TooLarge()
    response = default_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        response.data = {"code": "invalid", "detail": sentence(error.detail)}
    elif isinstance(response.data, dict) and "detail" in response.data:
        detail = response.data["detail"]
        response.data = {"code": getattr(detail, "code", "error"), "detail": str(detail)}
    return response


def sentence(detail: Any) -> str:
    """The first complaint of a nested error detail, with the field's name before it."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        return sentence(inner) if name == "non_field_errors" else f"{name}: {sentence(inner)}"
    if isinstance(detail, list):
        return sentence(detail[0])
    return str(detail)
