"""Feedback on a drawing on a reference image, in plain words."""

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

#: Share of the reference answer to draw on before the answer is shown beside the drawing.
TRIED_SHARE = 0.1

NOTES: dict[str, str | Promise] = {
    "none": gettext_lazy(
        "You drew on too little of this picture to compare it. Draw more to see where you were "
        "right."
    ),
    "drawn": gettext_lazy(
        "The picture shows where your shapes are right. You will see what you missed when you pass."
    ),
    "all": "",
}

#: Shares from here on are rounded to 100 %.
NEARLY_ALL = 0.995
VERY_WELL = 0.8

MISSED: dict[str, Promise] = {
    "top-left": gettext_lazy("You missed a patch in the upper left."),
    "top": gettext_lazy("You missed a patch at the top."),
    "top-right": gettext_lazy("You missed a patch in the upper right."),
    "left": gettext_lazy("You missed a patch on the left."),
    "middle": gettext_lazy("You missed a patch in the middle."),
    "right": gettext_lazy("You missed a patch on the right."),
    "bottom-left": gettext_lazy("You missed a patch in the lower left."),
    "bottom": gettext_lazy("You missed a patch at the bottom."),
    "bottom-right": gettext_lazy("You missed a patch in the lower right."),
}
EXTRA: dict[str, Promise] = {
    "top-left": gettext_lazy("You drew too much in the upper left."),
    "top": gettext_lazy("You drew too much at the top."),
    "top-right": gettext_lazy("You drew too much in the upper right."),
    "left": gettext_lazy("You drew too much on the left."),
    "middle": gettext_lazy("You drew too much in the middle."),
    "right": gettext_lazy("You drew too much on the right."),
    "bottom-left": gettext_lazy("You drew too much in the lower left."),
    "bottom": gettext_lazy("You drew too much at the bottom."),
    "bottom-right": gettext_lazy("You drew too much in the lower right."),
}


def answer_feedback(attempt: PracticeAttempt, compared: Comparison) -> dict[str, Any]:
    """Return an attempt's feedback for the drawing page, in the format of DATA_FORMATS.md."""
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
                "name": classes[each.code].translated("name"),
                "color": classes[each.code].color,
                "pattern": classes[each.code].pattern,
                "iou": round(each.iou, 4),
                "found": None if each.found is None else round(each.found, 4),
                "extra": None if each.extra is None else round(each.extra, 4),
                "words": class_sentences(each, classes),
            }
            for each in compared.classes
        ],
        "answer": shown,
        "note": str(NOTES[shown]),
        "codes": codes_url(hide_answer(compared, shown, set(classes))),
    }


def shown_answer(compared: Comparison, *, must_pass: bool) -> str:
    """Return how much of the answer an attempt reveals: "none", "drawn" or "all".

    "drawn" shows it only where the labeler drew; "none" is for drawings that are almost empty.
    Where practice must be passed, the answer is hidden until it is, because it could be copied in
    the next attempt.
    """
    known = compared.known != NO_LABEL
    drawn = int(np.count_nonzero(known & (compared.drawn != NO_LABEL)))
    if drawn < TRIED_SHARE * max(1, int(np.count_nonzero(known))):
        return "none"
    return "drawn" if must_pass else "all"


def hide_answer(compared: Comparison, shown: str, codes: Collection[int]) -> Comparison:
    """Return the comparison with hidden parts of the answer set to 255.

    For "drawn", the result only tells whether a pixel is correct: where it is wrong, the answer is
    a code that is not in `codes`.
    """
    if shown == "all":
        return compared
    known = np.full_like(compared.known, NO_LABEL)
    if shown == "drawn":
        known_and_drawn = (compared.known != NO_LABEL) & (compared.drawn != NO_LABEL)
        right = compared.known == compared.drawn
        known[known_and_drawn & right] = compared.known[known_and_drawn & right]
        # A campaign that uses all 255 codes has none to spare for "another class".
        other = next((code for code in range(254, -1, -1) if code not in codes), None)
        if other is not None:
            known[known_and_drawn & ~right] = other
    return replace(compared, known=known)


def title(attempt: PracticeAttempt, is_lesson: bool) -> str:
    """Return the sentence at the top of the feedback."""
    if not is_lesson:
        return _("We know the answer for this picture. See how well you did!")
    if attempt.score >= VERY_WELL:
        return _("Very well drawn!")
    if attempt.passed:
        return _("Well done!")
    return _("Not quite yet. See what you missed, then try again.")


def class_sentences(each: ClassComparison, classes: dict[int, TerrainClass]) -> list[str]:
    """Return sentences about how one class was drawn."""
    said = [_share(each, {"ground": _in_sentence(classes[each.code])})]
    # A class that was not drawn at all is missed everywhere, so no place is named.
    if each.missed_at and each.matched:
        said.append(str(MISSED[each.missed_at]))
    if each.taken_for is not None and each.missed_at:
        said.append(
            _("You drew most of what you missed as %(ground)s.")
            % {"ground": _in_sentence(classes[each.taken_for])}
        )
    if each.extra_at and each.known:
        said.append(str(EXTRA[each.extra_at]))
    if each.taken_from is not None and each.extra_at:
        said.append(
            _("Most of the extra area is %(ground)s.")
            % {"ground": _in_sentence(classes[each.taken_from])}
        )
    return said


def _share(each: ClassComparison, ground: dict[str, str]) -> str:
    if each.found is None:
        return _("There is no %(ground)s in this picture.") % ground
    if not each.matched:
        return _("You did not find the %(ground)s in this picture.") % ground
    if each.found >= NEARLY_ALL:
        return _("You found all of the %(ground)s.") % ground
    # Never 0 if something was found, and never 100 if something is missing.
    percent = min(99, max(1, round(each.found * 100)))
    return _("You found %(percent)d%% of the %(ground)s.") % {**ground, "percent": percent}


def _in_sentence(terrain: TerrainClass) -> str:
    """Return a class's name for use inside a sentence: "big rock"."""
    return terrain.translated("name").lower()


def codes_url(compared: Comparison) -> str:
    """Return both masks as a data URL of an RGB PNG: red the answer's code, green the drawn one.

    From it the page computes correct, missed and extra pixels, for one class or all. 255 means no
    label in either mask, or a hidden answer.
    """
    none = np.zeros_like(compared.known)
    content = rgb_png(np.stack([compared.known, compared.drawn, none], axis=-1))
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
