"""Access to the managers' pages."""

from __future__ import annotations

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.errors import Forbidden
from labeling.models import Campaign
from labeling.people.permissions import may_manage


class ManagersOnly(Forbidden):
    message = _("This page is for campaign managers.")


def managed_campaign(request: HttpRequest, slug: str) -> Campaign:
    """Return the campaign of a managers' page. Raise ManagersOnly for anybody else."""
    require_manager(request)
    return get_object_or_404(Campaign, slug=slug)


def require_manager(request: HttpRequest) -> None:
    """Raise ManagersOnly for anybody who does not manage campaigns."""
    if not may_manage(request.user):
        raise ManagersOnly
