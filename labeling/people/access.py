"""Who may open the managers' pages."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from labeling.models import Campaign
from labeling.people.permissions import may_manage


def managed_campaign(request: HttpRequest, slug: str) -> Campaign:
    """The campaign of an admin's page; PermissionDenied for everybody else."""
    if not may_manage(request.user):
        raise PermissionDenied("This page is for the campaign's admins.")
    return get_object_or_404(Campaign, slug=slug)


def require_admin(request: HttpRequest) -> None:
    if not may_manage(request.user):
        raise PermissionDenied("This page is for the campaign's admins.")
