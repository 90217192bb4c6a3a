"""Pages for volunteers to learn on: practice, and the field guide."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.files.base import File
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from labeling.annotation.closed_campaigns import for_open_campaign
from labeling.annotation.drawing_page import drawing_page
from labeling.images import lesson_pictures
from labeling.models import Campaign
from labeling.people.visitors import has_seen_tutorial, labeler_of
from labeling.training.services import practice as lessons
from labeling.training.services.lessons import build_guide


@require_GET
@for_open_campaign
def practice(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Render the drawing page with the campaign's lessons; on the first visit, the tutorial.

    A visitor who has done all lessons starts another round.
    """
    slug = campaign.slug
    if not has_seen_tutorial(request, campaign):
        return redirect("training:tutorial", slug)
    if not lessons.lessons(campaign):
        return redirect("annotation:annotate", slug)
    labeler = labeler_of(request)
    next_url = reverse("training:next_lesson", args=(slug,))
    if not lessons.remaining_lessons(campaign, labeler):
        next_url += "?" + urlencode({"since": timezone.now().isoformat()})
    return drawing_page(request, campaign, labeler, next_url, drawing_for="practice")


@require_GET
@for_open_campaign
def guide(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    """Render the field guide as a page."""
    return render(
        request,
        "labeling/training/guide.html",
        {
            "campaign": campaign,
            "guide": build_guide(campaign),
            "has_lessons": bool(lessons.lessons(campaign)),
        },
    )


@require_GET
@cache_control(public=True, max_age=31_536_000, immutable=True)
def lesson_picture(request: HttpRequest, pk: int, name: str) -> FileResponse:
    """Return a campaign's own picture.

    Its name is its checksum, so browsers may cache it forever.
    """
    return _picture(lesson_pictures.open_picture(pk, name))


@require_GET
@cache_control(public=True, max_age=31_536_000, immutable=True)
def earlier_lesson_picture(request: HttpRequest, slug: str, name: str) -> FileResponse:
    """Return a picture that is stored under a former slug of its campaign."""
    return _picture(lesson_pictures.open_earlier_picture(slug, name))


def _picture(file: File[bytes] | None) -> FileResponse:
    if file is None:
        raise Http404
    return FileResponse(file, content_type="image/webp")
