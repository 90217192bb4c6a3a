from django.urls import path

from labeling.reports import api
from labeling.reports.views import feedback, reports

app_name = "reports"

urlpatterns = [
    path("feedback/", feedback.give_feedback, name="feedback"),
    path("feedback/thanks/", feedback.thanks, name="feedback_thanks"),
    path("manage/feedback/", feedback.read_feedback, name="read_feedback"),
    path("manage/feedback/read/", feedback.mark_read, name="mark_feedback_read"),
    path("manage/feedback/feedback.csv", feedback.export, name="export_feedback"),
    path("manage/<slug:slug>/reports/", reports.reports, name="reports"),
    path("manage/<slug:slug>/reports/<int:pk>/", reports.decide, name="decide_report"),
    path("api/images/<int:pk>/nothing/", api.NothingToLabel.as_view(), name="nothing"),
    path("api/images/<int:pk>/reports/", api.ReportImage.as_view(), name="report_image"),
]
