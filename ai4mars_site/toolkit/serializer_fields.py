"""Fields of serializers that bound what is read."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class AsSent(serializers.Field[Any, Any, Any, Any]):
    """Any JSON, as it was decoded: the service that uses it looks at it.

    (`serializers.JSONField` writes all of it out as text again, to see that it can be.)
    """

    def to_internal_value(self, data: Any) -> Any:
        return data


class ShortList(serializers.ListField):
    """A list whose length is looked at first: a body has room for a million parts."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list):
            self.run_validators(data)
        return super().to_internal_value(data)
