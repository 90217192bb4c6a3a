"""The drawing page's API: the next image, a label, a skip."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotation import registry
from labeling.annotation.serializers import (
    NextRequest,
)
from labeling.annotation.services import assignments, offers
from labeling.annotation.volunteer_api import (
    VolunteerView,
    asking_visit,
    offers_response,
    open_campaign,
    tasks_json,
)
from labeling.models import Assignment, Role


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
        if missing := registry.missing_prerequisite(campaign, labeler):
            raise missing.refusal
        if labeler is None:
            visit = asking_visit(request)
            images = offers.next_images(campaign, visit.guest, pending, ahead)
            return offers_response(request, visit, images, Role.CROWD)
        offers.take_up_all(asked.validated_data["offers"], labeler, campaign)
        given = assignments.next_assignments(campaign, labeler, pending, ahead)
        # That the answer of one is known is told when it was drawn: known before, it would be
        # drawn with more care than the others.
        return Response(tasks_json(given, labeler, campaign, as_role={Role.PRACTICE: Role.CROWD}))


class SkipAssignment(VolunteerView):
    """POST, of pages that were opened before images were skipped by their own number: the same."""

    def post(self, request: Request, pk: int) -> Response:
        assignment = get_object_or_404(Assignment, pk=pk, labeler=self.labeler)
        assignments.skip(assignment.labeler.actor, assignment)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SkipImage(VolunteerView):
    """POST: this image is not for me. It will not come again, to a new guest neither."""

    def post(self, request: Request, pk: int) -> Response:
        with self.saving(pk) as labeler:
            assignment = get_object_or_404(Assignment, image=pk, labeler=labeler)
            assignments.skip(labeler.actor, assignment)
        return Response(status=status.HTTP_204_NO_CONTENT)
