"""The drawing page's API for sessions: the current labeler, and a CSRF token."""

from __future__ import annotations

from typing import Any

from django.middleware.csrf import get_token
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotation.volunteer_api import VolunteerView
from labeling.people.visitors import guest_of_token


class GuestToken(serializers.Serializer[Any]):
    guest_token = serializers.CharField(max_length=200)


class Session(VolunteerView):
    """GET: return a new CSRF token and the labeler's id; null before the first save.

    POST, from pages opened before the header `X-Visit` existed: sign in again as the guest of a
    token, so that such a page still works after its cookie was deleted.
    """

    names_labeler = False

    def get(self, request: Request) -> Response:
        return Response(
            {
                "csrf_token": get_token(request._request),
                "labeler": self.labeler and self.labeler.pk,
            }
        )

    def post(self, request: Request) -> Response:
        sent = GuestToken(data=request.data)
        sent.is_valid(raise_exception=True)
        # A known labeler stays the same.
        self.labeler = self.labeler or guest_of_token(sent.validated_data["guest_token"])
        return self.get(request)
