"""The addresses of this app: each subject has its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("labeling.reports.urls")),
    path("", include("labeling.campaigns.urls")),
    path("", include("labeling.images.urls")),
    path("", include("labeling.annotation.urls")),
    path("", include("labeling.training.urls")),
]
