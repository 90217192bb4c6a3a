"""The tutorial before the first image."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from labeling.annotation.closed_campaigns import for_open_campaign
from labeling.models import Campaign
from labeling.people.visitors import (
    labeler_of,
    remember_tutorial,
)
from labeling.training.services import practice
from labeling.training.services.lessons import tutorial_context


@require_GET
@for_open_campaign
def tutorial(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    labeler = labeler_of(request)
    return render(
        request,
        "labeling/training/tutorial.html",
        {
            **tutorial_context(campaign),
            "lesson_count": len(practice.lessons(campaign)),
            "must_practice": practice.must_practice(campaign, labeler),
        },
    )


@require_POST
@for_open_campaign
def tutorial_seen(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    following = "training:practice" if "practice" in request.POST else "annotation:annotate"
    response = redirect(following, campaign.slug)
    remember_tutorial(request, response, campaign)
    return response
