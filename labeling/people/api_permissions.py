"""Permissions of `permissions.py` as classes for the API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from labeling.people.permissions import may_manage


class MayManage(BasePermission):
    message = _("Only campaign managers can see this.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return may_manage(request.user)
