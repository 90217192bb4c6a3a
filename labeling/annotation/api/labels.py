"""The drawing page's API for labels: send a new one, read and correct one's own."""

from __future__ import annotations

import uuid
from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from ai4mars_site.toolkit.serializer_fields import AsSent
from ai4mars_site.toolkit.tasks import enqueue
from labeling.annotation import registry
from labeling.annotation.registry import Drawing, Received
from labeling.annotation.serializers import (
    LabelSubmission,
)
from labeling.annotation.services import corrections, drafts, labels
from labeling.annotation.tasks import process_image
from labeling.annotation.volunteer_api import VolunteerView, labels_sent, task_json
from labeling.models import Assignment


class Labels(VolunteerView):
    """POST: store a finished label. Sending it again with the same id gives the same response.

    Other content or another image under the same id is refused: 409, `different_label`. On a
    practice picture the drawing becomes an attempt, and the response has `answer_feedback`.
    """

    def post(self, request: Request) -> Response:
        submission = LabelSubmission(data=request.data)
        submission.is_valid(raise_exception=True)
        data = submission.validated_data
        with self.saving(data["image"]) as labeler:
            other = registry.find_receiver(labeler, data["image"])
            if other is not None:
                assignment, receive = other
                drawing = Drawing(data["id"], data["polygons"], request.user, labeler.actor)
                return received_response(assignment, drawing, receive(assignment, drawing))
            label, created = labels.submit(
                labeler.actor,
                labeler,
                data["image"],
                data["id"],
                data["polygons"],
                data["started_at"],
            )
        if created:
            enqueue(process_image, label.image_id)
        return Response(
            {
                "id": str(label.pk),
                "image": label.image_id,
                "version": label.version,
                "labels_sent": labels_sent(labeler, label.image.campaign),
            },
            status=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        )


def received_response(assignment: Assignment, drawing: Drawing, received: Received) -> Response:
    """Return the response to a drawing that is not a label."""
    image = assignment.image
    body = {
        "id": str(drawing.id),
        "image": image.pk,
        "labels_sent": labels_sent(assignment.labeler, image.campaign),
        **received.facts,
    }
    return Response(body, status=status.HTTP_201_CREATED if received.is_new else status.HTTP_200_OK)


class Correction(serializers.Serializer[Any]):
    """New polygons for a label; `id` is the client's own id of this correction."""

    id = serializers.UUIDField()
    polygons = AsSent()
    base_version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class OwnLabel(VolunteerView):
    """GET: return the visitor's own label as a task of the drawing page, to correct it."""

    def get(self, request: Request, pk: uuid.UUID) -> Response:
        labeler = self.require_labeler()
        label = corrections.own_label(labeler, pk)
        assignment = Assignment.objects.select_related("image__campaign").get(
            image=label.image_id, labeler=labeler
        )
        return Response(
            {
                **task_json(assignment, drafts.find(labeler, label.image_id)),
                "label": {
                    "id": str(label.pk),
                    "version": label.version,
                    "polygons": label.polygons,
                },
                "why_fixed": str(corrections.explain_refusal(label)),
            }
        )


class CorrectLabel(VolunteerView):
    """POST: correct the visitor's own label.

    Sending it again with the same id gives the same response.
    """

    def post(self, request: Request, pk: uuid.UUID) -> Response:
        correction = Correction(data=request.data)
        correction.is_valid(raise_exception=True)
        data = correction.validated_data
        labeler = self.require_labeler()
        label, stored = corrections.correct(
            labeler.actor, labeler, pk, data["id"], data["polygons"], data["base_version"]
        )
        if stored:
            enqueue(process_image, label.image_id)
        return Response(
            {
                "id": str(label.pk),
                "image": label.image_id,
                "version": label.version,
                "labels_sent": labels_sent(labeler, label.image.campaign),
            },
            status=status.HTTP_201_CREATED if stored else status.HTTP_200_OK,
        )
