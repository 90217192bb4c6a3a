from django.urls import path

from review.skill import views

app_name = "skill"

urlpatterns = [
    path("review/<slug:slug>/labelers/", views.labelers, name="labelers"),
]
