"""Fields of serializers that bound what is read."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class AsSent(serializers.Field[Any, Any, Any, Any]):
    """Any decoded JSON, unchecked: the service that uses it checks it.

    `serializers.JSONField` would also write all of it as text again, to check that it can.
    """

    def to_internal_value(self, data: Any) -> Any:
        return data


class ShortList(serializers.ListField):
    """A list whose length is looked at first: a body has room for a million parts."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list):
            self.run_validators(data)
        return super().to_internal_value(data)
