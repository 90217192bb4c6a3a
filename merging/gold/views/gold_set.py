"""Pages of the gold set for managers: its images, and the progress of its experts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import assignments, independence
from labeling.models import Assignment, Campaign, Image, Role
from labeling.people.access import managed_campaign
from labeling.people.visitors import labeler_of
from labeling.training.services.reference_answers import AnswerRefused
from merging.gold.forms import SampleForm
from merging.gold.services import experts as gold_set
from merging.gold.services import plans
from merging.gold.services import progress as gold_progress
from merging.models import GoldPlan
from terrain.aggregation.gold_sampling import PAPER_TABLE_2


def class_name(name: str) -> str:
    """Return the name of an orbital terrain class for pages; images may have none."""
    return name or _("Terrain class unknown")


@require_http_methods(["GET", "POST"])
@login_required
def gold(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the gold set.

    A GET with bounds counts the images within them; a POST samples a plan.
    """
    campaign = managed_campaign(request, slug)
    form = sample_form(request, campaign)
    if request.method == "POST" and form.is_valid():
        plan = form.save(commit=False)
        try:
            plans.sample_plan(Actor.of_request(request), plan)
        except plans.PlanRefused as refused:
            form.add_error(None, str(refused))
        else:
            sampled = plan.planned.count()
            if sampled < plan.count:
                text = ngettext(
                    "Only %d image met all conditions.",
                    "Only %d images met all conditions.",
                    sampled,
                )
                messages.warning(request, text % sampled)
            return redirect("gold:gold_plan", slug)
    images = campaign.images.gold()
    images = images.order_by("orbital_class", "product_id")
    return render(
        request,
        "merging/gold/set.html",
        {
            "campaign": campaign,
            "draft": plans.draft_of(campaign),
            "form": form,
            "suggested_count": plans.suggested_count(campaign),
            **remaining_counts(form, campaign),
            "gold_images": [
                gold_card(image) for image in images.prefetch_related("assignments__labeler__user")
            ],
        },
    )


def sample_form(request: HttpRequest, campaign: Campaign) -> SampleForm:
    """Return the form as it was sent, or with default values."""
    sent = request.POST if request.method == "POST" else request.GET
    return SampleForm(
        sent if "count" in sent else None,
        campaign=campaign,
        suggested_count=plans.suggested_count(campaign),
        label_suffix="",
    )


def remaining_counts(form: SampleForm, campaign: Campaign) -> dict[str, Any]:
    """Return how many images remain after each bound of the form.

    For an invalid form, the defaults are used.
    """
    sent = form.is_bound and form.is_valid()
    plan = form.instance if sent else GoldPlan(campaign=campaign)
    left = dict(plans.count_remaining(plan))
    return {
        "training": left[""],
        "bounds": [(field, left.get(field.name)) for field in form.bounds()],
        "left": list(left.values())[-1],
    }


@require_GET
@login_required
def gold_remaining(request: HttpRequest, slug: str) -> JsonResponse:
    """Return how many images remain after each bound, by name, while the form is being edited."""
    campaign = managed_campaign(request, slug)
    form = sample_form(request, campaign)
    if not form.is_valid():
        return JsonResponse({}, status=400)
    found = remaining_counts(form, campaign)
    return JsonResponse(
        {field.name: left for field, left in found["bounds"]} | {"left": found["left"]}
    )


def gold_card(image: Image) -> dict[str, Any]:
    """Return what the page shows of one gold image."""
    return {
        "pk": image.pk,
        "product_id": image.product_id,
        "orbital_class": class_name(image.orbital_class),
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "experts": [
            {"name": str(assignment.labeler), "status": assignment.status}
            for assignment in image.assignments.all()
            if assignment.role == Role.EXPERT
        ],
    }


@require_GET
@login_required
def gold_experts(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the progress of each expert in each terrain class, with a reminder to send."""
    campaign = managed_campaign(request, slug)
    progress = gold_progress.campaign_progress(campaign)
    draw_url = request.build_absolute_uri(reverse("gold:my_gold"))
    return render(
        request,
        "merging/gold/experts.html",
        {
            "campaign": campaign,
            "draft": plans.draft_of(campaign),
            "total": progress.total,
            "classes": [(class_name(name), tally) for name, tally in progress.by_class.items()],
            "experts": [
                {
                    "name": str(each.labeler),
                    "email": each.labeler.user.email if each.labeler.user else "",
                    "tally": each.total,
                    "cells": [each.by_class.get(name) for name in progress.by_class],
                    "skipped": each.skipped,
                    "reminder": reminder_text(campaign, each, draw_url),
                }
                for each in progress.experts
            ],
            "reminder_subject": _("Gold images of %(campaign)s")
            % {"campaign": campaign.local_name},
        },
    )


def reminder_text(campaign: Campaign, expert: gold_progress.ExpertProgress, url: str) -> str:
    """Return the text of a message to an expert with open images; "" without any."""
    if not expert.total.open:
        return ""
    return _(
        "Hello %(name)s,\n\n%(open)s of your %(all)s gold images in %(campaign)s still need your "
        "label. Label only what you are sure of, and do not look at other people's labels. The "
        "images are here:\n\n%(url)s\n\nThank you!"
    ) % {
        "name": expert.labeler,
        "all": expert.total.all,
        "open": expert.total.open,
        "campaign": campaign.local_name,
        "url": url,
    }


@require_POST
@login_required
def gold_reassign(request: HttpRequest, pk: int) -> HttpResponse:
    """Assign a skipped gold image to the same expert again.

    Managers may do this for any expert, and experts for themselves.
    """
    gold = Assignment.objects.filter(role=Role.EXPERT).select_related("image__campaign", "labeler")
    assignment = get_object_or_404(gold, pk=pk)
    is_own = assignment.labeler.user_id == request.user.pk
    slug = assignment.image.campaign.slug
    if not is_own:
        managed_campaign(request, slug)
    reopened = assignments.reopen(Actor.of_request(request), assignment)
    if not reopened and assignment.status == Assignment.Status.SKIPPED:
        text = _("%(expert)s gave up %(picture)s, so it cannot be assigned to them again.")
        names = {"expert": assignment.labeler, "picture": assignment.image.product_id}
        messages.error(request, text % names)
    return redirect("gold:my_gold") if is_own else redirect("gold:gold_experts", slug)


@require_POST
@login_required
def gold_give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an expert give up a skipped image: they can never label it, but may see the others'
    labels.
    """
    own = Assignment.objects.filter(role=Role.EXPERT, labeler__user=request.user.pk)
    assignment = get_object_or_404(own.select_related("image__campaign", "labeler"), pk=pk)
    if not independence.give_up(Actor.of_request(request), assignment):
        messages.error(request, _("This image is still open. Skip it before you give it up."))
    return redirect("gold:my_gold")


@never_cache
@require_GET
@login_required
def my_gold(request: HttpRequest) -> HttpResponse:
    """Show an expert's own gold images in every campaign: the open ones and the skipped ones."""
    labeler = labeler_of(request)
    own = gold_progress.expert_progress(labeler) if labeler else {}
    return render(
        request,
        "merging/gold/mine.html",
        {
            "campaigns": [
                {
                    "campaign": campaign,
                    "tally": progress.total,
                    "classes": [(class_name(n), tally) for n, tally in progress.by_class.items()],
                    "skipped": progress.skipped,
                }
                for campaign, progress in own.items()
            ]
        },
    )


@require_POST
@login_required
def gold_reference_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the gold mask of an image its reference answer, for practice."""
    images = Image.objects.select_related("campaign").filter(pool=Image.Pool.GOLD)
    image = get_object_or_404(images, pk=pk)
    campaign = managed_campaign(request, image.campaign.slug)
    try:
        gold_set.set_reference_answer(Actor.of_request(request), image)
    except AnswerRefused as refused:
        messages.error(request, str(refused))
        return redirect("gold:gold", campaign.slug)
    messages.success(
        request, _("%(picture)s now has a reference answer.") % {"picture": image.product_id}
    )
    return redirect("training:reference_images", campaign.slug)


def table_2(planned: dict[str, int], present: dict[str, int]) -> dict[str, Any]:
    """Return gold images by terrain class, planned and present, beside the paper's Table 2."""
    names = sorted(planned.keys() | present.keys() | PAPER_TABLE_2.keys(), key=lambda n: (not n, n))
    rows = [
        {
            "name": class_name(name),
            "planned": planned.get(name, 0),
            "present": present.get(name, 0),
            "together": planned.get(name, 0) + present.get(name, 0),
            "paper": PAPER_TABLE_2.get(name),
        }
        for name in names
    ]
    return {
        "rows": rows,
        "planned": sum(planned.values()),
        "present": sum(present.values()),
        "together": sum(planned.values()) + sum(present.values()),
        "paper": sum(PAPER_TABLE_2.values()),
    }
