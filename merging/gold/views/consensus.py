"""Pages of the expert consensus meeting: disputes of experts, and labeling guidelines."""

from __future__ import annotations

import csv
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.csv_files import safe_cell
from ai4mars_site.toolkit.errors import Forbidden
from ai4mars_site.toolkit.tasks import enqueue
from labeling.annotation.services import corrections, independence
from labeling.models import Campaign, Image, Label, Labeler
from labeling.people.permissions import may_manage
from labeling.people.services.labelers import labeler_of_user
from merging.gold.forms import GuidelineForm
from merging.gold.services import consensus, plans
from merging.gold.tasks import compare_experts
from merging.masks.class_cards import class_cards
from merging.models import ExpertAgreement
from terrain.masks import NO_LABEL

PAGE = 24
#: The number of images that are compared in the request; a worker compares the rest.
COMPARED_AT_ONCE = 6


def meeting_campaign(request: HttpRequest, slug: str) -> tuple[Campaign, User]:
    """Return the campaign of a meeting and the account, if it is a manager or one of its experts.

    Raises:
        Forbidden: The account is neither.
    """
    campaign = get_object_or_404(Campaign, slug=slug)
    user = request.user
    if isinstance(user, User) and (
        may_manage(user) or consensus.is_expert_of(campaign, labeler_of_user(user))
    ):
        return campaign, user
    raise Forbidden(_("This page is for the campaign's experts and managers."))


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def consensus_meeting(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the images with the lowest agreement, the disputes over all images, and guidelines."""
    campaign, user = meeting_campaign(request, slug)
    form = GuidelineForm(request.POST or None, label_suffix="")
    if request.method == "POST" and add_guideline(request, form, campaign):
        return redirect(reverse("gold:consensus_meeting", args=(slug,)) + "#guidelines")
    waiting = consensus.compare_stale_images(campaign, COMPARED_AT_ONCE)
    if waiting:
        enqueue(compare_experts, campaign.pk)
    compared = list(consensus.by_lowest_agreement(campaign, user))
    page = Paginator(compared, PAGE).get_page(request.GET.get("page"))
    labeled = sum(each.labeled_pixels for each in compared)
    disputed = sum(each.disputed_pixels for each in compared)
    return render(
        request,
        "merging/gold/consensus.html",
        {
            "campaign": campaign,
            "manages": may_manage(request.user),
            "draft": plans.draft_of(campaign),
            "waiting": waiting,
            "closed": consensus.images_hidden_from(campaign, user).count(),
            "page": page,
            "cards": [consensus_card(each) for each in page.object_list],
            "images": len(compared),
            "percent": percent(disputed, labeled),
            "pairs": pair_rows(campaign, consensus.disputed_pairs(compared), labeled),
            "form": form,
            "guidelines": consensus.guidelines_of(campaign, user),
        },
    )


def add_guideline(
    request: HttpRequest, form: GuidelineForm, campaign: Campaign, image: Image | None = None
) -> bool:
    """Store the guideline in the form, with its author. Return False if the form is invalid."""
    if not form.is_valid():
        return False
    consensus.add_guideline(Actor.of_request(request), campaign, form.cleaned_data["text"], image)
    return True


def percent(part: int, whole: int) -> float | None:
    """Return a part in percent of the whole; None if the whole is 0."""
    return 100 * part / whole if whole else None


def pair_rows(
    campaign: Campaign, pairs: list[consensus.DisputedPair], labeled: int
) -> list[dict[str, Any]]:
    """Return the disputed area of each pair of classes, for the table."""
    classes = class_cards(campaign)
    return [
        {
            "classes": [classes[code] for code in pair.codes if code in classes],
            "pixels": pair.pixels,
            "images": pair.images,
            "percent": percent(pair.pixels, labeled),
        }
        for pair in pairs
    ]


def consensus_card(compared: ExpertAgreement) -> dict[str, Any]:
    """Return what the list shows of one image."""
    image = compared.image
    assert compared.agreement is not None
    return {
        "pk": image.pk,
        "product_id": image.product_id,
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "url": reverse("gold:consensus_image", args=(image.campaign.slug, image.pk)),
        "agreement": 100 * compared.agreement,
        "disputed": percent(compared.disputed_pixels, compared.labeled_pixels),
    }


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def consensus_image(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Show the disputes of one image, with the votes of each expert. A POST stores a guideline."""
    campaign, user = meeting_campaign(request, slug)
    image = meeting_image_or_404(campaign, pk)
    if not independence.record_view(image.pk, user):
        return closed_page(request, image, user)
    form = GuidelineForm(request.POST or None, label_suffix="")
    if request.method == "POST" and add_guideline(request, form, campaign, image):
        return redirect(reverse("gold:consensus_image", args=(slug, pk)) + "#guidelines")
    compared = consensus.compare(image.pk)
    order = list(consensus.by_lowest_agreement(campaign, user).values_list("image", flat=True))
    place = order.index(pk) if pk in order else 0
    drawn = consensus.expert_labels(image)
    regions = consensus.dispute_regions(image, consensus.expert_masks(drawn, image))
    pairs = consensus.disputed_pairs([compared])
    return render(
        request,
        "merging/gold/consensus_image.html",
        {
            "campaign": campaign,
            "image": image,
            "display_url": reverse("images:image_file", args=(image.pk, "display")),
            "disputes_url": reverse("gold:gold_disputes", args=(slug, pk)),
            "agreement": None if compared.agreement is None else 100 * compared.agreement,
            "disputed": percent(compared.disputed_pixels, compared.labeled_pixels),
            "pairs": pair_rows(campaign, pairs, compared.labeled_pixels),
            "classes": class_cards(campaign).values(),
            "experts": [expert_card(label, number) for number, label in enumerate(drawn)],
            "correct_url": correct_url(request, drawn),
            "regions": region_rows(campaign, regions, drawn, compared.labeled_pixels),
            "font_px": f"{max(image.width, image.height) / 30:.1f}",
            "place": place + 1,
            "images": len(order),
            "before_url": consensus_url(campaign, order, place - 1),
            "after_url": consensus_url(campaign, order, place + 1),
            "form": form,
            "guidelines": consensus.guidelines_of(campaign, user).filter(image=image),
        },
    )


def closed_page(request: HttpRequest, image: Image, user: User) -> HttpResponse:
    """Return a page that tells an expert, who can still label the image, why it is hidden and what
    to do.
    """
    given = independence.drawable_assignments(Labeler.objects.filter(user=user)).get(image=image)
    context = {"campaign": image.campaign, "image": image, "assignment": given}
    return render(request, "merging/gold/closed.html", context, status=HTTPStatus.FORBIDDEN)


def meeting_image_or_404(campaign: Campaign, pk: int) -> Image:
    """Return a gold image that each of its experts has labeled or skipped; 404 for any other."""
    ready = consensus.ready_images(campaign).select_related("campaign")
    return get_object_or_404(ready, pk=pk)


def consensus_url(campaign: Campaign, order: list[int], place: int) -> str:
    """Return the address of the image at this position in the order; "" if there is none."""
    if not 0 <= place < len(order):
        return ""
    return reverse("gold:consensus_image", args=(campaign.slug, order[place]))


def expert_card(label: Label, number: int) -> dict[str, Any]:
    """Return what the page shows of one expert's label."""
    args = (label.image.campaign.slug, label.image_id, number)
    return {
        "number": number + 1,
        "name": str(label.labeler),
        "picture_url": reverse("gold:gold_disputes", args=args),
        "independent": label.independent,
    }


def correct_url(request: HttpRequest, drawn: list[Label]) -> str:
    """Return the address at which an expert can correct their own label; "" for everybody else."""
    for label in drawn:
        if label.labeler.user_id == request.user.pk and not corrections.explain_refusal(label):
            page = reverse("annotation:annotate", args=(label.image.campaign.slug,))
            return f"{page}?correct={label.pk}"
    return ""


def region_rows(
    campaign: Campaign, regions: list[Any], drawn: list[Label], labeled: int
) -> list[dict[str, Any]]:
    """Return the disputed regions, with the class that each expert chose (None: not labeled)."""
    classes = class_cards(campaign)
    return [
        {
            "x": f"{region.at[0] + 0.5:g}",
            "y": f"{region.at[1] + 0.5:g}",
            "pixels": region.pixels,
            "percent": percent(region.pixels, labeled),
            "said": [
                (str(label.labeler), None if code == NO_LABEL else classes.get(code))
                for label, code in zip(drawn, region.votes, strict=True)
            ],
        }
        for region in regions
    ]


@never_cache
@require_GET
@login_required
def gold_disputes(
    request: HttpRequest, slug: str, pk: int, which: int | None = None
) -> HttpResponse:
    """Return the disputes of an image, or one expert's label, as a PNG to lay over the image."""
    campaign, user = meeting_campaign(request, slug)
    image = meeting_image_or_404(campaign, pk)
    if not independence.record_view(image.pk, user):
        raise Forbidden(_("Label this image first, or give it up."))
    try:
        content = consensus.picture(image, which)
    except IndexError as error:
        raise Http404("There is no such label.") from error
    return HttpResponse(content, content_type="image/png")


@never_cache
@require_GET
@login_required
def guidelines_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the guidelines as CSV, the oldest first."""
    campaign, user = meeting_campaign(request, slug)
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{slug}-guidelines.csv"'},
    )
    writer = csv.writer(response)
    writer.writerow(["date", "author", "image", "guideline"])
    for each in consensus.guidelines_of(campaign, user).order_by("created_at", "pk"):
        name = each.image.product_id if each.image else ""
        row = (each.created_at.isoformat(), each.author.get_username(), name, each.text)
        writer.writerow([safe_cell(cell) for cell in row])
    return response
