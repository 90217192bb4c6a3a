"""Addresses of a campaign under a slug that it had before lead to where it is now."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from labeling.models import FormerSlug


class PermanentRedirectOfAnyMethod(HttpResponsePermanentRedirect):
    """308: as 301, and what was posted is posted again."""

    status_code = 308


class FormerAddresses:
    """Middleware: what is not found under a slug is looked for under the one that followed it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.NOT_FOUND:
            return response
        return moved(request) or response


def moved(request: HttpRequest) -> HttpResponse | None:
    """A redirect to where a campaign's address is now; None where the slug is no former one."""
    match = request.resolver_match
    if match is None or "slug" not in match.kwargs:
        return None
    campaign = FormerSlug.campaign_of(match.kwargs["slug"])
    if campaign is None:
        return None
    where = reverse(match.view_name, kwargs={**match.kwargs, "slug": campaign.slug})
    if query := request.META.get("QUERY_STRING"):
        where += f"?{query}"
    is_read = request.method in ("GET", "HEAD")
    kind = HttpResponsePermanentRedirect if is_read else PermanentRedirectOfAnyMethod
    answer = kind(where)
    # A new campaign may take the slug: browsers must not keep the redirect for good.
    add_never_cache_headers(answer)
    return answer
