"""URLs of this app, included from its packages."""

from django.urls import include, path

urlpatterns = [
    path("", include("review.scores.urls")),
    path("", include("review.skill.urls")),
    path("", include("review.queue.urls")),
]
