from django.urls import path

from labeling.annotation.api import drafts, images, labels, session
from labeling.annotation.views import drawing, own_labels, rover_masks

app_name = "annotation"

urlpatterns = [
    path("c/<slug:slug>/draw/", drawing.annotate, name="annotate"),
    # Its folder is the scope of the service worker: all pages of volunteers in a campaign.
    path("c/offline-worker.js", drawing.offline_worker, name="offline_worker"),
    path("manage/<slug:slug>/rover-masks/", rover_masks.rover_mask_views, name="rover_mask_views"),
    path(
        "manage/<slug:slug>/rover-masks/<int:pk>/",
        rover_masks.draw_rover_mask,
        name="draw_rover_mask",
    ),
    path("drawings/", own_labels.my_drawings, name="my_drawings"),
    path("drawings/<uuid:pk>/", own_labels.my_drawing, name="my_drawing"),
    path("api/campaigns/<slug:slug>/next/", images.NextImage.as_view(), name="next_image"),
    path(
        "api/campaigns/<slug:slug>/skipped/", images.ReopenSkipped.as_view(), name="reopen_skipped"
    ),
    path("api/session/", session.Session.as_view(), name="session"),
    path("api/images/<int:pk>/draft/", drafts.ImageDraft.as_view(), name="draft"),
    path("api/labels/<uuid:pk>/", labels.OwnLabel.as_view(), name="own_label"),
    path("api/labels/<uuid:pk>/correct/", labels.CorrectLabel.as_view(), name="correct_label"),
    path("api/images/<int:pk>/skip/", images.SkipImage.as_view(), name="skip_image"),
    path("api/labels/", labels.Labels.as_view(), name="labels"),
    path("api/assignments/<int:pk>/skip/", images.SkipAssignment.as_view(), name="skip_assignment"),
]
