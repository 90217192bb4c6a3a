"""How the API says no: always `{"code": ..., "detail": a sentence}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from ai4mars_site.toolkit.api_errors import TooLarge


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
