"""A volunteer's own labels, as pages show them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.annotation import policies
from labeling.annotation.services import corrections
from labeling.images.preparation.pictures import THUMBNAIL_PX
from labeling.models import Image, Label, Role, TerrainClass
from labeling.people.visitors import labeler_of
from terrain.geometry.outlines import outlines

#: Number of pattern tiles along the longer side of a picture.
PATTERN_TILES = 56


#: Each status of a label for its labeler: a short name, and how good the news is.
STATES: dict[str, tuple[str | Promise, str]] = {
    Label.Status.RECEIVED: (_("Being checked"), "busy"),
    Label.Status.ACCEPTED: (_("Included"), "good"),
    Label.Status.EMPTY: (_("Nothing left"), ""),
    Label.Status.REJECTED: (_("Rejected by a reviewer"), "bad"),
}


#: Each status as a sentence.
EXPLANATIONS: dict[str, str | Promise] = {
    Label.Status.RECEIVED: _("We are removing what is on the rover or too far away."),
    Label.Status.ACCEPTED: _("It is part of the map that rovers learn from."),
    Label.Status.EMPTY: _(
        "Everything you drew is on the rover or too far away, where you do not need to draw."
    ),
    Label.Status.REJECTED: _("It is not part of the map that rovers learn from."),
}


def own_labels(request: HttpRequest) -> QuerySet[Label]:
    """Return the visitor's own labels with image, campaign and classes, newest first."""
    labeler = labeler_of(request)
    if labeler is None:
        return Label.objects.none()
    return (
        Label.objects.filter(labeler=labeler)
        .select_related("image__campaign")
        .prefetch_related("image__campaign__terrain_classes")
        .order_by("-sent_at", "pk")
    )


def own_label_or_404(request: HttpRequest, pk: uuid.UUID) -> Label:
    """Return the visitor's own label. Raise Http404 for anybody else's."""
    label = own_labels(request).filter(pk=pk).first()
    if label is None:
        raise Http404("There is no such drawing of yours.")
    return label


def label_card(label: Label) -> dict[str, Any]:
    """Return a label as a thumbnail with its shapes on top."""
    image = label.image
    word, tone = STATES[label.status]
    return {
        "url": reverse("annotation:my_drawing", args=(label.pk,)),
        "thumb_url": reverse("images:image_file", args=(image.pk, "thumbnail")),
        "product_id": image.product_id,
        "campaign": image.campaign.local_name,
        "sent_at": label.sent_at,
        "version": label.version,
        "state": word,
        "tone": tone,
        **drawing(label, max(image.width, image.height) / THUMBNAIL_PX),
    }


def label_page(label: Label) -> dict[str, Any]:
    """Return the content of the page of one label."""
    image = label.image
    word, tone = STATES[label.status]
    explain_refusal = corrections.explain_refusal(label)
    correct_url = (
        f"{reverse('annotation:annotate', args=(image.campaign.slug,))}?correct={label.pk}"
    )
    return {
        "label": label,
        "campaign": image.campaign,
        "display_url": reverse("images:image_file", args=(image.pk, "display")),
        "state": word,
        "tone": tone,
        "explanation": EXPLANATIONS[label.status],
        "why_fixed": explain_refusal,
        "correct_url": "" if explain_refusal else correct_url,
        "crowd_is_ready": label.role == Role.CROWD and policies.crowd_has_finished(image),
        "is_gold": label.role == Role.EXPERT or image.pool == Image.Pool.GOLD,
        **drawing(label),
    }


def drawing(label: Label, step: float = 0.0) -> dict[str, Any]:
    """Return the shapes of a label over its image, and the number of shapes of each class."""
    classes: dict[int, TerrainClass] = {
        each.code: each for each in label.image.campaign.terrain_classes.all()
    }
    shapes = [
        {"class": classes[each.code], "d": each.d}
        for each in outlines(label.polygons, step)
        if each.code in classes
    ]
    counts = {each: sum(shape["class"] is each for shape in shapes) for each in classes.values()}
    return {
        "width": label.image.width,
        "height": label.image.height,
        # As text: in some languages a template would write the number with a comma.
        "pattern_scale": f"{max(label.image.width, label.image.height) / PATTERN_TILES:.3f}",
        "shapes": shapes,
        "legend": [
            {"name": each.translated("name"), "color": each.color, "count": count}
            for each, count in counts.items()
            if count
        ],
    }
