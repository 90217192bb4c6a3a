"""The drawing page's API: who the server takes this browser for, and a token to ask with."""

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
    """GET: a fresh token and the labeler's id; null for a visitor who has saved nothing yet.

    POST, of pages that were opened before there was `X-Visit`: be the guest again who had this
    token. A page that was open while its cookie went away goes on without its person having to
    know.
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
        # Who is known stays who they are.
        self.labeler = self.labeler or guest_of_token(sent.validated_data["guest_token"])
        return self.get(request)
