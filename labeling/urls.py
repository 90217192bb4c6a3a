from django.urls import path

from labeling.annotation.api import drafts, session
from labeling.annotation.api import drawing as api
from labeling.annotation.api import own_labels as label_api
from labeling.annotation.views import drawing as views
from labeling.annotation.views import own_labels as label_views
from labeling.images import api as images_api
from labeling.images.views import imports
from labeling.reports.views import feedback, reports
from labeling.training.views import editing, practice

urlpatterns = [
    path("", views.landing, name="landing"),
    path("c/<slug:slug>/tutorial/", views.tutorial, name="tutorial"),
    path("c/<slug:slug>/tutorial/seen/", views.tutorial_seen, name="tutorial_seen"),
    path("c/<slug:slug>/draw/", views.annotate, name="annotate"),
    path("drawings/", label_views.my_drawings, name="my_drawings"),
    path("drawings/<uuid:pk>/", label_views.my_drawing, name="my_drawing"),
    path("feedback/", feedback.give_feedback, name="feedback"),
    path("feedback/thanks/", feedback.thanks, name="feedback_thanks"),
    path("c/<slug:slug>/practice/", practice.practice, name="practice"),
    path("c/<slug:slug>/guide/", practice.guide, name="guide"),
    path("pictures/<int:pk>/<str:name>", practice.lesson_picture, name="lesson_picture"),
    path(
        "c/<slug:slug>/pictures/<str:name>",
        practice.earlier_lesson_picture,
        name="earlier_lesson_picture",
    ),
    path("images/<int:pk>/<slug:kind>/", views.image_file, name="image_file"),
    path("images/<int:pk>/display/<int:width>/", views.image_copy, name="image_copy"),
    path("healthz", views.healthz, name="healthz"),
    path("api/campaigns/<slug:slug>/next/", api.NextImage.as_view(), name="next_image"),
    path("manage/feedback/", feedback.read_feedback, name="read_feedback"),
    path("manage/feedback/read/", feedback.mark_read, name="mark_feedback_read"),
    path("manage/feedback/feedback.csv", feedback.export, name="export_feedback"),
    path("manage/<slug:slug>/reports/", reports.reports, name="reports"),
    path("manage/<slug:slug>/reports/<int:pk>/", reports.decide, name="decide_report"),
    path("api/campaigns/<slug:slug>/practice/next/", api.NextLesson.as_view(), name="next_lesson"),
    path(
        "api/campaigns/<slug:slug>/answers/<int:pk>/next/",
        api.NextAnswer.as_view(),
        name="next_answer",
    ),
    path("manage/<slug:slug>/tutorial/", editing.tutorial, name="edit_tutorial"),
    path("manage/<slug:slug>/tutorial/preview/", editing.preview, name="preview_tutorial"),
    path("manage/<slug:slug>/tutorial/steps/new/", editing.step, name="new_step"),
    path("manage/<slug:slug>/tutorial/steps/<int:pk>/", editing.step, name="edit_step"),
    path("manage/<slug:slug>/tutorial/classes/<int:pk>/", editing.ground, name="edit_class"),
    path("manage/<slug:slug>/guide/", editing.guide, name="edit_guide"),
    path("manage/<slug:slug>/guide/entries/new/", editing.entry, name="new_entry"),
    path("manage/<slug:slug>/guide/entries/<int:pk>/", editing.entry, name="edit_entry"),
    path("manage/<slug:slug>/practice/", editing.known_images, name="known_images"),
    path("manage/<slug:slug>/practice/<int:pk>/draw/", editing.draw_answer, name="draw_answer"),
    path("manage/<slug:slug>/imports/", imports.imports, name="imports"),
    path("manage/<slug:slug>/pictures/", imports.prune, name="prune"),
    path("imports/<int:pk>/", imports.import_job, name="import_job"),
    path("imports/<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("imports/<int:pk>/stop/", imports.import_stop, name="import_stop"),
    path("imports/<int:pk>/resume/", imports.import_resume, name="import_resume"),
    path("imports/<int:pk>/report.csv", imports.import_report, name="import_report"),
    path("api/campaigns/<slug:slug>/images/", images_api.Images.as_view(), name="images"),
    path(
        "api/campaigns/<slug:slug>/images/retire/",
        images_api.RetireImages.as_view(),
        name="retire_images",
    ),
    path("api/session/", session.Session.as_view(), name="session"),
    path("api/images/<int:pk>/draft/", drafts.ImageDraft.as_view(), name="draft"),
    path("api/labels/<uuid:pk>/", label_api.OwnLabel.as_view(), name="own_label"),
    path("api/labels/<uuid:pk>/correct/", label_api.CorrectLabel.as_view(), name="correct_label"),
    path("api/images/<int:pk>/skip/", api.SkipImage.as_view(), name="skip_image"),
    path("api/images/<int:pk>/nothing/", label_api.NothingToLabel.as_view(), name="nothing"),
    path("api/images/<int:pk>/reports/", label_api.ReportImage.as_view(), name="report_image"),
    path("api/labels/", api.Labels.as_view(), name="labels"),
    path("api/assignments/<int:pk>/skip/", api.SkipAssignment.as_view(), name="skip_assignment"),
]
