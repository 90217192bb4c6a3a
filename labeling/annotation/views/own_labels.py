"""Pages of a volunteer's own labels: all of them, and one at a time."""

from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from labeling.annotation.own_labels import label_card, label_page, own_label_or_404, own_labels
from labeling.images.preparation.pictures import THUMBNAIL_PX
from labeling.models import Campaign

PAGE = 24


@never_cache
@require_GET
def my_drawings(request: HttpRequest) -> HttpResponse:
    """Render the visitor's own labels as a grid, newest first; `?campaign=` selects a campaign."""
    own = own_labels(request)
    campaigns = Campaign.objects.filter(images__labels__in=own).distinct()
    chosen = campaigns.filter(slug=request.GET.get("campaign", "")).first()
    shown = own.filter(image__campaign=chosen) if chosen else own
    page = Paginator(shown, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "labeling/annotation/my_drawings.html",
        {
            "cards": [label_card(label) for label in page.object_list],
            "page": page,
            "campaigns": campaigns,
            "chosen": chosen,
            "open_campaigns": Campaign.objects.open(),
            "thumbnail_px": THUMBNAIL_PX,
        },
    )


@never_cache
@require_GET
def my_drawing(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Render one of the visitor's own labels, large, with what can be done with it."""
    label = own_label_or_404(request, pk)
    return render(request, "labeling/annotation/my_drawing.html", label_page(label))
