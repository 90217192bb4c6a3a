"""Pages on which managers check, change and assign a gold plan."""

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
    """Show the campaign's draft. Without one, redirect to the page that samples one."""
    plan = plans.draft_of(managed_campaign(request, slug))
    if plan is None:
        return redirect("gold:gold", slug)
    return render(request, "merging/gold/plan.html", plan_page(plan, experts_form(plan)))


def experts_form(plan: GoldPlan, sent: Any = None) -> ExpertsForm:
    """Return the form for the experts of a plan."""
    chosen = plan.experts.values_list("user", flat=True)
    initial = {"experts": list(chosen), "classes_per_expert": plan.classes_per_expert}
    return ExpertsForm(sent, initial=initial, label_suffix="")


def plan_page(plan: GoldPlan, form: ExpertsForm) -> dict[str, Any]:
    """Return the template context of the page of a draft."""
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
        "too_few": plans.missing_experts_message(teams, plan.classes_per_expert),
        "teams": team_table(teams),
        "wrong": len(wrong),
        "ready": bool(images) and bool(teams.teams) and not wrong,
    }


def tile(image: Image, wrong: str = "") -> dict[str, Any]:
    """Return what the page shows of one planned image."""
    return {
        "pk": image.pk,
        "product_id": image.product_id,
        "orbital_class": class_name(image.orbital_class),
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "display_url": reverse("images:image_file", args=(image.pk, "display")),
        "wrong": wrong,
    }


def team_table(teams: plans.Teams) -> dict[str, Any]:
    """Return the experts of each terrain class, and the number of images of each expert."""
    loads = [teams.load(expert) for expert in teams.experts]
    return {
        "classes": [
            (class_name(name), images, name in teams.kept) for name, images in teams.images.items()
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
    """Make one change to a draft. `do` names the change, and `image` the image to change."""
    plan = plans.draft_of(managed_campaign(request, slug))
    if plan is None:
        messages.warning(request, _("This plan no longer exists: it was assigned or discarded."))
        return redirect("gold:gold", slug)
    actor = Actor.of_request(request)
    do = request.POST.get("do", "")
    if do == "throw-away":
        plans.discard(actor, plan)
        return redirect("gold:gold", slug)
    if do == "experts":
        form = experts_form(plan, request.POST)
        if not form.is_valid():
            return render(request, "merging/gold/plan.html", plan_page(plan, form))
        experts = [labeler_of_user(user) for user in form.cleaned_data["experts"]]
        return apply_change(
            request,
            lambda: plans.set_experts(
                actor, plan, experts, form.cleaned_data["classes_per_expert"]
            ),
            slug,
            "#experts",
        )
    if do == "add":
        name = request.POST.get("product_id", "")
        return apply_change(request, lambda: plans.add_image(actor, plan, name), slug, "#add")
    steps: dict[str, Callable[[Actor, GoldPlan, int], object]] = {
        "take-out": plans.remove_image,
        "put-back": plans.restore_image,
        "replace": plans.replace_image,
    }
    if do not in steps:
        raise Http404("There is no such change of a plan.")
    number = request.POST.get("image", "")
    planned = plan.planned.filter(image=int(number) if number.isdecimal() else 0)
    image_id = get_object_or_404(planned).image_id
    return apply_change(request, lambda: steps[do](actor, plan, image_id), slug, "#pictures")


def apply_change(
    request: HttpRequest, step: Callable[[], object], slug: str, place: str
) -> HttpResponse:
    """Apply a change and return to its place on the page; show a message if it is refused."""
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
    """Assign the plan that the manager saw. Sending this twice has no further effect."""
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
        text = ngettext(
            "%d image is now gold and assigned to its experts.",
            "%d images are now gold and assigned to their experts.",
            count,
        )
        messages.success(request, text % count)
    return redirect("gold:gold_experts", slug)
