"""Illustrations: choosing an image, checking what was drawn on it, rendering, and placing it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils.translation import gettext as _
from PIL import Image as Pillow

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Invalid
from labeling.images.files import keep
from labeling.images.lesson_pictures import illustration_name
from labeling.images.preparation.illustrations import Box, Mark, picture_size, render
from labeling.images.preparation.pictures import read_range_png
from labeling.models import (
    Campaign,
    GuideEntry,
    Illustration,
    Image,
    ImageQuerySet,
    TerrainClass,
    TutorialStep,
)
from terrain.camera import CameraModel
from terrain.display.level_bar import level_bar_width
from terrain.display.reduced_range import CM_PER_M, FARTHER, NO_RANGE, REDUCTION

Lesson = TutorialStep | GuideEntry | TerrainClass

MAX_ILLUSTRATIONS = 200
MAX_MARKS = 20
MAX_POINTS = 200
MAX_CAPTION = 120
#: Shortest side of the part that is shown, image pixels; smaller images are shown whole.
SHORTEST_PX = 64
#: The longer side of the part is at most this many times the shorter one.
MOST_OBLONG = 3.0
#: Lengths that a scale can have, centimeters.
SCALE_CM = (5, 10, 20, 50, 100, 200, 500)


class IllustrationRefused(Invalid):
    """The illustration cannot be stored."""

    code = "illustration_refused"


# -- images ----------------------------------------------------------------------------------------


def images_to_show(campaign: Campaign) -> ImageQuerySet:
    """Return the images that an illustration can show, those that need no more labels first.

    Not retired images, and gold images only if the campaign allows practice on them.
    """
    images = Image.objects.filter(campaign=campaign).usable()
    if not campaign.allow_gold_practice:
        images = images.exclude(pool=Image.Pool.GOLD)
    needs = When(_needs_labels(), then=Value(1))
    return images.annotate(
        needs_labels=Case(needs, default=Value(0), output_field=IntegerField())
    ).order_by("needs_labels", "product_id")


def needs_labels(image: Image) -> bool:
    """Return whether volunteers still label an image: outlines on it would influence them."""
    return Image.objects.filter(_needs_labels(), pk=image.pk).exists()


def _needs_labels() -> Q:
    is_crowd = Q(pool=Image.Pool.CROWD, retired_at=None)
    return is_crowd & Q(crowd_label_count__lt=F("campaign__target_labels"))


# -- what is drawn ---------------------------------------------------------------------------------


def checked_crop(image: Image, sent: object) -> Box:
    """Return a crop box that was sent, in whole pixels. Raise IllustrationRefused."""
    numbers = _numbers(sent, 4)
    left, top, width, height = (round(number) for number in numbers)
    shortest = min(SHORTEST_PX, image.width, image.height)
    fits = left >= 0 and top >= 0 and left + width <= image.width and top + height <= image.height
    if not fits or min(width, height) < shortest:
        raise IllustrationRefused(
            _("The part to show must lie in the image and be at least %(px)d pixels wide and high.")
            % {"px": shortest}
        )
    if max(width, height) > MOST_OBLONG * min(width, height):
        raise IllustrationRefused(
            _("The part to show is too oblong. Make it at most three times as long as wide.")
        )
    return left, top, width, height


def checked_marks(image: Image, crop: Box, sent: object) -> list[dict[str, Any]]:
    """Return the marks that were sent, complete and within bounds, ready to be stored.

    A scale gets its length in pixels from the distance of the ground. Raises IllustrationRefused.
    """
    if not isinstance(sent, list) or len(sent) > MAX_MARKS:
        raise IllustrationRefused(
            _("Draw at most %(n)d outlines, arrows and scales.") % {"n": MAX_MARKS}
        )
    return [_checked_mark(image, crop, each) for each in sent]


def _checked_mark(image: Image, crop: Box, sent: object) -> dict[str, Any]:
    if not isinstance(sent, dict):
        raise _malformed()
    kind, points = sent.get("kind"), sent.get("points")
    fewest, most = {"outline": (3, MAX_POINTS), "arrow": (2, 2), "scale": (1, 1)}.get(
        str(kind), (1, 0)
    )
    if not isinstance(points, list) or not fewest <= len(points) <= most:
        raise _malformed()
    mark: dict[str, Any] = {"kind": kind, "points": [_checked_point(crop, at) for at in points]}
    if kind == "scale":
        length = sent.get("length_cm")
        if length not in SCALE_CM:
            raise _malformed()
        x, y = mark["points"][0]
        mark |= {"length_cm": length, "length_px": scale_px(image, x, y, int(length))}
        return mark
    if kind == "outline":
        codes = image.campaign.class_codes()
        code = sent.get("code")
        if code is not None and code not in codes:
            raise IllustrationRefused(_("Choose a class of this campaign for each outline."))
        mark["code"] = code
    mark["captions"] = _checked_captions(sent.get("captions", {}))
    return mark


def _checked_point(crop: Box, sent: object) -> list[float]:
    x, y = _numbers(sent, 2)
    left, top, width, height = crop
    # A mark that the crop box now cuts off ends at its edge.
    return [
        round(min(max(x, left), left + width), 1),
        round(min(max(y, top), top + height), 1),
    ]


def _checked_captions(sent: object) -> dict[str, str]:
    if not isinstance(sent, dict):
        raise _malformed()
    known = {code for code, _name in settings.LANGUAGES}
    captions = {
        code: " ".join(text.split())[:MAX_CAPTION]
        for code, text in sent.items()
        if code in known and isinstance(text, str) and text.strip()
    }
    if captions and settings.LANGUAGE_CODE not in captions:
        raise IllustrationRefused(
            _("A caption needs its text in the campaign's own language, too.")
        )
    return captions


def _numbers(sent: object, count: int) -> list[float]:
    if not isinstance(sent, list) or len(sent) != count:
        raise _malformed()
    for number in sent:
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or not math.isfinite(number):
            raise _malformed()
    return [float(number) for number in sent]


def _malformed() -> IllustrationRefused:
    return IllustrationRefused(_("The drawing could not be read. Reload this page and try again."))


# -- scale -----------------------------------------------------------------------------------------


def scale_px(image: Image, x: float, y: float, length_cm: int) -> float:
    """Return the length in pixels of a level scale of `length_cm` that lies at a place.

    From the range map and the camera model; near the image's scale bar, from that bar. Raises
    IllustrationRefused where the distance is unknown, or the scale would be wider than the image.
    """
    range_m = _range_at(image, x, y)
    bar = image.scale_bar
    wide = math.nan
    if range_m is not None and image.camera_model:
        camera = CameraModel.from_json(image.camera_model)
        wide = level_bar_width(camera, x, y, range_m, length_cm / 100)
    elif bar and math.hypot(x - bar["x"], y - bar["y"]) <= bar["width_px"]:
        wide = bar["width_px"] / bar["width_m"] * length_cm / 100
    if not math.isfinite(wide):
        raise IllustrationRefused(
            _(
                "The distance of the ground is not known there. Put the scale on nearer ground, or "
                "beside the image's own scale bar."
            )
        )
    if not 4 <= wide <= image.width:
        raise IllustrationRefused(
            _("A scale of this length does not fit there. Choose another length.")
        )
    return round(wide, 1)


def _range_at(image: Image, x: float, y: float) -> float | None:
    """Return the slant range of the ground at a place, meters; None if it is unknown."""
    if not image.range_map:
        return None
    with image.range_map.open("rb") as file:
        reduced = read_range_png(file)
    row = min(int(y) // REDUCTION, reduced.shape[0] - 1)
    column = min(int(x) // REDUCTION, reduced.shape[1] - 1)
    centimeters = int(reduced[row, column])
    return None if centimeters in (NO_RANGE, FARTHER) else centimeters / CM_PER_M


# -- storing ---------------------------------------------------------------------------------------


def store(
    actor: Actor, illustration: Illustration, crop: Box, marks: Sequence[Mapping[str, Any]]
) -> None:
    """Render an illustration with checked `crop` and `marks`, and save it.

    Raises IllustrationRefused without its image, for an image that must not be shown, and for one
    illustration too many.
    """
    campaign, image = illustration.campaign, illustration.image
    if image is None:
        raise IllustrationRefused(
            _("The image was removed, so this picture can no longer be changed.")
        )
    if image.pool == Image.Pool.GOLD and not campaign.allow_gold_practice:
        raise IllustrationRefused(
            _("This is a gold image: experts label it independently, so lessons do not show it.")
        )
    if illustration._state.adding and campaign.illustrations.count() >= MAX_ILLUSTRATIONS:
        raise IllustrationRefused(_("This campaign has too many pictures. Remove one of them."))
    colors = dict(campaign.terrain_classes.values_list("code", "color"))
    with image.display.open("rb") as file, Pillow.open(file) as opened:
        frame = np.asarray(opened if opened.mode in ("L", "RGB") else opened.convert("RGB"))
    content = render(frame, crop, marks_to_draw(marks, colors))
    illustration.product_id = image.product_id
    illustration.crop, illustration.marks = list(crop), list(marks)
    illustration.width, illustration.height = picture_size(crop)
    illustration.picture.name = keep(campaign.pk, "illustrations", content, ".webp")
    illustration.save()


def marks_to_draw(marks: Sequence[Mapping[str, Any]], colors: Mapping[int, str]) -> list[Mark]:
    """Return stored marks as they are rendered: numbered where they have a caption."""
    drawn, number = [], 0
    for mark in marks:
        has_caption = bool(mark.get("captions"))
        number += has_caption
        drawn.append(
            Mark(
                kind=mark["kind"],
                points=tuple((x, y) for x, y in mark["points"]),
                color=colors.get(mark.get("code", -1), "#ffffff"),
                number=number if has_caption else None,
                length_px=mark.get("length_px", 0.0),
                length_cm=mark.get("length_cm", 0),
            )
        )
    return drawn


def uses(campaign: Campaign) -> dict[str, list[Lesson]]:
    """Return the steps, classes and entries that show each illustration, by its name."""
    found: dict[str, list[Lesson]] = {}
    items: list[Lesson] = [
        *campaign.tutorial_steps.all(),
        *campaign.terrain_classes.all(),
        *campaign.guide_entries.select_related("terrain_class"),
    ]
    for item in items:
        for name in {item.picture, getattr(item, "other_picture", "")} - {""}:
            found.setdefault(name, []).append(item)
    return found


def remove(actor: Actor, illustration: Illustration) -> None:
    """Delete an illustration. Raise IllustrationRefused while a lesson shows it."""
    if illustration_name(illustration.pk) in uses(illustration.campaign):
        raise IllustrationRefused(
            _("A lesson shows this picture. Choose another picture there first.")
        )
    illustration.delete()


@transaction.atomic
def place(actor: Actor, illustration: Illustration, item: Lesson, field: str) -> None:
    """Make an illustration the picture of a step, a class or an entry of the same campaign."""
    setattr(item, field, illustration_name(illustration.pk))
    item.save(update_fields=[field])
