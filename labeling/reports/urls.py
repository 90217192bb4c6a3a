from django.urls import path

from labeling.reports import api
from labeling.reports.views import reports, site_feedback

app_name = "reports"

urlpatterns = [
    path("feedback/", site_feedback.give_feedback, name="site_feedback"),
    path("feedback/thanks/", site_feedback.thanks, name="site_feedback_thanks"),
    path("manage/feedback/", site_feedback.read_feedback, name="read_site_feedback"),
    path("manage/feedback/read/", site_feedback.mark_read, name="mark_site_feedback_read"),
    path("manage/feedback/feedback.csv", site_feedback.export, name="export_site_feedback"),
    path("manage/<slug:slug>/reports/", reports.reports, name="reports"),
    path("manage/<slug:slug>/reports/<int:pk>/", reports.decide, name="decide_report"),
    path("api/images/<int:pk>/nothing/", api.NothingToLabel.as_view(), name="nothing"),
    path("api/images/<int:pk>/reports/", api.ReportImage.as_view(), name="report_image"),
]
