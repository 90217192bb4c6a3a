"""The drawing page's API: an unfinished drawing, kept and given back."""

from __future__ import annotations

from typing import Any

from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle

from labeling.api import VolunteerView, known_labeler
from labeling.api_errors import Conflict, Gone
from labeling.serializers import DraftSerializer, DrawingSerializer
from labeling.services import drafts
from labeling.visitors import session_owner


class DraftThrottle(AnonRateThrottle):
    """A limit per labeler: a class of pupils behind one address saves a stroke each second."""

    scope = "drafts"

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        owner = session_owner(request._request)
        if owner is None:
            return super().get_cache_key(request, view)
        return self.cache_format % {"scope": self.scope, "ident": owner}


class ImageDraft(VolunteerView):
    """PUT: keep the visitor's unfinished drawing on an image. GET: give it back; 204 for none.

    A drawing built upon an older version than the stored one is refused: 409, with the stored
    draft in the answer. Nobody sees another's.
    """

    throttle_classes = (DraftThrottle,)

    def get(self, request: Request, pk: int) -> Response:
        draft = drafts.find(known_labeler(request), pk)
        if draft is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(DraftSerializer(draft).data)

    def put(self, request: Request, pk: int) -> Response:
        labeler = known_labeler(request)
        sent = DrawingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            draft = drafts.save(labeler, pk, drafts.Drawing(**sent.validated_data))
        except drafts.InvalidDraft as error:
            raise ValidationError(str(error)) from error
        except drafts.RetiredImage as error:
            raise Gone(str(error), code="retired_image") from error
        except drafts.NothingToDraw as error:
            raise PermissionDenied(str(error), code="not_assigned") from error
        except drafts.NewerDraft as error:
            newer = {
                "code": Conflict.default_code,
                "detail": str(error),
                "draft": DraftSerializer(error.draft).data,
            }
            return Response(newer, status=status.HTTP_409_CONFLICT)
        return Response({"version": draft.version, "saved_at": draft.saved_at})
