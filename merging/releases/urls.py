from django.urls import path

from merging.releases import views

app_name = "releases"

urlpatterns = [
    path("manage/<slug:slug>/releases/", views.releases, name="releases"),
    path("manage/<slug:slug>/publishing/", views.publishing, name="publishing"),
    path("releases/<int:pk>/progress/", views.release_progress, name="release_progress"),
    path("releases/<int:pk>/stop/", views.release_stop, name="release_stop"),
    path("releases/<int:pk>/resume/", views.release_resume, name="release_resume"),
    path("releases/<int:pk>/download/", views.release_download, name="release_download"),
]
