"""URLs of this app, included from its packages."""

from django.urls import include, path

urlpatterns = [
    path("", include("merging.masks.urls")),
    path("", include("merging.gold.urls")),
    path("", include("merging.releases.urls")),
    path("", include("merging.statistics.urls")),
    path("", include("merging.benchmark.urls")),
    path("", include("merging.dashboard.urls")),
]
