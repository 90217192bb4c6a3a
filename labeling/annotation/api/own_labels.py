"""The API of what comes after drawing: one's own label again, its correction, reports of images."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from ai4mars_site.toolkit.api_errors import Conflict, Gone, refusal_of
from ai4mars_site.toolkit.tasks import nudge
from labeling.annotation.api.drawing import VolunteerView, labels_sent, task_json
from labeling.annotation.serializers import AsSent
from labeling.annotation.services import corrections, drafts, labels
from labeling.models import Assignment, Campaign, ImageReport, Labeler
from labeling.reports import services
from labeling.tasks import process_image
from terrain.geometry import InvalidPolygons


class Correction(serializers.Serializer[Any]):
    """New polygons for a label; `id` is the client's own for this sending."""

    id = serializers.UUIDField()
    polygons = AsSent()
    base_version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class WrongImage(serializers.Serializer[Any]):
    """What is wrong with an image, in one word and perhaps some more."""

    reason = serializers.ChoiceField(choices=ImageReport.Reason.choices)
    comment = serializers.CharField(
        max_length=ImageReport.COMMENT_LENGTH, required=False, allow_blank=True, default=""
    )


class OwnLabel(VolunteerView):
    """GET: one's own label as a task of the drawing page, to be opened there again."""

    def get(self, request: Request, pk: uuid.UUID) -> Response:
        labeler = self.known_labeler()
        try:
            label = corrections.own_label(labeler, pk)
            assignment = Assignment.objects.select_related("image__campaign").get(
                image=label.image_id, labeler=labeler
            )
        except corrections.UnknownLabel as error:
            raise NotFound(str(error), code="unknown_label") from error
        return Response(
            {
                **task_json(assignment, drafts.find(labeler, label.image_id)),
                "label": {
                    "id": str(label.pk),
                    "version": label.version,
                    "polygons": label.polygons,
                },
                "why_fixed": str(corrections.why_not(label)),
            }
        )


class CorrectLabel(VolunteerView):
    """POST: new polygons for one's own label. Sent again with the same id, the same answer."""

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        correction = Correction(data=request.data)
        correction.is_valid(raise_exception=True)
        data = correction.validated_data
        labeler = self.known_labeler()
        try:
            label, stored = corrections.correct(
                labeler, pk, data["id"], data["polygons"], data["base_version"]
            )
        except InvalidPolygons as error:
            raise refusal_of(error) from error
        except corrections.UnknownLabel as error:
            raise NotFound(str(error), code="unknown_label") from error
        except corrections.LabelIsFixed as error:
            raise Conflict(str(error), code="label_fixed") from error
        except corrections.DifferentCorrection as error:
            raise Conflict(str(error), code="different_label") from error
        except corrections.CorrectedElsewhere as error:
            raise Conflict(str(error), code="corrected_elsewhere") from error
        if stored:
            nudge(process_image, label.image_id)
        return Response(
            {
                "id": str(label.pk),
                "image": label.image_id,
                "version": label.version,
                "labels_sent": labels_sent(labeler, label.image.campaign),
            },
            status=status.HTTP_201_CREATED if stored else status.HTTP_200_OK,
        )


class ReportView(VolunteerView):
    """What is said of an image that was given to the volunteer."""

    def answer(self, labeler: Labeler, image_id: int, created: bool) -> Response:
        campaign = Campaign.objects.get(images=image_id)
        return Response(
            {"image": image_id, "labels_sent": labels_sent(labeler, campaign)},
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, labels.UnknownImage):
            exc = NotFound(str(exc), code="unknown_image")
        elif isinstance(exc, labels.RetiredImage):
            exc = Gone(str(exc), code="retired_image")
        elif isinstance(exc, labels.NotAssigned):
            exc = PermissionDenied(str(exc), code="not_assigned")
        elif isinstance(exc, labels.AlreadyLabeled):
            exc = Conflict(str(exc), code="already_labeled")
        elif isinstance(exc, services.ReportSettled):
            exc = Conflict(str(exc), code="report_settled")
        return super().handle_exception(exc)


class NothingToLabel(ReportView):
    """POST: there is nothing to label on this image. It is done, and will not come again."""

    def post(self, request: Request, pk: int) -> Response:
        with self.saving(pk) as labeler:
            created = services.nothing_to_label(labeler, pk)
        return self.answer(labeler, pk, created)


class ReportImage(ReportView):
    """POST: something is wrong with this image. It stays with the volunteer.

    Said again, it replaces what was said before; 409 when an admin has decided on that already.
    """

    def post(self, request: Request, pk: int) -> Response:
        report = WrongImage(data=request.data)
        report.is_valid(raise_exception=True)
        data = report.validated_data
        with self.saving(pk) as labeler:
            created = services.report_wrong(labeler, pk, data["reason"], data["comment"])
        return self.answer(labeler, pk, created)
