"""The drawing page's API for reports on images."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotation.volunteer_api import VolunteerView, labels_sent
from labeling.models import Campaign, ImageReport, Labeler
from labeling.reports import services


class WrongImage(serializers.Serializer[Any]):
    """What is wrong with an image: a reason, and perhaps a comment."""

    reason = serializers.ChoiceField(choices=ImageReport.Reason.choices)
    comment = serializers.CharField(
        max_length=ImageReport.COMMENT_LENGTH, required=False, allow_blank=True, default=""
    )


class ReportView(VolunteerView):
    """Base of the views for reports on an image that was assigned to the volunteer."""

    def answer(self, labeler: Labeler, image_id: int, created: bool) -> Response:
        campaign = Campaign.objects.get(images=image_id)
        return Response(
            {"image": image_id, "labels_sent": labels_sent(labeler, campaign)},
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )


class NothingToLabel(ReportView):
    """POST: there is nothing to label on this image. It is finished, and not given out again."""

    def post(self, request: Request, pk: int) -> Response:
        with self.saving(pk) as labeler:
            created = services.nothing_to_label(labeler.actor, labeler, pk)
        return self.answer(labeler, pk, created)


class ReportImage(ReportView):
    """POST: something is wrong with this image. It stays assigned to the volunteer.

    A second report replaces the first; 409 when a manager has already settled that one.
    """

    def post(self, request: Request, pk: int) -> Response:
        report = WrongImage(data=request.data)
        report.is_valid(raise_exception=True)
        data = report.validated_data
        with self.saving(pk) as labeler:
            created = services.report_problem(
                labeler.actor, labeler, pk, data["reason"], data["comment"]
            )
        return self.answer(labeler, pk, created)
