"""The API of practice, and of drawing a reference answer."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labeling.annotation.serializers import (
    NextRequest,
    Since,
)
from labeling.annotation.volunteer_api import (
    VolunteerView,
    offers_response,
    open_campaign,
    requesting_visit,
    tasks_json,
)
from labeling.models import Assignment, Image, Role
from labeling.people.api_permissions import MayManage
from labeling.training.services import illustrations, practice, reference_answers


class NextLesson(VolunteerView):
    """POST: return the next image to practice on; `image` is null when practice is complete.

    With `?since=`, earlier attempts do not count.
    """

    def post(self, request: Request, slug: str) -> Response:
        campaign = open_campaign(request, slug)
        asked = NextRequest(data=request.data or {})
        asked.is_valid(raise_exception=True)
        round_of = Since(data=request.query_params)
        round_of.is_valid(raise_exception=True)
        labeler, pending = self.labeler, asked.validated_data["pending"]
        if labeler is None:
            lesson = practice.next_lesson_to_offer(campaign, pending)
            images = [lesson] if lesson else []
            return offers_response(request, requesting_visit(request), images, Role.PRACTICE)
        assignment = practice.next_lesson(
            campaign, labeler, round_of.validated_data["since"], pending
        )
        return Response(tasks_json([assignment] if assignment else [], labeler, campaign))


class NextAnswerImage(VolunteerView):
    """POST, by a manager: return the image whose answer to draw; null once drawn (`?since=`)."""

    permission_classes = (MayManage,)

    def post(self, request: Request, slug: str, pk: int) -> Response:
        image = get_object_or_404(
            Image.objects.select_related("campaign"), pk=pk, campaign__slug=slug
        )
        asked = Since(data=request.query_params)
        asked.is_valid(raise_exception=True)
        since = asked.validated_data["since"]
        labeler = self.require_labeler()
        closed = Assignment.objects.filter(image=image, labeler=labeler, role=Role.ANSWER)
        if since is not None and closed.filter(closed_at__gte=since).exists():
            return Response(tasks_json([], labeler, image.campaign))
        assignment = reference_answers.assign_answer(labeler.actor, image, labeler)
        return Response(tasks_json([assignment], labeler, image.campaign))


class ScaleQuery(serializers.Serializer[Any]):
    """The place of a scale in image pixels, and its length."""

    x = serializers.FloatField(min_value=0)
    y = serializers.FloatField(min_value=0)
    cm = serializers.ChoiceField(choices=illustrations.SCALE_CM)


class IllustrationScale(APIView):
    """GET, by a manager: return {"px": ...}, how long a scale of `cm` is at a place of an image."""

    permission_classes = (MayManage,)

    def get(self, request: Request, slug: str, pk: int) -> Response:
        image = get_object_or_404(Image, pk=pk, campaign__slug=slug)
        asked = ScaleQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        place = asked.validated_data
        return Response(
            {"px": illustrations.scale_px(image, place["x"], place["y"], int(place["cm"]))}
        )
