from django.urls import path

from merging.masks.views import methods, results

app_name = "masks"

urlpatterns = [
    path("drawings/<uuid:pk>/crowd/", results.crowd_result, name="crowd_result"),
    path("drawings/<uuid:pk>/crowd.png", results.crowd_picture, name="crowd_picture"),
    path("manage/<slug:slug>/merges/", methods.merge_methods, name="merge_methods"),
    path(
        "manage/<slug:slug>/merges/<int:pk>/<str:picture>.png",
        methods.merge_picture,
        name="merge_picture",
    ),
]
