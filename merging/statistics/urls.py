from django.urls import path

from merging.statistics import views

app_name = "statistics"

urlpatterns = [
    path("manage/<slug:slug>/statistics/", views.campaign_statistics, name="campaign_statistics"),
    path(
        "manage/<slug:slug>/statistics/<slug:name>.<slug:kind>",
        views.campaign_statistics_file,
        name="campaign_statistics_file",
    ),
    path("releases/<int:pk>/statistics/", views.release_statistics, name="release_statistics"),
    path(
        "releases/<int:pk>/statistics/<slug:name>.<slug:kind>",
        views.release_statistics_file,
        name="release_statistics_file",
    ),
]
