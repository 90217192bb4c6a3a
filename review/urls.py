"""The addresses of this app: each subject has its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("review.scores.urls")),
    path("", include("review.skill.urls")),
    path("", include("review.queue.urls")),
]
