from django.urls import path

from merging.dashboard import views

app_name = "dashboard"

urlpatterns = [
    path("manage/", views.campaigns, name="manage"),
    path("manage/<slug:slug>/", views.campaign_overview, name="campaign_overview"),
    path("manage/<slug:slug>/delete/", views.delete_campaign, name="delete_campaign"),
]
