"""The managers' pages to draw rover masks."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.tasks import enqueue
from labeling.annotation.services import rover_masks
from labeling.annotation.tasks import place_scale_bars, process_image
from labeling.models import Image, RoverMask
from labeling.people.access import managed_campaign

#: Most images in one preview.
SHOWN = 2000


@require_GET
@login_required
def rover_mask_views(request: HttpRequest, slug: str) -> HttpResponse:
    """Render the views of a campaign whose images have no delivered rover mask."""
    campaign = managed_campaign(request, slug)
    return render(
        request,
        "labeling/annotation/rover_masks/views.html",
        {"campaign": campaign, "views": rover_masks.views_of(campaign)},
    )


@require_http_methods(["GET", "POST"])
@login_required
def draw_rover_mask(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Render the page to draw the rover mask of an image; a POST applies it."""
    campaign = managed_campaign(request, slug)
    images = Image.objects.filter(rover_masks.without_delivered_mask(campaign))
    image = get_object_or_404(images.select_related("campaign", "drawn_rover_mask"), pk=pk)
    tolerance = rover_masks.TOLERANCE_DEG
    outlines = image.drawn_rover_mask.outlines if image.drawn_rover_mask else []
    problem = ""
    if request.method == "POST":
        try:
            tolerance = float(request.POST.get("tolerance", ""))
            outlines = json.loads(request.POST.get("outlines", ""))
            chosen = [int(key) for key in request.POST.getlist("images")]
            mask = rover_masks.apply(Actor.of_request(request), image, outlines, tolerance, chosen)
        except rover_masks.InvalidRoverMask as refused:
            problem = str(refused)
        except ValueError:
            problem = str(rover_masks.InvalidRoverMask())
        else:
            return _applied(request, mask)
    similar = rover_masks.similar_images(image, rover_masks.MOST_TOLERANCE_DEG)
    return render(
        request,
        "labeling/annotation/rover_masks/draw.html",
        {
            "campaign": campaign,
            "image": image,
            "similar": similar[:SHOWN],
            "tolerance": tolerance,
            "most_tolerance": rover_masks.MOST_TOLERANCE_DEG,
            "outlines": outlines if isinstance(outlines, list) else [],
            "problem": problem,
        },
        status=400 if problem else 200,
    )


def _applied(request: HttpRequest, mask: RoverMask) -> HttpResponse:
    enqueue(place_scale_bars, mask.pk)
    waiting = mask.images.filter(labels__status="received").distinct()
    for image_id in waiting.values_list("pk", flat=True):
        enqueue(process_image, image_id)
    count = mask.images.count()
    text = ngettext(
        "The rover mask is applied to %(n)s image.",
        "The rover mask is applied to %(n)s images.",
        count,
    )
    messages.success(request, text % {"n": count})
    return redirect("annotation:rover_mask_views", mask.image.campaign.slug)
