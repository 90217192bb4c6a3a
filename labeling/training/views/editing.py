"""The managers' pages for lessons: tutorial, field guide, practice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Avg, Count, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.uploads import takes_uploads
from labeling.annotation.drawing_page import drawing_page
from labeling.images import lesson_pictures
from labeling.images.lesson_pictures import LessonPictures
from labeling.models import (
    Campaign,
    GuideEntry,
    Image,
    Label,
    ReferenceAnswer,
    TutorialStep,
)
from labeling.people.access import managed_campaign
from labeling.people.visitors import labeler_of
from labeling.training.forms import (
    AnswerForm,
    ClassForm,
    EntryForm,
    LessonForm,
    PracticeForm,
    StepForm,
    all_languages,
)
from labeling.training.services import lessons, practice, reference_answers

#: Pictures suggested by name for a new answer.
OFFERED = 200
#: Room for two pictures in one form; for one that is too large, the form explains it.
UPLOAD_MAX_BYTES = 4 * lesson_pictures.MAX_UPLOAD_BYTES


# -- tutorial --------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def tutorial(request: HttpRequest, slug: str) -> HttpResponse:
    """Render the tutorial's steps, to reorder, change, add and remove them."""
    campaign = managed_campaign(request, slug)
    steps = list(campaign.tutorial_steps.all())
    pictures = LessonPictures(campaign)
    if request.method == "POST":
        return rearrange(
            request, campaign, {step.pk: steps for step in steps}, "training:edit_tutorial"
        )
    return render(
        request,
        "labeling/training/editing/tutorial.html",
        {
            "campaign": campaign,
            "languages": all_languages(),
            "steps": [row(step, lessons.step_card(step, pictures)) for step in steps],
            "classes": [
                row(terrain, lessons.class_card(terrain, pictures))
                for terrain in campaign.terrain_classes.all()
            ],
            **moved(request),
        },
    )


def row(item: Any, card: dict[str, Any]) -> dict[str, Any]:
    """Return one row of a list of lessons: its preview and its languages."""
    return {**card, "pk": item.pk, "languages": sorted(item.translations)}


def moved(request: HttpRequest) -> dict[str, Any]:
    """Return which row was just moved, and where to, so that its button gets the focus back."""
    pk = request.GET.get("moved", "")
    return {"moved": int(pk) if pk.isdecimal() else None, "way": request.GET.get("way", "")}


def rearrange(
    request: HttpRequest, campaign: Campaign, among: dict[int, list[Any]], address: str
) -> HttpResponse:
    """Carry out a POST of a list: `up`, `down` or `remove` has the id of a row.

    `among` returns the rows of a row's group, in order.
    """
    for name, act in ACTIONS.items():
        pk = request.POST.get(name, "")
        if not pk.isdecimal() or int(pk) not in among:
            continue
        group = among[int(pk)]
        item = next(each for each in group if each.pk == int(pk))
        act(Actor.of_request(request), item, group)
        if name == "remove":
            messages.success(request, _("Removed."))
            break
        where = reverse(address, args=(campaign.slug,))
        return redirect(f"{where}?{urlencode({'moved': pk, 'way': name})}")
    return redirect(address, campaign.slug)


ACTIONS: dict[str, Callable[[Actor, Any, list[Any]], object]] = {
    "up": lambda actor, item, group: lessons.move(actor, item, True, group),
    "down": lambda actor, item, group: lessons.move(actor, item, False, group),
    "remove": lambda actor, item, group: lessons.remove(actor, item),
}


@require_GET
@login_required
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Render the whole tutorial as readers of `?language=` see it."""
    campaign = managed_campaign(request, slug)
    language = request.GET.get("language", "")
    known = dict(all_languages())
    code = language if language in known else translation.get_language() or "en"
    with translation.override(code):
        context = {
            **lessons.tutorial_context(campaign),
            "lesson_count": len(practice.lessons(campaign)),
            "preview": known.get(code, code),
        }
        return render(request, "labeling/training/tutorial.html", context)


@takes_uploads(lambda: UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "POST"])
@login_required
def step(request: HttpRequest, slug: str, pk: int | None = None) -> HttpResponse:
    """Render or save one step. Without `pk` it is a new one, which becomes the last."""
    campaign = managed_campaign(request, slug)
    item = (
        TutorialStep(campaign=campaign)
        if pk is None
        else get_object_or_404(campaign.tutorial_steps, pk=pk)
    )
    return edit(
        request, campaign, item, StepForm, lessons.step_card, "training:edit_tutorial", "step"
    )


@takes_uploads(lambda: UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "POST"])
@login_required
def ground(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Render or save the explanation of one class."""
    campaign = managed_campaign(request, slug)
    item = get_object_or_404(campaign.terrain_classes, pk=pk)
    return edit(
        request, campaign, item, ClassForm, lessons.class_card, "training:edit_tutorial", "ground"
    )


def edit(
    request: HttpRequest,
    campaign: Campaign,
    item: Any,
    form_class: type[LessonForm],
    card: Callable[[Any, LessonPictures], dict[str, Any]],
    back: str,
    partial: str,
) -> HttpResponse:
    """Edit one lesson, with a preview in every language; a POST with `preview` saves nothing."""
    is_sent = request.method == "POST"
    form = form_class(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        instance=item,
        campaign=campaign,
        label_suffix="",
    )
    is_valid = is_sent and form.is_valid()
    if is_valid and "preview" not in request.POST:
        lessons.store(Actor.of_request(request), form.save(commit=False))
        messages.success(request, _("Saved."))
        return redirect(back, campaign.slug)
    previews = []
    # An invalid form cannot be previewed; the stored lesson can.
    if is_valid or (not is_sent and item.pk is not None):
        for code, name in all_languages():
            with translation.override(code):
                previews.append({"code": code, "name": name, "card": card(item, form.shown)})
    return render(
        request,
        "labeling/training/editing/edit.html",
        {
            "campaign": campaign,
            "form": form,
            "is_new": item.pk is None,
            "is_unsaved": is_sent,
            "previews": previews,
            "partial": f"labeling/training/editing/{partial}_preview.html",
            "back": reverse(back, args=(campaign.slug,)),
            "kind": partial,
            "pk": item.pk,
        },
    )


# -- field guide -----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def guide(request: HttpRequest, slug: str) -> HttpResponse:
    """Render the field guide's entries, to reorder, change, add and remove them."""
    campaign = managed_campaign(request, slug)
    entries = list(campaign.guide_entries.select_related("terrain_class", "other_class"))
    pictures = LessonPictures(campaign)
    groups: dict[tuple[int, str], list[GuideEntry]] = {}
    for each in entries:
        groups.setdefault(group_of(each), []).append(each)
    if request.method == "POST":
        among = {each.pk: groups[group_of(each)] for each in entries}
        return rearrange(request, campaign, among, "training:edit_guide")
    grounds = {terrain.pk: terrain for terrain in campaign.terrain_classes.all()}
    order = sorted(
        groups.items(),
        key=lambda each: (
            each[0][0] == 0,
            list(grounds).index(each[0][0]) if each[0][0] else 0,
            each[0][1] == GuideEntry.Kind.BAD,
        ),
    )
    return render(
        request,
        "labeling/training/editing/guide.html",
        {
            "campaign": campaign,
            "groups": [
                {
                    "ground": (
                        lessons.class_card(grounds[ground_id], pictures) if ground_id else None
                    ),
                    "kind": kind,
                    "entries": [row(each, lessons.entry_card(each, pictures)) for each in members],
                }
                for (ground_id, kind), members in order
            ],
            **moved(request),
        },
    )


def group_of(entry: GuideEntry) -> tuple[int, str]:
    """Return the group of an entry: the good or bad examples of a class, or all look-alikes."""
    if entry.kind == GuideEntry.Kind.LOOK_ALIKE:
        return 0, entry.kind
    return entry.terrain_class_id, entry.kind


@takes_uploads(lambda: UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "POST"])
@login_required
def entry(request: HttpRequest, slug: str, pk: int | None = None) -> HttpResponse:
    """Render or save one entry of the field guide. Without `pk` it is a new one, which becomes the
    last.
    """
    campaign = managed_campaign(request, slug)
    if pk is not None:
        item = get_object_or_404(campaign.guide_entries, pk=pk)
    else:
        item = GuideEntry(campaign=campaign)
    return edit(
        request, campaign, item, EntryForm, lessons.entry_card, "training:edit_guide", "entry"
    )


# -- reference images ------------------------------------------------------------------------------


@takes_uploads(lambda: UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "POST"])
@login_required
def reference_images(request: HttpRequest, slug: str) -> HttpResponse:
    """Render the reference images, people's results on them, and the settings for practice."""
    campaign = managed_campaign(request, slug)
    rules = PracticeForm(instance=campaign, label_suffix="")
    answer = AnswerForm(campaign=campaign, label_suffix="")
    if request.method == "POST":
        if "rules" in request.POST:
            rules = PracticeForm(request.POST, instance=campaign, label_suffix="")
            if rules.is_valid():
                practice.set_rules(Actor.of_request(request), rules.save(commit=False))
                messages.success(request, _("Saved."))
                return redirect("training:reference_images", slug)
        elif "draw" in request.POST or "use_mask" in request.POST:
            answer = AnswerForm(request.POST, request.FILES, campaign=campaign, label_suffix="")
            done = answer.is_valid() and store_answer(request, answer)
            if done:
                return done
        else:
            change_reference_image(request, campaign)
            return redirect("training:reference_images", slug)
    free = campaign.images.usable().filter(
        ~Exists(Label.objects.filter(image=OuterRef("pk"))),
        pool=Image.Pool.CROWD,
        crowd_label_count=0,
    )
    return render(
        request,
        "labeling/training/editing/reference_images.html",
        {
            "campaign": campaign,
            "rules": rules,
            "answer": answer,
            "free": free.order_by("product_id").values_list("product_id", flat=True)[:OFFERED],
            "known": [reference_card(each) for each in answers_of(campaign)],
        },
    )


def store_answer(request: HttpRequest, form: AnswerForm) -> HttpResponse | None:
    """Set the answer from the uploaded mask, or redirect to draw it; None for an invalid form."""
    image, mask = form.cleaned_data["picture"], form.cleaned_data["mask"]
    if "draw" in request.POST:
        return redirect("training:draw_answer", image.campaign.slug, image.pk)
    if not mask:
        form.add_error("mask", _("Upload a mask, or draw the answer."))
        return None
    try:
        pixels = reference_answers.mask_from_upload(image, mask)
        reference_answers.set_answer(
            Actor.of_request(request), image, pixels, ReferenceAnswer.Source.MASK
        )
    except reference_answers.AnswerRefused as refused:
        form.add_error(None, str(refused))
        return None
    messages.success(
        request,
        _("The answer for %(picture)s is set.") % {"picture": image.product_id},
    )
    return redirect("training:reference_images", image.campaign.slug)


def change_reference_image(request: HttpRequest, campaign: Campaign) -> None:
    """Carry out the requested change of one practice image."""
    actor = Actor.of_request(request)
    for name in ("lesson", "later", "remove_answer"):
        pk = request.POST.get(name, "")
        image = campaign.images.filter(pk=pk).first() if pk.isdecimal() else None
        if image is None:
            continue
        if name == "remove_answer":
            reference_answers.remove_answer(actor, image)
            messages.success(
                request,
                _("%(picture)s is an ordinary image again.") % {"picture": image.product_id},
            )
        else:
            reference_answers.set_lesson(actor, image, name == "lesson")


def answers_of(campaign: Campaign) -> Any:
    return (
        ReferenceAnswer.objects.filter(image__campaign=campaign)
        .select_related("image", "image__campaign")
        .annotate(
            people=Count("image__attempts__labeler", distinct=True),
            tries=Count("image__attempts"),
            passes=Count("image__attempts", filter=Q(image__attempts__passed=True)),
            mean=Avg("image__attempts__score"),
        )
    )


def reference_card(answer: Any) -> dict[str, Any]:
    image = answer.image
    usable = ReferenceAnswer.objects.usable().filter(pk=answer.pk).exists()
    return {
        "pk": image.pk,
        "product_id": image.product_id,
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "draw_url": reverse("training:draw_answer", args=(image.campaign.slug, image.pk)),
        "source": answer.get_source_display(),
        "is_lesson": answer.is_lesson,
        "is_usable": usable,
        "people": answer.people,
        "tries": answer.tries,
        "passes": answer.passes,
        "mean_percent": None if answer.mean is None else round(answer.mean * 100),
    }


@require_GET
@login_required
def draw_answer(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Render the drawing page for a manager to draw an image's answer."""
    campaign = managed_campaign(request, slug)
    image = get_object_or_404(campaign.images, pk=pk)
    next_url = reverse("training:next_answer", args=(slug, image.pk))
    since = urlencode({"since": timezone.now().isoformat()})
    return drawing_page(
        request,
        campaign,
        labeler_of(request),
        f"{next_url}?{since}",
        drawing_for="answer",
    )
