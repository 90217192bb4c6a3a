"""The drawing page's API for unfinished drawings."""

from __future__ import annotations

from functools import partial

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from labeling.annotation.saving import DraftThrottle, refuse_too_many_bytes
from labeling.annotation.serializers import DraftSerializer, DrawingSerializer
from labeling.annotation.services import drafts
from labeling.annotation.volunteer_api import VolunteerView


class ImageDraft(VolunteerView):
    """PUT: store the visitor's unfinished drawing on an image. GET: return it; 204 for none.

    A drawing based on an older version than the stored one is refused: 409, with the stored draft
    in the response. Nobody can read the draft of another person.
    """

    throttle_classes = (DraftThrottle,)

    def get(self, request: Request, pk: int) -> Response:
        draft = drafts.find(self.require_labeler(), pk)
        if draft is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(DraftSerializer(draft).data)

    def put(self, request: Request, pk: int) -> Response:
        sent = DrawingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        try:
            with self.saving(pk) as labeler:
                grows = None if labeler.user_id else partial(refuse_too_many_bytes, request)
                draft = drafts.save(labeler, pk, drafts.DraftContent(**sent.validated_data), grows)
        except drafts.NewerDraft as error:
            error.more["draft"] = DraftSerializer(error.draft).data
            raise
        return Response({"version": draft.version, "saved_at": draft.saved_at})
