"""The page that shows the crowd's result on an image to a volunteer who labeled it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from labeling.annotation.own_labels import label_page, own_label_or_404
from labeling.models import Label
from merging.masks.services import results
from terrain.metrics.mask_comparison import ClassAgreement

#: The lowest intersection over union for each sentence, the highest first.
WORDS: tuple[tuple[float, str | Promise], ...] = (
    (0.85, gettext_lazy("Nearly the same as the others.")),
    (0.6, gettext_lazy("Mostly the same as the others.")),
    (0.3, gettext_lazy("Partly the same as the others.")),
    (0.0, gettext_lazy("Quite different from the others.")),
)
ONLY_MINE = gettext_lazy("You drew this. The others chose another kind of ground.")
ONLY_CROWD = gettext_lazy("The others found this. You chose another kind of ground.")
UNDECIDED = gettext_lazy("You drew this where the others did not agree, or drew nothing.")
MISSED = gettext_lazy("The others found this where you drew nothing.")


@never_cache
@require_http_methods(["GET", "POST"])
def crowd_result(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the volunteer's label and the crowd's result. A POST locks the label first."""
    label = own_label_or_404(request, pk)
    if request.method == "POST" and not results.reveal(label.labeler.actor, label):
        messages.warning(
            request, _("What the others drew cannot be shown yet. Please try again later.")
        )
        return redirect("annotation:my_drawing", pk)
    if request.method == "POST":
        return redirect("masks:crowd_result", pk)
    if not may_see_result(label):
        return redirect("annotation:my_drawing", pk)
    view = results.crowd_view(label)
    classes = {each.code: each for each in label.image.campaign.terrain_classes.all()}
    return render(
        request,
        "merging/masks/crowd_result.html",
        {
            **label_page(label),
            "labelers": view.merged.labelers,
            "is_imported": view.merged.imported_id is not None,
            "is_empty": not view.merged.pixel_counts,
            "crowd_picture_url": reverse("masks:crowd_picture", args=(pk,)),
            "agreements": [
                {
                    "name": classes[each.code].translated("name"),
                    "color": classes[each.code].color,
                    **describe_agreement(each),
                }
                for each in view.agreements
            ],
        },
    )


@never_cache
@require_GET
def crowd_picture(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the crowd's result in the campaign's colors, as an overlay for the image."""
    label = own_label_or_404(request, pk)
    if not may_see_result(label):
        raise Http404("Nothing to show yet.")
    content = results.crowd_picture(results.merged_mask(label))
    return HttpResponse(content, content_type="image/png")


def may_see_result(label: Label) -> bool:
    """Return whether the result may be shown: only once the label can no longer be corrected."""
    return label.locked_at is not None and results.is_ready(label)


def describe_agreement(agreement: ClassAgreement) -> dict[str, Any]:
    """Return the agreement on a class, as a sentence and in percent of its area."""
    share = agreement.share
    if share is None:
        return {"percent": None, "sentence": UNDECIDED if agreement.mine_alone else MISSED}
    if not agreement.both:
        return {"percent": 0, "sentence": ONLY_MINE if agreement.mine else ONLY_CROWD}
    sentence = next(words for bound, words in WORDS if share >= bound)
    return {"percent": round(100 * share), "sentence": sentence}
