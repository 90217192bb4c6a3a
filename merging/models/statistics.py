"""Statistics of a release, counted once, since a release never changes."""

from __future__ import annotations

from django.db import models

from merging.models.releases import Release


class ReleaseStatistics(models.Model):
    """Totals of a release, from `Statistics.to_json` in `merging.formats`."""

    release = models.OneToOneField(
        Release, on_delete=models.CASCADE, primary_key=True, related_name="statistics"
    )
    totals = models.JSONField()
    counted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "release statistics"

    def __str__(self) -> str:
        return f"Statistics of {self.release}"
