"""The managers' pages for illustrations: the list, the choice of an image, and the editor."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_http_methods

from ai4mars_site.toolkit.actors import Actor
from labeling.images import lesson_pictures
from labeling.models import Campaign, GuideEntry, Illustration, Image, TerrainClass
from labeling.people.access import managed_campaign
from labeling.people.permissions import may_manage
from labeling.training.forms import IllustrationForm, all_languages
from labeling.training.services import illustrations

#: Images on one page of the choice.
PAGE = 24
#: The width of a scale that is new.
USUAL_SCALE_CM = 50


@require_GET
@cache_control(public=True, max_age=3600)
def illustration_file(request: HttpRequest, pk: int, version: str) -> FileResponse:
    """Return the picture of an illustration; one that volunteers must not see, to managers only.

    `version` changes with the picture, so that browsers load it anew.
    """
    found = Illustration.objects.all()
    if not may_manage(request.user):
        found = found.shown()
    illustration = get_object_or_404(found, pk=pk)
    return FileResponse(illustration.picture.open("rb"), content_type="image/webp")


# -- where it is shown -----------------------------------------------------------------------------


def place_of(campaign: Campaign, name: str) -> tuple[illustrations.Lesson, str] | None:
    """Return the lesson and its field that `?for=` names, such as "step-12-picture"."""
    kind, _dash, rest = name.partition("-")
    pk, _dash, field = rest.partition("-")
    fields = {"picture", "other_picture"} if kind == "entry" else {"picture"}
    if not pk.isdecimal() or field not in fields:
        return None
    item: illustrations.Lesson | None = None
    if kind == "step":
        item = campaign.tutorial_steps.filter(pk=pk).first()
    elif kind == "ground":
        item = campaign.terrain_classes.filter(pk=pk).first()
    elif kind == "entry":
        item = campaign.guide_entries.filter(pk=pk).first()
    return (item, field) if item else None


def edit_url(campaign: Campaign, item: illustrations.Lesson) -> str:
    """Return the address of the page that edits a lesson."""
    name = "training:edit_step"
    if isinstance(item, TerrainClass):
        name = "training:edit_class"
    elif isinstance(item, GuideEntry):
        name = "training:edit_entry"
    return reverse(name, args=(campaign.slug, item.pk))


# -- list ------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def listing(request: HttpRequest, slug: str) -> HttpResponse:
    """Render a campaign's illustrations; a POST with `remove` deletes one."""
    campaign = managed_campaign(request, slug)
    if request.method == "POST":
        pk = request.POST.get("remove", "")
        item = get_object_or_404(campaign.illustrations, pk=pk if pk.isdecimal() else 0)
        try:
            illustrations.remove(Actor.of_request(request), item)
            messages.success(request, _("Removed."))
        except illustrations.IllustrationRefused as refused:
            messages.error(request, str(refused))
        return redirect("training:illustrations", slug)
    uses = illustrations.uses(campaign)
    shown = set(campaign.illustrations.shown().values_list("pk", flat=True))
    return render(
        request,
        "labeling/training/editing/illustrations.html",
        {
            "campaign": campaign,
            "illustrations": [
                {
                    "pk": each.pk,
                    "picture": lesson_pictures.illustration_picture(each),
                    "product_id": each.product_id,
                    "image": each.image,
                    "languages": sorted(each.translations),
                    "is_hidden": each.pk not in shown,
                    "uses": [
                        {"title": str(item), "url": edit_url(campaign, item)}
                        for item in uses.get(lesson_pictures.illustration_name(each.pk), ())
                    ],
                }
                for each in campaign.illustrations.select_related("image")
            ],
        },
    )


@require_GET
@login_required
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Render the images that an illustration can show; `?q=` searches product ids."""
    campaign = managed_campaign(request, slug)
    search = request.GET.get("q", "").strip()
    found = illustrations.images_to_show(campaign)
    if search:
        found = found.filter(product_id__icontains=search)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    where = request.GET.get("for", "")
    query = urlencode({"for": where}) if place_of(campaign, where) else ""
    return render(
        request,
        "labeling/training/editing/choose_image.html",
        {
            "campaign": campaign,
            "page": page,
            "search": search,
            "query": query,
            "keep": "".join(
                f"{urlencode({name: value})}&"
                for name, value in (("for", where if query else ""), ("q", search))
                if value
            ),
            "place": where if query else "",
        },
    )


# -- editor ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@login_required
def edit(
    request: HttpRequest, slug: str, pk: int | None = None, image_pk: int | None = None
) -> HttpResponse:
    """Render the editor of a new or an existing illustration, or save it.

    With `?for=`, the saved picture becomes the one of that lesson.
    """
    campaign = managed_campaign(request, slug)
    if pk is not None:
        item = get_object_or_404(campaign.illustrations.select_related("image"), pk=pk)
    else:
        image = get_object_or_404(illustrations.images_to_show(campaign), pk=image_pk)
        item = Illustration(campaign=campaign, image=image, crop=usual_crop(image), marks=[])
    where = request.GET.get("for", "")
    target = place_of(campaign, where)
    form = IllustrationForm(request.POST or None, instance=item, label_suffix="")
    if request.method == "POST" and form.is_valid():
        actor = Actor.of_request(request)
        data = form.cleaned_data
        try:
            illustrations.store(actor, form.save(commit=False), data["crop"], data["marks"])
        except illustrations.IllustrationRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved."))
            if target is None:
                return redirect("training:illustrations", slug)
            illustrations.place(actor, item, *target)
            return redirect(edit_url(campaign, target[0]))
    back = (
        edit_url(campaign, target[0]) if target else reverse("training:illustrations", args=(slug,))
    )
    return render(
        request,
        "labeling/training/editing/illustration.html",
        {
            "campaign": campaign,
            "form": form,
            "item": item,
            "is_new": item.pk is None,
            "back": back,
            "is_hidden": bool(item.pk) and not campaign.illustrations.shown().filter(pk=item.pk),
            "needs_labels": item.image is not None and illustrations.needs_labels(item.image),
            "picture": lesson_pictures.illustration_picture(item) if item.pk else None,
            "editor_config": editor_config(campaign, item.image, form) if item.image else None,
        },
    )


def usual_crop(image: Image) -> list[int]:
    """Return the crop box of a new illustration: the middle, in the shape of lesson pictures."""
    width = min(image.width, round(image.height * 640 / 420))
    width = max(1, round(width * 0.8))
    height = max(1, min(image.height, round(width * 420 / 640)))
    return [(image.width - width) // 2, (image.height - height) // 2, width, height]


def editor_config(campaign: Campaign, image: Image, form: IllustrationForm) -> dict[str, Any]:
    """Return what the editor's script needs, with the drawing as it was sent or stored."""
    bar = image.scale_bar
    return {
        "image": {
            "url": reverse("images:image_file", args=(image.pk, "display")),
            "width": image.width,
            "height": image.height,
            "bar": bar["polygon"] if bar else None,
        },
        "classes": [
            {"code": each.code, "name": each.translated("name"), "color": each.color}
            for each in campaign.terrain_classes.all()
        ],
        "languages": [{"code": code, "name": name} for code, name in all_languages()],
        "scale_url": reverse("training:illustration_scale", args=(campaign.slug, image.pk)),
        "scales_cm": illustrations.SCALE_CM,
        "usual_scale_cm": USUAL_SCALE_CM,
        "shortest_px": min(illustrations.SHORTEST_PX, image.width, image.height),
        "most_oblong": illustrations.MOST_OBLONG,
        "max_marks": illustrations.MAX_MARKS,
        "max_points": illustrations.MAX_POINTS,
        "max_caption": illustrations.MAX_CAPTION,
    }
