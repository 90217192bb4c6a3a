"""Template tags about visitors without an account."""

from __future__ import annotations

from django.http import HttpRequest
from django.template import Context, Library

from labeling.people.visitors import labeler_of

register = Library()


@register.simple_tag(takes_context=True)
def guest_drawings(context: Context) -> int:
    """Return how many labels the visitor has sent as a guest; 0 for an account."""
    request: HttpRequest = context["request"]
    if request.user.is_authenticated:
        return 0
    labeler = labeler_of(request)
    return labeler.labels.count() if labeler else 0
