"""The managers' page of images that volunteers have reported."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import F, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Image, ImageReport
from labeling.people.access import managed_campaign
from labeling.reports import services as report_service

PAGE = 24
COMMENTS_SHOWN = 20

DECISIONS = {
    "retire": (report_service.retire, _("Retired. Nobody will get this image anymore.")),
    "keep": (report_service.keep, _("Kept. Volunteers can label this image again.")),
    "reopen": (report_service.reopen, _("Undone. The reports are open again.")),
}


@require_GET
@login_required
def reports(request: HttpRequest, slug: str) -> HttpResponse:
    """Render images with reports, the most reported first; `?settled=1` shows settled ones."""
    campaign = managed_campaign(request, slug)
    settled = request.GET.get("settled") == "1"
    of_campaign = ImageReport.objects.filter(image__campaign=campaign)
    page = Paginator(reported_images(campaign, settled), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "labeling/reports/reports.html",
        {
            "campaign": campaign,
            "settled": settled,
            "page": page,
            "cards": [report_card(image, settled) for image in page.object_list],
            "waiting": of_campaign.waiting().values("image").distinct().count(),
            "decided": last_decision(campaign, request.GET),
        },
    )


def reported_images(campaign: Campaign, settled: bool) -> Any:
    """Return images with open reports, set aside first; or with settled ones, the latest first."""
    said = ImageReport.objects.filter(image__campaign=campaign)
    said = said.exclude(settled_at=None) if settled else said.waiting()
    last = Max("reports__settled_at" if settled else "reports__created_at")
    order = F("last").desc() if settled else F("set_aside_at").asc(nulls_last=True)
    return (
        campaign.images.filter(reports__in=said)
        .annotate(last=last)
        .prefetch_related("reports")
        .order_by(order, "-last", "pk")
    )


def report_card(image: Image, settled: bool) -> dict[str, Any]:
    """Return an image with its comments and its number of reports for each reason."""
    shown = [each for each in image.reports.all() if (each.settled_at is not None) == settled]
    said = Counter(
        each.get_reason_display() if each.reason else each.get_kind_display() for each in shown
    )
    return {
        "pk": image.pk,
        "product_id": image.product_id,
        "display_url": reverse("images:image_file", args=(image.pk, "display")),
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "labels": image.crowd_label_count,
        "is_set_aside": image.set_aside_at is not None,
        "is_retired": image.retired_at is not None,
        "said": said.most_common(),
        "comments": [each.comment for each in shown if each.comment][:COMMENTS_SHOWN],
    }


def last_decision(campaign: Campaign, asked: Any) -> dict[str, Any] | None:
    """Return the decision that was just made, for a message with an undo button."""
    decision, number = asked.get("did", ""), asked.get("image", "")
    if decision not in DECISIONS or not (number.isascii() and number.isdigit()):
        return None
    image = campaign.images.filter(pk=number).first()
    if image is None:
        return None
    return {
        "pk": image.pk,
        "product_id": image.product_id,
        "sentence": DECISIONS[decision][1],
        "can_reopen": decision != "reopen",
    }


@require_POST
@login_required
def decide(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Retire a reported image, keep it, or undo the last decision (`decision`)."""
    campaign = managed_campaign(request, slug)
    image = get_object_or_404(campaign.images, pk=pk)
    decision = request.POST.get("decision", "")
    back = reverse("reports:reports", args=(slug,))
    if decision not in DECISIONS:
        return redirect(back)
    act, _sentence = DECISIONS[decision]
    # Nothing changed: another manager was faster, and the page shows the present state.
    if not act(Actor.of_request(request), campaign, image.pk):
        return redirect(back)
    return redirect(f"{back}?did={decision}&image={image.pk}")
