"""The page of a reviewer's ratings and of flags, to find labels again and change ratings."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.tasks import enqueue
from labeling.annotation.serializers import ImageSerializer, TerrainClassSerializer
from labeling.annotation.services import independence
from labeling.models import Campaign, Label, LabelQuerySet
from review import permissions
from review.models import Rating, plan_of
from review.queue.forms import ChoiceForm, RatingForm
from review.queue.services import flags, ratings
from review.queue.services import rated as service
from review.scores.tasks import score_image

#: Labels on one page: each has its picture.
SHOWN = 24


@require_GET
@login_required
def rated_labels(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the reviewer's ratings, newest first; with `?list=flagged` all flagged labels."""
    permissions.require_reviewer(request.user)
    assert isinstance(request.user, User)
    campaign = get_object_or_404(Campaign, slug=slug)
    part = "flagged" if request.GET.get("list") == "flagged" else "rated"
    form = ChoiceForm(campaign, request.GET or None)
    if part == "flagged":
        labels = service.flagged(campaign, request.user)
    else:
        labels = service.rated_by(campaign, request.user)
    chosen: dict[str, Any] = {}
    if form.is_valid():
        labels, chosen = _narrowed(labels, form)
    labels = service.with_ratings(labels, request.user)
    page = Paginator(labels, SHOWN).get_page(request.GET.get("page"))
    independence.record_views({label.image_id for label in page}, request.user)
    hide = plan_of(campaign).hide_record
    context = {
        "campaign": campaign,
        "part": part,
        "form": form,
        "is_narrowed": bool(chosen),
        "counts": service.counts(campaign, request.user),
        "page": page,
        "query": urlencode({"list": part, **chosen}),
        "cards": [_card(label, request.user, hide) for label in page],
        "rated_config": {
            "classes": TerrainClassSerializer(campaign.terrain_classes.all(), many=True).data,
            "labels": [
                {
                    "id": str(label.pk),
                    "image": ImageSerializer(label.image).data,
                    "polygons": label.polygons,
                }
                for label in page
            ],
        },
    }
    return render(request, "review/queue/rated.html", context)


def _narrowed(labels: LabelQuerySet, form: ChoiceForm) -> tuple[LabelQuerySet, dict[str, Any]]:
    """Return the labels of the chosen labeler and image, and the choice as query parameters."""
    labeler, image = form.cleaned_data["labeler"], form.cleaned_data["image"]
    chosen: dict[str, Any] = {}
    if labeler is not None:
        labels = labels.filter(labeler=labeler)
        chosen["labeler"] = labeler.pk
    if image is not None:
        labels = labels.filter(image=image)
        chosen["image"] = image.product_id
    return labels, chosen


def _card(label: Any, reviewer: User, hide_record: bool) -> dict[str, Any]:
    """Return the template values of one label of `rated.with_ratings`.

    If the campaign hides them on the review page, its score, its labeler and the others' ratings
    stay hidden until the reviewer has rated the label.
    """
    past: list[Rating] = label.past
    mine = next((r for r in past if r.reviewer_id == reviewer.pk and r.withdrawn_at is None), None)
    known = mine is not None or not hide_record
    initial = (
        {"value": mine.value, "reasons": mine.reasons, "comment": mine.comment} if mine else {}
    )
    is_own = permissions.is_own(reviewer.pk, label)
    thrown_out_by_others = any(
        r.value == Rating.THROW_OUT and r.withdrawn_at is None and r is not mine for r in past
    )
    return {
        "label": label,
        "flag": getattr(label, "flag", None),
        "mine": mine,
        "reasons": dict(Rating.Reason.choices),
        "past": past if known else [],
        "score": label.agreement.score if known and hasattr(label, "agreement") else None,
        "shows_labeler": known,
        "is_own": is_own,
        "is_out": label.status == Label.Status.REJECTED,
        "may_rate": not is_own
        and not thrown_out_by_others
        and label.status in (Label.Status.ACCEPTED, Label.Status.REJECTED),
        "form": RatingForm(
            initial={**initial, "version": label.version}, auto_id=f"id_{label.pk}_%s"
        ),
    }


@require_POST
@login_required
def change_rating(request: HttpRequest, slug: str, pk: uuid.UUID) -> HttpResponse:
    """Rate (`do=rate`), withdraw a rating (`do=withdraw`) or remove a flag (`do=unflag`)."""
    permissions.require_reviewer(request.user)
    assert isinstance(request.user, User)
    label = get_object_or_404(
        Label.objects.select_related("labeler", "image"), pk=pk, image__campaign__slug=slug
    )
    actor = Actor.of_request(request)
    action = request.POST.get("do")
    if action == "rate":
        _rate(request, actor, label)
    elif action == "withdraw":
        mine = label.ratings.active().filter(reviewer=request.user).first()
        if mine is not None and ratings.undo(actor, mine):
            enqueue(score_image, label.image_id)
            messages.success(request, _("Your rating was withdrawn."))
        else:
            messages.info(request, _("You have no rating of this label to withdraw."))
    elif action == "unflag":
        flags.unflag(actor, label.pk)
        messages.success(request, _("The flag was removed."))
    else:
        messages.error(request, _("Choose what to do: rate, withdraw, or remove the flag."))
    back = QueryDict(request.POST.get("query", "")).urlencode()
    return redirect(f"{reverse('queue:rated_labels', args=(slug,))}?{back}")


def _rate(request: HttpRequest, actor: Actor, label: Label) -> None:
    form = RatingForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(e) for errors in form.errors.values() for e in errors))
        return
    said = form.cleaned_data
    try:
        ratings.change(
            actor, label, said["value"], said["comment"], said["version"], said["reasons"]
        )
    except ratings.RatingRefused as error:
        messages.error(request, str(error))
        return
    enqueue(score_image, label.image_id)
    messages.success(request, _("Saved: your rating is %(value)s.") % {"value": said["value"]})
