"""How training extends drawing: practice attempts, reference answers, required practice."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.errors import Forbidden
from labeling.annotation.registry import (
    Drawing,
    Prerequisite,
    Received,
    register_prerequisite,
    register_receiver,
)
from labeling.annotation.services import assignments, drafts
from labeling.models import Assignment, Campaign, Labeler, ReferenceAnswer, Role
from labeling.people.permissions import may_manage
from labeling.training.services import practice, reference_answers
from labeling.training.services.answer_feedback import answer_feedback


class PracticeFirst(Forbidden):
    """The campaign requires practice before its images are assigned."""

    code = "practice_first"
    message = _("Please practice first. Then you will get real pictures.")


def register() -> None:
    """Register training's receivers and prerequisites. Called once, when the app is ready."""
    register_receiver(Role.PRACTICE, receive_attempt)
    register_receiver(Role.ANSWER, receive_answer)
    register_prerequisite(practice_first)


def receive_attempt(assignment: Assignment, drawing: Drawing) -> Received:
    """Store a drawing on a practice picture, and return its feedback."""
    attempt, compared, is_new = practice.record_attempt(
        drawing.actor, assignment, drawing.id, drawing.polygons
    )
    return Received(is_new, {"answer_feedback": answer_feedback(attempt, compared)})


def receive_answer(assignment: Assignment, drawing: Drawing) -> Received:
    """Make a manager's drawing the reference answer of its image.

    Raises Forbidden for anybody else, and AnswerRefused if the image cannot have this answer.
    """
    if not may_manage(drawing.user):
        raise Forbidden(_("Only campaign managers can draw reference answers."))
    image = assignment.image
    mask = reference_answers.mask_of_polygons(image, drawing.polygons)
    reference_answers.set_answer(drawing.actor, image, mask, ReferenceAnswer.Source.DRAWN)
    assignments.close(drawing.actor, assignment, Assignment.Status.DONE)
    drafts.discard(image.pk, assignment.labeler_id)
    return Received(True, {})


def practice_first(campaign: Campaign, labeler: Labeler | None) -> Prerequisite | None:
    """Return the practice that a campaign requires; None once it is passed."""
    if not practice.must_practice(campaign, labeler):
        return None
    return Prerequisite(PracticeFirst(), page="training:practice")
