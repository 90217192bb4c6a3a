"""The page that compares merge methods, for managers who choose one for a release."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ai4mars_site.toolkit.errors import Forbidden
from ai4mars_site.toolkit.tasks import enqueue
from labeling.annotation.services import independence
from labeling.images.preparation.pictures import class_png, read_mask
from labeling.models import Campaign, Image
from labeling.people.access import managed_campaign
from merging.masks.class_cards import class_cards
from merging.masks.method_descriptions import description
from merging.masks.method_names import NAMES
from merging.masks.services import comparisons
from merging.masks.services.comparisons import ComparedImage, MethodResult
from merging.masks.services.methods import image_layers
from merging.masks.tasks import compare_merges
from terrain.aggregation.majority import Mask
from terrain.aggregation.methods import Kind, MergeMethod

#: The number of images that are compared in the request; a worker compares the rest.
COMPARED_AT_ONCE = 1
#: The lowest value of each color step of a layer.
STEPS = {
    "labelers": (1, 2, 3, 5, 8),
    "confidence": (0, 50, 65, 80, 95),
}
#: Colors from low to high values (viridis), safe for color-blind people.
RAMP = ("#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725")


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def merge_methods(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a sample of a campaign's images merged by each method.

    A POST compares all of them again.
    """
    campaign = managed_campaign(request, slug)
    if request.method == "POST":
        comparisons.delete_comparisons(campaign)
        return redirect("masks:merge_methods", slug)
    waiting = comparisons.compare_stale_images(campaign, COMPARED_AT_ONCE)
    if waiting:
        enqueue(compare_merges, campaign.pk)
    by = request.GET.get("by", "")
    kinds = (Kind(by),) if by in set(Kind) - {Kind.VOTES} else comparisons.SORTED_BY
    compared = comparisons.by_lowest_match(campaign, kinds)
    classes = class_cards(campaign)
    methods = comparisons.campaign_methods(campaign)
    results = comparisons.total_results(compared)
    return render(
        request,
        "merging/masks/methods.html",
        {
            "campaign": campaign,
            "waiting": waiting,
            "by": by,
            "orders": [(kind.value, NAMES[kind]) for kind in Kind if kind != Kind.VOTES],
            "classes": classes.values(),
            "methods": [method_row(methods[kind], results.get(kind), classes) for kind in Kind],
            "cards": [image_card(campaign, each) for each in compared],
            "legends": {name: legend(name) for name in STEPS},
        },
    )


def method_row(
    method: MergeMethod, result: MethodResult | None, codes: Iterable[int]
) -> dict[str, Any]:
    """Return the row of a merge method over the sample, without figures if it was unusable."""
    row = {
        "name": NAMES[method.kind],
        "is_rule": method.kind == Kind.VOTES,
        "description": description(method),
    }
    if result is None:
        return row
    agreement = result.difference.agreement
    return {
        **row,
        "labeled": 100 * result.labeled,
        "same": None if agreement is None else 100 * agreement,
        "shares": [100 * result.share(code) for code in codes],
    }


def image_card(campaign: Campaign, compared: ComparedImage) -> dict[str, Any]:
    """Return one image with all its masks. `compared` has their differences."""
    image = compared.image

    def url(picture: str) -> str:
        return reverse("masks:merge_picture", args=(campaign.slug, image.pk, picture))

    return {
        "product_id": image.product_id,
        "display_url": reverse("images:image_file", args=(image.pk, "display")),
        "width": image.width,
        "height": image.height,
        "labels": image.crowd_label_count,
        "match": 100 * compared.lowest_match(comparisons.SORTED_BY),
        "results": [
            {
                "name": NAMES[kind],
                "is_rule": kind == Kind.VOTES,
                "url": url(kind.value),
                "labeled": 100 * result.labeled,
                "match": 100 * result.difference.match,
            }
            for kind, result in compared.results.items()
        ],
        "labelers_url": url("labelers"),
        "confidence_url": url("confidence"),
    }


def legend(name: str) -> list[dict[str, str]]:
    """Return what the colors of a layer mean."""
    steps = STEPS[name]
    unit = "%" if name == "confidence" else ""
    last = [str(step - 1) for step in steps[1:]]
    words = [
        str(low) if str(low) == high else f"{low}-{high}"
        for low, high in zip(steps, last, strict=False)
    ]
    words.append(f"{steps[-1]}-100" if name == "confidence" else f"{steps[-1]}+")
    return [{"color": color, "words": word + unit} for color, word in zip(RAMP, words, strict=True)]


@never_cache
@require_GET
@login_required
def merge_picture(request: HttpRequest, slug: str, pk: int, picture: str) -> HttpResponse:
    """Return a merged mask in the campaign's colors, or a layer of the campaign's own merge.

    It is an overlay for the image, transparent where there is no value.
    """
    campaign = managed_campaign(request, slug)
    image = get_object_or_404(campaign.images.select_related("campaign"), pk=pk)
    assert isinstance(request.user, User)
    if not independence.record_view(image.pk, request.user):
        raise Forbidden(_("Label this image first, or give it up."))
    if picture in STEPS:
        return _png(layer_steps(image, picture), dict(enumerate(RAMP)))
    if picture not in set(Kind):
        raise Http404("There is no such picture.")
    stored = comparisons.stored_mask(image, Kind(picture))
    if stored is None:
        raise Http404("This image was not merged by this method yet.")
    with stored.mask.open("rb") as file:
        return _png(read_mask(file), dict(campaign.terrain_classes.values_list("code", "color")))


def layer_steps(image: Image, name: str) -> Mask:
    """Return the index in `RAMP` of each pixel of a layer, uint8; 255 where nobody labeled it."""
    method = comparisons.campaign_methods(image.campaign)[Kind.VOTES]
    layers = image_layers(image.pk, method)
    values = layers.labelers if name == "labelers" else layers.confidence
    steps = np.searchsorted(STEPS[name], values, side="right") - 1
    return np.where(layers.labelers == 0, 255, steps).astype(np.uint8)


def _png(mask: Mask, colors: dict[int, str]) -> HttpResponse:
    return HttpResponse(class_png(mask, colors), content_type="image/png")
