"""What every API of the drawing page rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ai4mars_site.toolkit.errors import Forbidden, Gone, NotFound
from labeling.annotation.saving import UnknownLabeler, saving_labeler
from labeling.annotation.serializers import (
    DraftSerializer,
    ImageSerializer,
)
from labeling.annotation.services import drafts, offers
from labeling.models import Assignment, Campaign, Draft, Image, Labeler, Role
from labeling.people.permissions import may_manage
from labeling.people.visitors import (
    Visit,
    is_anothers_page,
    labeler_of,
    remember,
    remember_guest,
    visit_of,
    visit_of_page,
    visit_or_new,
)


class OtherLabeler(Forbidden):
    """The page was opened for somebody else than who is signed in now."""

    code = "other_labeler"
    message = _("You are not signed in any more as the one who drew this. Sign in again.")


class CampaignNotPublic(NotFound):
    code = "campaign_not_public"
    message = _("This campaign is not public yet.")


class CampaignClosed(Gone):
    code = "campaign_closed"
    message = _("This campaign is closed: nothing more is drawn here. What you sent is kept.")


class VolunteerView(APIView):
    """Open to everybody: guests label too. CSRF is checked for guests as for accounts."""

    permission_classes: tuple[type[BasePermission], ...] = (AllowAny,)
    #: Whether a request that names its labeler is refused when the session is another's.
    names_labeler = True
    #: Who asks; None for a visitor who has saved nothing yet.
    labeler: Labeler | None = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        # DRF leaves anonymous requests unchecked; a guest's session is worth as much as a login.
        for authenticator in self.get_authenticators():
            if hasattr(authenticator, "enforce_csrf"):
                authenticator.enforce_csrf(request)
        self.labeler = labeler_of(request._request)
        if self.names_labeler and is_anothers_page(request._request, self.labeler):
            raise OtherLabeler

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Tell the page who it speaks for, and the browser who the page does."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.labeler is not None:
            answer["X-Labeler"] = str(self.labeler.pk)
            if self.labeler.guest_key is not None:
                remember_guest(request._request, answer, self.labeler.guest_key)
        return answer

    def known_labeler(self) -> Labeler:
        """The visitor's labeler. Raises UnknownLabeler for somebody who has saved nothing yet."""
        if self.labeler is None:
            raise UnknownLabeler
        return self.labeler

    @contextmanager
    def saving(self, image_id: int) -> Iterator[Labeler]:
        """The labeler who saves something of an image: a visitor becomes a guest with it."""
        with saving_labeler(self.request, self.labeler, image_id) as labeler:
            yield labeler
        self.labeler = labeler


def open_campaign(request: Request, slug: str) -> Campaign:
    """The campaign to draw in. Raises CampaignNotPublic before it is, CampaignClosed once it is."""
    campaigns = Campaign.objects.with_publicity().with_drawings()
    campaign = get_object_or_404(campaigns, slug=slug)
    is_shown = campaign.is_public or may_manage(request.user)
    if not (is_shown or campaign.has_drawings):
        raise CampaignNotPublic
    # One whose images were all retired since is over for who has drawn in it.
    if not (campaign.is_open and is_shown):
        raise CampaignClosed
    return campaign


def labels_sent(labeler: Labeler, campaign: Campaign) -> int:
    """The pictures a volunteer is done with: with a label, or with nothing to label on them."""
    drawn = labeler.labels.filter(image__campaign=campaign).count()
    return drawn + labeler.reports.nothing().filter(image__campaign=campaign).count()


NO_TASK = {"assignment": None, "offer": None, "image": None, "role": None, "draft": None}


def tasks_json(
    given: Sequence[Assignment],
    labeler: Labeler,
    campaign: Campaign,
    as_role: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The image to draw on now, and those that come after it; `as_role`: roles told as others."""
    kept = drafts.of_images(labeler, [assignment.image_id for assignment in given])
    tasks = [task_json(assignment, kept.get(assignment.image_id)) for assignment in given]
    for task in tasks:
        task["role"] = as_role.get(task["role"], task["role"])
    now = tasks[0] if tasks else NO_TASK
    return {**now, "ahead": tasks[1:], "labels_sent": labels_sent(labeler, campaign)}


def task_json(assignment: Assignment, draft: Draft | None) -> dict[str, Any]:
    """An image to draw on, with what the labeler has drawn on it already."""
    return {
        "assignment": assignment.pk,
        "offer": None,
        "image": ImageSerializer(assignment.image).data,
        "role": assignment.role,
        "draft": draft and DraftSerializer(draft).data,
    }


def asking_visit(request: Request) -> Visit:
    """The visit of the page that asks, or else the browser's, or a new one."""
    return visit_of_page(request._request) or visit_or_new(request._request)


def offers_response(
    request: Request, visit: Visit, images: Sequence[Image], role: Role
) -> Response:
    """Images for a visitor who has saved nothing yet, as tasks with offers for assignments."""
    tasks = [
        {
            **NO_TASK,
            "offer": offers.offer(image, visit.guest, role).token,
            "image": ImageSerializer(image).data,
            "role": role,
        }
        for image in images
    ]
    now = tasks[0] if tasks else NO_TASK
    response = Response({**now, "ahead": tasks[1:], "labels_sent": 0})
    if visit_of(request._request) is None:
        # A client that was on no page, or lost its cookie, is known by it next time.
        remember(response, visit)
    return response
