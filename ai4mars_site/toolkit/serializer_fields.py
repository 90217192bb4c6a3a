"""Serializer fields that bound their input."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class AsSent(serializers.Field[Any, Any, Any, Any]):
    """Any decoded JSON, unchecked: the service checks it.

    `serializers.JSONField` would serialize it once more to check it.
    """

    def to_internal_value(self, data: Any) -> Any:
        return data


class ShortList(serializers.ListField):
    """A list whose length is checked before its items."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list):
            self.run_validators(data)
        return super().to_internal_value(data)
