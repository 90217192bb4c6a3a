from django.urls import path

from labeling.images import api
from labeling.images.views import files, imports

app_name = "images"

urlpatterns = [
    path("images/<int:pk>/<slug:kind>/", files.image_file, name="image_file"),
    path("images/<int:pk>/display/<int:width>/", files.image_copy, name="image_copy"),
    path("manage/<slug:slug>/imports/", imports.imports, name="imports"),
    path("manage/<slug:slug>/pictures/", imports.curate, name="curate"),
    path("imports/<int:pk>/", imports.import_job, name="import_job"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("imports/<int:pk>/stop/", imports.import_stop, name="import_stop"),
    path("imports/<int:pk>/resume/", imports.import_resume, name="import_resume"),
    path("imports/<int:pk>/report.csv", imports.import_report, name="import_report"),
    path("api/campaigns/<slug:slug>/images/", api.Images.as_view(), name="images"),
    path(
        "api/campaigns/<slug:slug>/images/retire/", api.RetireImages.as_view(), name="retire_images"
    ),
]
