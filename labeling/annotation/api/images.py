"""The drawing page's API for images: get the next one, skip one, get the skipped ones again."""

from __future__ import annotations

from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotation import registry
from labeling.annotation.serializers import (
    NextRequest,
)
from labeling.annotation.services import assignments, offers, remaining
from labeling.annotation.volunteer_api import (
    VolunteerView,
    none_left_json,
    offers_response,
    open_campaign,
    requesting_visit,
    tasks_json,
)
from labeling.models import Assignment, Role


class NextImage(VolunteerView):
    """POST: return the image to draw on and up to `ahead` more; `image` is null when none remain.

    `pending` may name images whose labels are finished but not sent yet. When none remain, the
    response says how many images were skipped, and which other campaigns have images.
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
            visit = requesting_visit(request)
            images = offers.next_images(campaign, visit.guest, pending, ahead)
            response = offers_response(request, visit, images, Role.CROWD)
            if not images:
                response.data |= none_left_json(campaign, None)
            return response
        offers.accept_all(asked.validated_data["offers"], labeler, campaign)
        given = assignments.next_assignments(campaign, labeler, pending, ahead)
        # A reference image looks like any other until it is drawn: otherwise people would draw it
        # with more care.
        found = tasks_json(given, labeler, campaign, as_role={Role.PRACTICE: Role.CROWD})
        return Response(found if given else found | none_left_json(campaign, labeler))


class ReopenSkipped(VolunteerView):
    """POST: assign the images that the labeler skipped in a campaign again, after all others."""

    def post(self, request: Request, slug: str) -> Response:
        campaign, labeler = open_campaign(request, slug), self.require_labeler()
        remaining.reopen_skipped(labeler.actor, campaign, labeler)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SkipAssignment(VolunteerView):
    """POST: skip an image by its assignment. For pages opened before `SkipImage` existed."""

    def post(self, request: Request, pk: int) -> Response:
        assignment = get_object_or_404(Assignment, pk=pk, labeler=self.labeler)
        assignments.skip(assignment.labeler.actor, assignment)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SkipImage(VolunteerView):
    """POST: skip this image. It comes again only if the labeler asks for the skipped ones."""

    def post(self, request: Request, pk: int) -> Response:
        with self.saving(pk) as labeler:
            assignment = get_object_or_404(Assignment, image=pk, labeler=labeler)
            assignments.skip(labeler.actor, assignment)
        return Response(status=status.HTTP_204_NO_CONTENT)
