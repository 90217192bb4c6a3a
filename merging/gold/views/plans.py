"""A plan of gold images: looked through, changed, and assigned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Image
from labeling.people.access import managed_campaign
from labeling.people.services.labelers import labeler_of_user
from merging.gold.forms import ExpertsForm
from merging.gold.services import plans
from merging.gold.views.gold_set import class_name, table_2
from merging.models import GoldPlan
from terrain.aggregation.gold_sampling import CLASSES_PER_EXPERT


@require_GET
@login_required
def gold_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """The campaign's draft; without one, the page where one is drawn."""
    plan = plans.draft_of(managed_campaign(request, slug))
    if plan is None:
        return redirect("gold:gold", slug)
    return render(request, "merging/gold/plan.html", plan_page(plan, experts_form(plan)))


def experts_form(plan: GoldPlan, sent: Any = None) -> ExpertsForm:
    chosen = plan.experts.values_list("user", flat=True)
    initial = {"experts": list(chosen), "classes_per_expert": plan.classes_per_expert}
    return ExpertsForm(sent, initial=initial, label_suffix="")


def plan_page(plan: GoldPlan, form: ExpertsForm) -> dict[str, Any]:
    """All that the page of a draft shows."""
    images = plans.images_of(plan)
    teams = plans.teams_of(plan, images)
    wrong = plans.conflicts(plan, images, teams)
    out = Image.objects.filter(pk__in=plan.planned.filter(is_out=True).values("image"))
    groups: dict[str, list[dict[str, Any]]] = {}
    for image in images:
        groups.setdefault(image.orbital_class, []).append(tile(image, wrong.get(image.pk, "")))
    training = plans.training_images(plan.campaign).count()
    return {
        "campaign": plan.campaign,
        "plan": plan,
        "draft": plan,
        "images": len(images),
        "percent": 100 * len(images) / training if training else None,
        "table": table_2(teams.images, dict(plans.gold_by_class(plan.campaign))),
        "groups": [(class_name(name), tiles) for name, tiles in groups.items()],
        "out": [tile(image) for image in out.order_by("orbital_class", "product_id")],
        "form": form,
        "usual_limit": CLASSES_PER_EXPERT,
        "too_few": plans.too_few(teams, plan.classes_per_expert),
        "teams": team_table(teams),
        "wrong": len(wrong),
        "ready": bool(images) and bool(teams.teams) and not wrong,
    }


def tile(image: Image, wrong: str = "") -> dict[str, Any]:
    return {
        "pk": image.pk,
        "product_id": image.product_id,
        "orbital_class": class_name(image.orbital_class),
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "display_url": reverse("images:image_file", args=(image.pk, "display")),
        "wrong": wrong,
    }


def team_table(teams: plans.Teams) -> dict[str, Any]:
    """Experts by terrain class, with how much each of them has to do."""
    loads = [teams.load(expert) for expert in teams.experts]
    return {
        "classes": [
            (class_name(name), images, name in teams.settled)
            for name, images in teams.images.items()
        ],
        "experts": [
            {
                "name": str(expert),
                "in": [expert in teams.teams.get(name, ()) for name in teams.images],
                "load": load,
                "classes": sum(expert in team for team in teams.teams.values()),
            }
            for expert, load in zip(teams.experts, loads, strict=True)
        ],
        "is_made": bool(teams.teams),
        "least": min(loads, default=0),
        "most": max(loads, default=0),
    }


@require_POST
@login_required
def change_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """One step of editing a draft: `do` says which, and where it is about an image, `image`."""
    plan = plans.draft_of(managed_campaign(request, slug))
    if plan is None:
        messages.warning(request, _("There is no plan any more: it was assigned or thrown away."))
        return redirect("gold:gold", slug)
    actor = Actor.of_request(request)
    do = request.POST.get("do", "")
    if do == "throw-away":
        plans.throw_away(actor, plan)
        return redirect("gold:gold", slug)
    if do == "experts":
        form = experts_form(plan, request.POST)
        if not form.is_valid():
            return render(request, "merging/gold/plan.html", plan_page(plan, form))
        experts = [labeler_of_user(user) for user in form.cleaned_data["experts"]]
        return changed(
            request,
            lambda: plans.set_experts(
                actor, plan, experts, form.cleaned_data["classes_per_expert"]
            ),
            slug,
            "#experts",
        )
    if do == "add":
        name = request.POST.get("product_id", "")
        return changed(request, lambda: plans.add(actor, plan, name), slug, "#add")
    steps: dict[str, Callable[[Actor, GoldPlan, int], object]] = {
        "take-out": plans.take_out,
        "put-back": plans.put_back,
        "replace": plans.replace,
    }
    if do not in steps:
        raise Http404("A plan is not changed that way.")
    number = request.POST.get("image", "")
    planned = plan.planned.filter(image=int(number) if number.isdecimal() else 0)
    image_id = get_object_or_404(planned).image_id
    return changed(request, lambda: steps[do](actor, plan, image_id), slug, "#pictures")


def changed(
    request: HttpRequest, step: Callable[[], object], slug: str, place: str
) -> HttpResponse:
    """Back to the page, to where the step was taken, with a sentence when it was refused."""
    try:
        image = step()
    except plans.PlanRefused as refused:
        messages.error(request, str(refused))
        return redirect("gold:gold_plan", slug)
    if isinstance(image, Image):
        place = f"#picture-{image.pk}"
    return redirect(reverse("gold:gold_plan", args=(slug,)) + place)


@require_POST
@login_required
def assign_plan(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make the plan that was looked at; pressing twice does no harm."""
    campaign = managed_campaign(request, slug)
    plan = get_object_or_404(GoldPlan.objects.select_related("campaign"), pk=pk, campaign=campaign)
    revision = request.POST.get("revision", "")
    try:
        seen = int(revision) if revision.isdecimal() else 0
        count = plans.assign(Actor.of_request(request), plan, seen)
    except plans.PlanRefused as refused:
        messages.error(request, str(refused))
        return redirect("gold:gold_plan", slug)
    if count:
        said = ngettext(
            "%d picture is gold now and waits for its experts.",
            "%d pictures are gold now and wait for their experts.",
            count,
        )
        messages.success(request, said % count)
    return redirect("gold:gold_experts", slug)
