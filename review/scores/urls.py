from django.urls import path

from review.scores import views

app_name = "scores"

urlpatterns = [
    path("review/<slug:slug>/scores/", views.scores, name="scores"),
    path("review/<slug:slug>/scores.svg", views.scores_picture, name="scores_picture"),
    path("review/<slug:slug>/scores.csv", views.scores_data, name="scores_data"),
]
