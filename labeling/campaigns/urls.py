from django.urls import path

from labeling.campaigns import views

app_name = "campaigns"

urlpatterns = [
    path("", views.landing, name="landing"),
]
