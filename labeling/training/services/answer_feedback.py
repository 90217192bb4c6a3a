"""What a drawing on a reference image was worth, in words that everybody understands."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeling.images.preparation.pictures import rgb_png
from labeling.models import Campaign, PracticeAttempt, ReferenceAnswer, TerrainClass
from labeling.training.services.practice import Comparison
from terrain.masks import NO_LABEL
from terrain.metrics.answer_comparison import ClassComparison

#: So much of what is known must be drawn on before the answer is shown beside the drawing.
TRIED_SHARE = 0.1

NOTES: dict[str, str | Promise] = {
    "none": gettext_lazy(
        "You drew on too little of this picture to compare it. Draw more, then you see where you "
        "were right."
    ),
    "drawn": gettext_lazy(
        "The picture shows where your shapes are right. You see what you missed when you pass."
    ),
    "all": "",
}

#: A share from which on, rounded, it was all of it.
NEARLY_ALL = 0.995
VERY_WELL = 0.8

MISSED: dict[str, Promise] = {
    "top-left": gettext_lazy("You missed a patch at the upper left."),
    "top": gettext_lazy("You missed a patch at the top."),
    "top-right": gettext_lazy("You missed a patch at the upper right."),
    "left": gettext_lazy("You missed a patch at the left."),
    "middle": gettext_lazy("You missed a patch in the middle."),
    "right": gettext_lazy("You missed a patch at the right."),
    "bottom-left": gettext_lazy("You missed a patch at the lower left."),
    "bottom": gettext_lazy("You missed a patch at the bottom."),
    "bottom-right": gettext_lazy("You missed a patch at the lower right."),
}
EXTRA: dict[str, Promise] = {
    "top-left": gettext_lazy("You drew too much at the upper left."),
    "top": gettext_lazy("You drew too much at the top."),
    "top-right": gettext_lazy("You drew too much at the upper right."),
    "left": gettext_lazy("You drew too much at the left."),
    "middle": gettext_lazy("You drew too much in the middle."),
    "right": gettext_lazy("You drew too much at the right."),
    "bottom-left": gettext_lazy("You drew too much at the lower left."),
    "bottom": gettext_lazy("You drew too much at the bottom."),
    "bottom-right": gettext_lazy("You drew too much at the lower right."),
}


def answer_feedback(attempt: PracticeAttempt, compared: Comparison) -> dict[str, Any]:
    """An attempt's feedback as the drawing page shows it; its form is told in DATA_FORMATS.md."""
    campaign = attempt.image.campaign
    is_lesson = ReferenceAnswer.objects.filter(image=attempt.image_id, is_lesson=True).exists()
    classes = {each.code: each for each in campaign.terrain_classes.all()}
    is_required = is_lesson and campaign.practice == Campaign.Practice.REQUIRED
    shown = shown_answer(compared, must_pass=is_required and not attempt.passed)
    return {
        "attempt": str(attempt.pk),
        "image": attempt.image_id,
        "is_lesson": is_lesson,
        "passed": attempt.passed,
        "must_pass": is_required and not attempt.passed,
        "may_repeat": is_lesson,
        "score": round(attempt.score, 4),
        "title": title(attempt, is_lesson),
        "classes": [
            {
                "code": each.code,
                "name": classes[each.code].shown("name"),
                "color": classes[each.code].color,
                "pattern": classes[each.code].pattern,
                "iou": round(each.iou, 4),
                "found": None if each.found is None else round(each.found, 4),
                "extra": None if each.extra is None else round(each.extra, 4),
                "words": words(each, classes),
            }
            for each in compared.classes
        ],
        "answer": shown,
        "note": str(NOTES[shown]),
        "codes": codes_url(visible(compared, shown, set(classes))),
    }


def shown_answer(compared: Comparison, *, must_pass: bool) -> str:
    """How much of the answer an attempt earns: "none", "drawn" (only where it was drawn), "all".

    Where nearly nothing was drawn there is nothing to compare. Where practice has to be passed, the
    answer is not shown before: it could be copied in the next try.
    """
    known = compared.known != NO_LABEL
    drawn = int(np.count_nonzero(known & (compared.drawn != NO_LABEL)))
    if drawn < TRIED_SHARE * max(1, int(np.count_nonzero(known))):
        return "none"
    return "drawn" if must_pass else "all"


def visible(compared: Comparison, shown: str, codes: Collection[int]) -> Comparison:
    """The comparison as far as its answer is shown; 255 where it is not.

    Of "drawn", only whether a pixel was right is told: where it was not, the answer is a code of no
    class (of `codes`).
    """
    if shown == "all":
        return compared
    known = np.full_like(compared.known, NO_LABEL)
    if shown == "drawn":
        known_and_drawn = (compared.known != NO_LABEL) & (compared.drawn != NO_LABEL)
        right = compared.known == compared.drawn
        known[known_and_drawn & right] = compared.known[known_and_drawn & right]
        # A campaign with each of the 255 codes in use has none for "another one".
        other = next((code for code in range(254, -1, -1) if code not in codes), None)
        if other is not None:
            known[known_and_drawn & ~right] = other
    return replace(compared, known=known)


def title(attempt: PracticeAttempt, is_lesson: bool) -> str:
    """The one sentence at the top."""
    if not is_lesson:
        return _("We know the answer for this picture. See how near you came!")
    if attempt.score >= VERY_WELL:
        return _("Very well drawn!")
    if attempt.passed:
        return _("Well done!")
    return _("Not quite yet. See what was missed, then try again.")


def words(each: ClassComparison, classes: dict[int, TerrainClass]) -> list[str]:
    """How one class was drawn, as sentences."""
    said = [_share(each, {"ground": _in_sentence(classes[each.code])})]
    # What was not drawn at all is missed everywhere.
    if each.missed_at and each.matched:
        said.append(str(MISSED[each.missed_at]))
    if each.taken_for is not None and each.missed_at:
        said.append(
            _("Most of what you missed you called %(ground)s.")
            % {"ground": _in_sentence(classes[each.taken_for])}
        )
    if each.extra_at and each.known:
        said.append(str(EXTRA[each.extra_at]))
    if each.taken_from is not None and each.extra_at:
        said.append(
            _("Most of what was too much is %(ground)s.")
            % {"ground": _in_sentence(classes[each.taken_from])}
        )
    return said


def _share(each: ClassComparison, ground: dict[str, str]) -> str:
    if each.found is None:
        return _("There is no %(ground)s to be drawn here.") % ground
    if not each.matched:
        return _("There is %(ground)s here, and you did not find it.") % ground
    if each.found >= NEARLY_ALL:
        return _("You found all of the %(ground)s.") % ground
    # Never 0 where there is something, and never 100 where something is missing.
    percent = min(99, max(1, round(each.found * 100)))
    return _("You found %(percent)d %% of the %(ground)s.") % {**ground, "percent": percent}


def _in_sentence(terrain: TerrainClass) -> str:
    """A class's name inside a sentence: "big rock"."""
    return terrain.shown("name").lower()


def codes_url(compared: Comparison) -> str:
    """Both masks as a data URL of one RGB PNG: red the answer's code, green the drawn one.

    The page draws from it what matched, what was missed and what was too much, of all classes or
    of one. 255 is no label in either, or an answer that is not shown.
    """
    none = np.zeros_like(compared.known)
    content = rgb_png(np.stack([compared.known, compared.drawn, none], axis=-1))
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
