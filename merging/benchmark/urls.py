from django.urls import path

from merging.benchmark import views

app_name = "benchmark"

urlpatterns = [
    path("results/", views.leaderboards, name="leaderboards"),
    path("releases/<int:pk>/results/", views.leaderboard, name="leaderboard"),
    path(
        "releases/<int:pk>/results/visibility/",
        views.leaderboard_visibility,
        name="leaderboard_visibility",
    ),
    path("results/<int:pk>/", views.submission, name="submission"),
    path("results/<int:pk>/progress/", views.submission_progress, name="submission_progress"),
    path("results/<int:pk>/confusion.svg", views.submission_picture, name="submission_picture"),
    path("results/<int:pk>/result.json", views.submission_data, name="submission_data"),
    path("results/<int:pk>/remove/", views.submission_remove, name="submission_remove"),
]
