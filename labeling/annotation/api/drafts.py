"""The drawing page's API: an unfinished drawing, kept and given back."""

from __future__ import annotations

from functools import partial

from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ai4mars_site.toolkit.api_errors import Conflict, Gone
from labeling.annotation.saving import DraftThrottle, TooMany, refuse_too_many_bytes
from labeling.annotation.serializers import DraftSerializer, DrawingSerializer
from labeling.annotation.services import drafts
from labeling.annotation.volunteer_api import VolunteerView

#: When a page that has too many drafts may ask again.
RETRY_SECONDS = 600


class ImageDraft(VolunteerView):
    """PUT: keep the visitor's unfinished drawing on an image. GET: give it back; 204 for none.

    A drawing built upon an older version than the stored one is refused: 409, with the stored
    draft in the answer. Nobody sees another's.
    """

    throttle_classes = (DraftThrottle,)

    def get(self, request: Request, pk: int) -> Response:
        draft = drafts.find(self.known_labeler(), pk)
        if draft is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(DraftSerializer(draft).data)

    def put(self, request: Request, pk: int) -> Response:
        sent = DrawingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            with self.saving(pk) as labeler:
                grows = None if labeler.user_id else partial(refuse_too_many_bytes, request)
                draft = drafts.save(labeler, pk, drafts.Drawing(**sent.validated_data), grows)
        except drafts.InvalidDraft as error:
            raise ValidationError(str(error)) from error
        except drafts.RetiredImage as error:
            raise Gone(str(error), code="retired_image") from error
        except drafts.NothingToDraw as error:
            raise PermissionDenied(str(error), code="not_assigned") from error
        except drafts.TooManyDrafts as error:
            raise TooMany(RETRY_SECONDS, str(error)) from error
        except drafts.NewerDraft as error:
            newer = {
                "code": Conflict.default_code,
                "detail": str(error),
                "draft": DraftSerializer(error.draft).data,
            }
            return Response(newer, status=status.HTTP_409_CONFLICT)
        return Response({"version": draft.version, "saved_at": draft.saved_at})
