"""The drawing page's API: the next image, a label, a skip."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ai4mars_site.toolkit.api_errors import Conflict, Gone, refusal_of
from ai4mars_site.toolkit.tasks import nudge
from labeling.annotation.saving import saving_labeler, unknown_labeler
from labeling.annotation.serializers import (
    DraftSerializer,
    ImageSerializer,
    LabelSubmission,
    NextRequest,
    Since,
)
from labeling.annotation.services import assignments, drafts, labels, offers
from labeling.models import Assignment, Campaign, Draft, Image, KnownAnswer, Labeler, Role
from labeling.people.api_permissions import MayManage
from labeling.people.permissions import may_manage
from labeling.people.visitors import (
    Visit,
    is_anothers_page,
    labeler_of,
    remember,
    remember_guest,
    visit_of,
    visit_of_page,
    visit_or_new,
)
from labeling.tasks import process_image
from labeling.training.services import known_answers, practice
from labeling.training.services.answer_feedback import feedback
from terrain.geometry import InvalidPolygons


class VolunteerView(APIView):
    """Open to everybody: guests label too. CSRF is checked for guests as for accounts."""

    permission_classes: tuple[type[BasePermission], ...] = (AllowAny,)
    #: Whether a request that names its labeler is refused when the session is another's.
    names_labeler = True
    #: Who asks; None for a visitor who has saved nothing yet.
    labeler: Labeler | None = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        # DRF leaves anonymous requests unchecked; a guest's session is worth as much as a login.
        for authenticator in self.get_authenticators():
            if hasattr(authenticator, "enforce_csrf"):
                authenticator.enforce_csrf(request)
        self.labeler = labeler_of(request._request)
        if self.names_labeler and is_anothers_page(request._request, self.labeler):
            raise PermissionDenied(
                "You are not signed in any more as the one who drew this. Sign in again.",
                code="other_labeler",
            )

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Tell the page who it speaks for, and the browser who the page does."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.labeler is not None:
            answer["X-Labeler"] = str(self.labeler.pk)
            if self.labeler.guest_key is not None:
                remember_guest(request._request, answer, self.labeler.guest_key)
        return answer

    def known_labeler(self) -> Labeler:
        """The visitor's labeler. Raises PermissionDenied for somebody who has saved nothing yet."""
        if self.labeler is None:
            raise unknown_labeler()
        return self.labeler

    @contextmanager
    def saving(self, image_id: int) -> Iterator[Labeler]:
        """The labeler who saves something of an image: a visitor becomes a guest with it."""
        with saving_labeler(self.request, self.labeler, image_id) as labeler:
            yield labeler
        self.labeler = labeler


def open_campaign(request: Request, slug: str) -> Campaign:
    """The campaign to draw in. Raises NotFound for one that is not public yet, Gone once closed."""
    campaigns = Campaign.objects.with_publicity().with_drawings()
    campaign = get_object_or_404(campaigns, slug=slug)
    is_shown = campaign.is_public or may_manage(request.user)
    if not (is_shown or campaign.has_drawings):
        raise NotFound("This campaign is not public yet.", code="campaign_not_public")
    # One whose images were all retired since is over for who has drawn in it.
    if not (campaign.is_open and is_shown):
        raise Gone(
            "This campaign is closed: nothing more is drawn here. What you sent is kept.",
            code="campaign_closed",
        )
    return campaign


def labels_sent(labeler: Labeler, campaign: Campaign) -> int:
    """The pictures a volunteer is done with: with a label, or with nothing to label on them."""
    drawn = labeler.labels.filter(image__campaign=campaign).count()
    return drawn + labeler.reports.nothing().filter(image__campaign=campaign).count()


def learned(assignment: Assignment, attempt_id: uuid.UUID, polygons: object) -> Response:
    """Take in what was drawn on a picture with a known answer, or as that answer."""
    image = assignment.image
    body: dict[str, object] = {
        "id": str(attempt_id),
        "image": image.pk,
        "labels_sent": labels_sent(assignment.labeler, image.campaign),
    }
    if assignment.role == Role.ANSWER:
        mask = known_answers.mask_of_polygons(image, polygons)
        known_answers.set_answer(image, mask, KnownAnswer.Source.DRAWN)
        assignments.close(assignment, Assignment.Status.DONE)
        drafts.discard(image.pk, assignment.labeler_id)
        return Response(body, status=status.HTTP_201_CREATED)
    attempt, compared, created = practice.record_attempt(assignment, attempt_id, polygons)
    body["feedback"] = feedback(attempt, compared)
    return Response(body, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)


class NextImage(VolunteerView):
    """POST: the image to draw on now, and up to `ahead` more; `image` is null when nothing is left.

    `pending` may name images whose labels are finished but still wait on the device.
    """

    def post(self, request: Request, slug: str) -> Response:
        campaign = open_campaign(request, slug)
        asked = NextRequest(data=request.data or {})
        asked.is_valid(raise_exception=True)
        pending, ahead = asked.validated_data["pending"], asked.validated_data["ahead"]
        labeler = self.labeler
        if practice.must_practise(campaign, labeler):
            raise PermissionDenied(
                _("Please practise first: then you get real pictures."), code="practice_first"
            )
        if labeler is None:
            visit = asking_visit(request)
            images = offers.next_images(campaign, visit.guest, pending, ahead)
            return offers_response(request, visit, images, Role.CROWD)
        offers.take_up_all(asked.validated_data["offers"], labeler, campaign)
        given = assignments.next_assignments(campaign, labeler, pending, ahead)
        # That the answer of one is known is told when it was drawn: known before, it would be
        # drawn with more care than the others.
        return Response(tasks_json(given, labeler, campaign, as_role={Role.PRACTICE: Role.CROWD}))


NO_TASK = {"assignment": None, "offer": None, "image": None, "role": None, "draft": None}


def tasks_json(
    given: Sequence[Assignment],
    labeler: Labeler,
    campaign: Campaign,
    as_role: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The image to draw on now, and those that come after it; `as_role`: roles told as others."""
    kept = drafts.of_images(labeler, [assignment.image_id for assignment in given])
    tasks = [task_json(assignment, kept.get(assignment.image_id)) for assignment in given]
    for task in tasks:
        task["role"] = as_role.get(task["role"], task["role"])
    now = tasks[0] if tasks else NO_TASK
    return {**now, "ahead": tasks[1:], "labels_sent": labels_sent(labeler, campaign)}


def task_json(assignment: Assignment, draft: Draft | None) -> dict[str, Any]:
    """An image to draw on, with what the labeler has drawn on it already."""
    return {
        "assignment": assignment.pk,
        "offer": None,
        "image": ImageSerializer(assignment.image).data,
        "role": assignment.role,
        "draft": draft and DraftSerializer(draft).data,
    }


def asking_visit(request: Request) -> Visit:
    """The visit of the page that asks, or else the browser's, or a new one."""
    return visit_of_page(request._request) or visit_or_new(request._request)


def offers_response(
    request: Request, visit: Visit, images: Sequence[Image], role: Role
) -> Response:
    """Images for a visitor who has saved nothing yet, as tasks with offers for assignments."""
    tasks = [
        {
            **NO_TASK,
            "offer": offers.offer(image, visit.guest, role).token,
            "image": ImageSerializer(image).data,
            "role": role,
        }
        for image in images
    ]
    now = tasks[0] if tasks else NO_TASK
    response = Response({**now, "ahead": tasks[1:], "labels_sent": 0})
    if visit_of(request._request) is None:
        # A client that was on no page, or lost its cookie, is known by it next time.
        remember(response, visit)
    return response


class Labels(VolunteerView):
    """POST: a finished label. Sent again with the same id, it gets the same answer.

    Another content or another image under the same id is refused: 409, `different_label`.
    On a picture with a known answer it becomes an attempt instead, and the answer has `feedback`.
    """

    def post(self, request: Request) -> Response:
        submission = LabelSubmission(data=request.data)
        submission.is_valid(raise_exception=True)
        data = submission.validated_data
        try:
            with self.saving(data["image"]) as labeler:
                learning = practice.learning_assignment(labeler, data["image"])
                if learning is not None:
                    if learning.role == Role.ANSWER and not may_manage(request.user):
                        raise PermissionDenied(_("Only the campaign's admins draw answers."))
                    return learned(learning, data["id"], data["polygons"])
                label, created = labels.submit(
                    labeler, data["image"], data["id"], data["polygons"], data["started_at"]
                )
        except InvalidPolygons as error:
            raise refusal_of(error) from error
        except labels.UnknownImage as error:
            raise NotFound(str(error), code="unknown_image") from error
        except labels.RetiredImage as error:
            raise Gone(str(error), code="retired_image") from error
        except labels.NotAssigned as error:
            raise PermissionDenied(str(error), code="not_assigned") from error
        except known_answers.AnswerRefused as error:
            raise Conflict(str(error), code="answer_refused") from error
        except labels.DifferentLabel as error:
            raise Conflict(str(error), code="different_label") from error
        except labels.NotIndependent as error:
            raise Conflict(str(error), code="not_independent") from error
        except labels.AlreadyLabeled as error:
            raise Conflict(str(error), code="already_labeled") from error
        if created:
            nudge(process_image, label.image_id)
        return Response(
            {
                "id": str(label.pk),
                "image": label.image_id,
                "labels_sent": labels_sent(labeler, label.image.campaign),
            },
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )


class NextLesson(VolunteerView):
    """POST: the next picture to practise on; `image` is null when practice is done.

    With `?since=`, what was practised before does not count.
    """

    def post(self, request: Request, slug: str) -> Response:
        campaign = open_campaign(request, slug)
        asked = NextRequest(data=request.data or {})
        asked.is_valid(raise_exception=True)
        round_of = Since(data=request.query_params)
        round_of.is_valid(raise_exception=True)
        labeler, pending = self.labeler, asked.validated_data["pending"]
        if labeler is None:
            lesson = offers.next_lesson(campaign, pending)
            images = [lesson] if lesson else []
            return offers_response(request, asking_visit(request), images, Role.PRACTICE)
        assignment = practice.next_lesson(
            campaign, labeler, round_of.validated_data["since"], pending
        )
        return Response(tasks_json([assignment] if assignment else [], labeler, campaign))


class NextAnswer(VolunteerView):
    """POST, by an admin: the picture whose answer is to be drawn; null when it was, `?since=`."""

    permission_classes = (MayManage,)

    def post(self, request: Request, slug: str, pk: int) -> Response:
        image = get_object_or_404(
            Image.objects.select_related("campaign"), pk=pk, campaign__slug=slug
        )
        asked = Since(data=request.query_params)
        asked.is_valid(raise_exception=True)
        since = asked.validated_data["since"]
        labeler = self.known_labeler()
        closed = Assignment.objects.filter(image=image, labeler=labeler, role=Role.ANSWER)
        if since is not None and closed.filter(closed_at__gte=since).exists():
            return Response(tasks_json([], labeler, image.campaign))
        try:
            assignment = known_answers.assign_answer(image, labeler)
        except known_answers.AnswerRefused as error:
            raise Conflict(str(error), code="answer_refused") from error
        return Response(tasks_json([assignment], labeler, image.campaign))


class SkipAssignment(VolunteerView):
    """POST, of pages that were opened before images were skipped by their own number: the same."""

    def post(self, request: Request, pk: int) -> Response:
        assignment = get_object_or_404(Assignment, pk=pk, labeler=self.labeler)
        assignments.skip(assignment)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SkipImage(VolunteerView):
    """POST: this image is not for me. It will not come again, to a new guest neither."""

    def post(self, request: Request, pk: int) -> Response:
        with self.saving(pk) as labeler:
            assignment = get_object_or_404(Assignment, image=pk, labeler=labeler)
            assignments.skip(assignment)
        return Response(status=status.HTTP_204_NO_CONTENT)
