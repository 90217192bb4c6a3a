from django.urls import path

from merging.benchmark import views

app_name = "benchmark"

urlpatterns = [
    path("results/", views.boards, name="boards"),
    path("releases/<int:pk>/results/", views.board, name="board"),
    path("releases/<int:pk>/results/visibility/", views.board_visibility, name="board_visibility"),
    path("results/<int:pk>/", views.submission, name="submission"),
    path("results/<int:pk>/progress/", views.submission_progress, name="submission_progress"),
    path("results/<int:pk>/confusion.svg", views.submission_picture, name="submission_picture"),
    path("results/<int:pk>/result.json", views.submission_data, name="submission_data"),
    path("results/<int:pk>/remove/", views.submission_remove, name="submission_remove"),
]
