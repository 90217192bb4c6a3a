"""The base view and shared responses of the drawing page's APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
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
from labeling.annotation.services.remaining import other_campaigns, skipped_assignments
from labeling.models import Assignment, Campaign, Draft, Image, Labeler, Role
from labeling.people.permissions import may_manage
from labeling.people.visitors import (
    Visit,
    get_or_create_visit,
    is_page_of_another,
    labeler_of,
    remember,
    remember_guest,
    visit_of,
    visit_of_page,
)


class OtherLabeler(Forbidden):
    """The page was opened by a person other than the one signed in now."""

    code = "other_labeler"
    message = _("You are no longer logged in as the person who drew this. Log in again.")


class CampaignNotPublic(NotFound):
    code = "campaign_not_public"
    message = _("This project is not public yet.")


class CampaignClosed(Gone):
    code = "campaign_closed"
    message = _(
        "This project is closed, so no more drawings are accepted. The drawings you sent are kept."
    )


class VolunteerView(APIView):
    """Base of the views for volunteers: open to all, with CSRF checks also for guests."""

    permission_classes: tuple[type[BasePermission], ...] = (AllowAny,)
    #: Whether to refuse a request that names another labeler than its session's.
    names_labeler = True
    #: The requesting labeler; None for a visitor who has saved nothing yet.
    labeler: Labeler | None = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        # DRF does not check CSRF of anonymous requests, but a guest's session needs it like a
        # login.
        for authenticator in self.get_authenticators():
            if hasattr(authenticator, "enforce_csrf"):
                authenticator.enforce_csrf(request)
        self.labeler = labeler_of(request._request)
        if self.names_labeler and is_page_of_another(request._request, self.labeler):
            raise OtherLabeler

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add the labeler's id for the page, and the guest cookie for the browser."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.labeler is not None:
            answer["X-Labeler"] = str(self.labeler.pk)
            if self.labeler.guest_key is not None:
                remember_guest(request._request, answer, self.labeler.guest_key)
        return answer

    def require_labeler(self) -> Labeler:
        """Return the visitor's labeler.

        Raise UnknownLabeler if the visitor has saved nothing yet.
        """
        if self.labeler is None:
            raise UnknownLabeler
        return self.labeler

    @contextmanager
    def saving(self, image_id: int) -> Iterator[Labeler]:
        """Yield the labeler who saves data of an image; a visitor becomes a guest."""
        with saving_labeler(self.request, self.labeler, image_id) as labeler:
            yield labeler
        self.labeler = labeler


def open_campaign(request: Request, slug: str) -> Campaign:
    """Return the campaign to draw in. Raise CampaignNotPublic or CampaignClosed."""
    campaigns = Campaign.objects.with_publicity().with_drawings()
    campaign = get_object_or_404(campaigns, slug=slug)
    is_shown = campaign.is_public or may_manage(request.user)
    if not (is_shown or campaign.has_drawings):
        raise CampaignNotPublic
    # For people who have drawn in it, a campaign whose images were all retired is closed.
    if not (campaign.is_open and is_shown):
        raise CampaignClosed
    return campaign


def labels_sent(labeler: Labeler, campaign: Campaign) -> int:
    """Return the number of images that a volunteer has finished: labeled, or nothing to label."""
    drawn = labeler.labels.filter(image__campaign=campaign).count()
    return drawn + labeler.reports.nothing().filter(image__campaign=campaign).count()


NO_TASK = {"assignment": None, "offer": None, "image": None, "role": None, "draft": None}


def tasks_json(
    given: Sequence[Assignment],
    labeler: Labeler,
    campaign: Campaign,
    as_role: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the response with the image to draw on now, and those after it.

    `as_role` maps roles to the roles that the page is to see.
    """
    kept = drafts.find_by_image(labeler, [assignment.image_id for assignment in given])
    tasks = [task_json(assignment, kept.get(assignment.image_id)) for assignment in given]
    for task in tasks:
        task["role"] = as_role.get(task["role"], task["role"])
    now = tasks[0] if tasks else NO_TASK
    return {**now, "ahead": tasks[1:], "labels_sent": labels_sent(labeler, campaign)}


def none_left_json(campaign: Campaign, labeler: Labeler | None) -> dict[str, Any]:
    """Return what the drawing page offers when no new images remain."""
    skipped = 0 if labeler is None else skipped_assignments(campaign, labeler).count()
    return {
        "skipped": skipped,
        "others": [
            {"name": other.local_name, "url": reverse("annotation:annotate", args=(other.slug,))}
            for other in other_campaigns(campaign, labeler)
        ],
    }


def task_json(assignment: Assignment, draft: Draft | None) -> dict[str, Any]:
    """Return an image to draw on, with what the labeler has drawn on it already."""
    return {
        "assignment": assignment.pk,
        "offer": None,
        "image": ImageSerializer(assignment.image).data,
        "role": assignment.role,
        "draft": draft and DraftSerializer(draft).data,
    }


def requesting_visit(request: Request) -> Visit:
    """Return the visit of the requesting page, else the browser's, else a new one."""
    return visit_of_page(request._request) or get_or_create_visit(request._request)


def offers_response(
    request: Request, visit: Visit, images: Sequence[Image], role: Role
) -> Response:
    """Return images for a visitor who has saved nothing yet, as tasks with offers."""
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
        # Identifies a client that came without a page, or lost its cookie, on its next request.
        remember(response, visit)
    return response
