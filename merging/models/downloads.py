"""Counts of downloads of releases."""

from __future__ import annotations

from django.db import models

from merging.models.releases import Release


class ReleaseDownload(models.Model):
    """Downloads of a release's archive on one day (UTC). Who downloaded it is not stored."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="downloads")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("day",)
        constraints = (
            models.UniqueConstraint(
                fields=("release", "day"), name="release_downloads_of_day_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} downloads of {self.release} on {self.day}"
