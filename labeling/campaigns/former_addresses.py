"""Redirects from a campaign's former addresses, under earlier slugs, to its current ones."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase, HttpResponsePermanentRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from labeling.models import FormerSlug


class PermanentRedirectOfAnyMethod(HttpResponsePermanentRedirect):
    """A redirect with status 308: like 301, but the browser keeps method and body."""

    status_code = 308


class FormerAddresses:
    """Middleware that redirects a missing page of a former slug to the campaign's current slug."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code != HTTPStatus.NOT_FOUND:
            return response
        return find_redirect(request) or response


def find_redirect(request: HttpRequest) -> HttpResponse | None:
    """Return a redirect to the campaign's current address; None if the slug is not a former one."""
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
    # A new campaign may take the slug, so browsers must not cache the redirect.
    add_never_cache_headers(answer)
    return answer
