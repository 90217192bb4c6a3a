"""Responses to refused requests: JSON `{"code": ..., "detail": ...}` in the API, else a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler
from rest_framework.views import set_rollback

from ai4mars_site.toolkit.errors import DomainError, Invalid, NotFound, TooLarge, TooMany
from ai4mars_site.toolkit.uploads import TOO_LARGE
from terrain.geometry.invalid_polygons import InvalidPolygons, TooManyPoints, TooTangled

#: Paths below this one get JSON responses.
API = "/api/"
#: Statuses with a page of their own, `<status>.html`.
OWN_PAGES = frozenset({403, 404, 413, 429})


class RequestTooLarge(TooLarge):
    """The request body is larger than this path accepts."""

    message = _("This is too much to send at once. Send less.")


class UnknownAddress(NotFound):
    """The requested object does not exist."""

    message = _("This does not exist or was removed. Reload the page.")


class TangledOutlines(Invalid):
    """The outlines would take too long to clean; the labeler must simplify them."""

    code = "too_tangled"


def refusal_of(error: BaseException) -> DomainError | None:
    """Return the `DomainError` for an exception; None if it is not a refusal."""
    if isinstance(error, DomainError):
        return error
    if isinstance(error, RequestDataTooBig):
        return RequestTooLarge()
    if isinstance(error, InvalidPolygons):
        kind: type[DomainError] = Invalid
        if isinstance(error, TooManyPoints):
            kind = TooLarge
        elif isinstance(error, TooTangled):
            kind = TangledOutlines
        return kind(gettext(error.sentence), **error.values)
    return None


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception in the API into a response; all errors have the same form."""
    # Django's own message names a model, in English.
    refusal = UnknownAddress() if isinstance(error, Http404) else refusal_of(error)
    if refusal is not None:
        set_rollback()
        return Response(body_of(refusal), status=refusal.status, headers=headers_of(refusal))
    response = default_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        response.data = {"code": "invalid", "detail": sentence(error.detail)}
    elif isinstance(response.data, dict) and "detail" in response.data:
        detail = response.data["detail"]
        response.data = {"code": getattr(detail, "code", "error"), "detail": str(detail)}
    return response


class RefusalMiddleware:
    """Middleware that answers refusals of pages, and requests that are too large."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.META.get(TOO_LARGE):
            return answer(request, RequestTooLarge())
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refusal = refusal_of(error)
        return None if refusal is None else answer(request, refusal)


def answer(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """Return the response to a refused request: JSON below `API`, else a page for its status."""
    if request.path.startswith(API):
        return JsonResponse(body_of(refusal), status=refusal.status, headers=headers_of(refusal))
    page = f"{refusal.status}.html" if refusal.status in OWN_PAGES else "refused.html"
    response = render(request, page, {"exception": str(refusal)}, status=refusal.status)
    for name, value in headers_of(refusal).items():
        response[name] = value
    return response


def body_of(refusal: DomainError) -> dict[str, Any]:
    """Return the JSON body of a refusal."""
    return {"code": refusal.code, "detail": str(refusal), **refusal.more}


def headers_of(refusal: DomainError) -> dict[str, str]:
    """Return the headers of a response: when to try again."""
    return {"Retry-After": str(int(refusal.wait))} if isinstance(refusal, TooMany) else {}


def sentence(detail: Any) -> str:
    """Return the first message of a nested error detail, with the field's name in front."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        return sentence(inner) if name == "non_field_errors" else f"{name}: {sentence(inner)}"
    if isinstance(detail, list):
        return sentence(detail[0])
    return str(detail)
