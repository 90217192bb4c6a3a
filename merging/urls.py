"""The addresses of this app: each subject has its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("merging.masks.urls")),
    path("", include("merging.gold.urls")),
    path("", include("merging.releases.urls")),
    path("", include("merging.statistics.urls")),
    path("", include("merging.benchmark.urls")),
    path("", include("merging.dashboard.urls")),
]
