from django.urls import path

from labeling.training import api
from labeling.training.views import editing, illustrations, practice, tutorial

app_name = "training"

urlpatterns = [
    path("c/<slug:slug>/tutorial/", tutorial.tutorial, name="tutorial"),
    path("c/<slug:slug>/tutorial/seen/", tutorial.tutorial_seen, name="tutorial_seen"),
    path("c/<slug:slug>/practice/", practice.practice, name="practice"),
    path("c/<slug:slug>/guide/", practice.guide, name="guide"),
    path("pictures/<int:pk>/<str:name>", practice.lesson_picture, name="lesson_picture"),
    path(
        "c/<slug:slug>/pictures/<str:name>",
        practice.earlier_lesson_picture,
        name="earlier_lesson_picture",
    ),
    path(
        "illustrations/<int:pk>/<slug:version>.webp",
        illustrations.illustration_file,
        name="illustration_file",
    ),
    path("api/campaigns/<slug:slug>/practice/next/", api.NextLesson.as_view(), name="next_lesson"),
    path(
        "api/campaigns/<slug:slug>/answers/<int:pk>/next/",
        api.NextAnswerImage.as_view(),
        name="next_answer",
    ),
    path(
        "api/campaigns/<slug:slug>/illustrations/scale/<int:pk>/",
        api.IllustrationScale.as_view(),
        name="illustration_scale",
    ),
    path("manage/<slug:slug>/tutorial/", editing.tutorial, name="edit_tutorial"),
    path("manage/<slug:slug>/tutorial/preview/", editing.preview, name="preview_tutorial"),
    path("manage/<slug:slug>/tutorial/steps/new/", editing.step, name="new_step"),
    path("manage/<slug:slug>/tutorial/steps/<int:pk>/", editing.step, name="edit_step"),
    path("manage/<slug:slug>/tutorial/classes/<int:pk>/", editing.ground, name="edit_class"),
    path("manage/<slug:slug>/guide/", editing.guide, name="edit_guide"),
    path("manage/<slug:slug>/guide/entries/new/", editing.entry, name="new_entry"),
    path("manage/<slug:slug>/guide/entries/<int:pk>/", editing.entry, name="edit_entry"),
    path("manage/<slug:slug>/illustrations/", illustrations.listing, name="illustrations"),
    path("manage/<slug:slug>/illustrations/new/", illustrations.choose, name="choose_image"),
    path(
        "manage/<slug:slug>/illustrations/new/<int:image_pk>/",
        illustrations.edit,
        name="new_illustration",
    ),
    path(
        "manage/<slug:slug>/illustrations/<int:pk>/", illustrations.edit, name="edit_illustration"
    ),
    path("manage/<slug:slug>/practice/", editing.reference_images, name="reference_images"),
    path("manage/<slug:slug>/practice/<int:pk>/draw/", editing.draw_answer, name="draw_answer"),
]
