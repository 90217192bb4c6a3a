from django.urls import path

from merging.benchmark import views as board_views
from merging.dashboard import views
from merging.gold.views import consensus, gold_set, plans
from merging.masks.views import methods, results
from merging.releases import views as release_views
from merging.statistics import views as statistics_views

urlpatterns = [
    path("drawings/<uuid:pk>/crowd/", results.crowd_result, name="crowd_result"),
    path("drawings/<uuid:pk>/crowd.png", results.crowd_picture, name="crowd_picture"),
    path("manage/", views.campaigns, name="manage"),
    path("manage/<slug:slug>/", views.campaign_overview, name="campaign_overview"),
    path("manage/<slug:slug>/delete/", views.delete_campaign, name="delete_campaign"),
    path("manage/<slug:slug>/gold/", gold_set.gold, name="gold"),
    path("manage/<slug:slug>/gold/left/", gold_set.gold_left, name="gold_left"),
    path("manage/<slug:slug>/gold/plan/", plans.gold_plan, name="gold_plan"),
    path("manage/<slug:slug>/gold/plan/change/", plans.change_plan, name="change_gold_plan"),
    path("manage/<slug:slug>/gold/plan/<int:pk>/", plans.assign_plan, name="assign_gold_plan"),
    path("manage/<slug:slug>/gold/experts/", gold_set.gold_experts, name="gold_experts"),
    path("gold/", gold_set.my_gold, name="my_gold"),
    path("gold/<slug:slug>/meeting/", consensus.gold_meeting, name="gold_meeting"),
    path(
        "gold/<slug:slug>/meeting/<int:pk>/",
        consensus.gold_meeting_image,
        name="gold_meeting_image",
    ),
    path(
        "gold/<slug:slug>/meeting/<int:pk>/disputes.png",
        consensus.gold_disputes,
        name="gold_disputes",
    ),
    path(
        "gold/<slug:slug>/meeting/<int:pk>/label-<int:which>.png",
        consensus.gold_disputes,
        name="gold_disputes",
    ),
    path("gold/<slug:slug>/policies.csv", consensus.policies_file, name="policies_file"),
    path("gold/<int:pk>/known-answer/", gold_set.gold_known_answer, name="gold_known_answer"),
    path("gold/<int:pk>/ask-again/", gold_set.gold_ask_again, name="gold_ask_again"),
    path("gold/<int:pk>/give-up/", gold_set.gold_give_up, name="gold_give_up"),
    path("manage/<slug:slug>/merges/", methods.merge_methods, name="merge_methods"),
    path(
        "manage/<slug:slug>/merges/<int:pk>/<str:picture>.png",
        methods.merge_picture,
        name="merge_picture",
    ),
    path("manage/<slug:slug>/releases/", release_views.releases, name="releases"),
    path("manage/<slug:slug>/publishing/", release_views.publishing, name="publishing"),
    path("releases/<int:pk>/progress/", release_views.release_progress, name="release_progress"),
    path("releases/<int:pk>/stop/", release_views.release_stop, name="release_stop"),
    path("releases/<int:pk>/resume/", release_views.release_resume, name="release_resume"),
    path("releases/<int:pk>/download/", release_views.release_download, name="release_download"),
    path(
        "manage/<slug:slug>/statistics/",
        statistics_views.campaign_statistics,
        name="campaign_statistics",
    ),
    path(
        "manage/<slug:slug>/statistics/<slug:name>.<slug:kind>",
        statistics_views.campaign_statistics_file,
        name="campaign_statistics_file",
    ),
    path(
        "releases/<int:pk>/statistics/",
        statistics_views.release_statistics,
        name="release_statistics",
    ),
    path(
        "releases/<int:pk>/statistics/<slug:name>.<slug:kind>",
        statistics_views.release_statistics_file,
        name="release_statistics_file",
    ),
    path("results/", board_views.boards, name="boards"),
    path("releases/<int:pk>/results/", board_views.board, name="board"),
    path(
        "releases/<int:pk>/results/visibility/",
        board_views.board_visibility,
        name="board_visibility",
    ),
    path("results/<int:pk>/", board_views.submission, name="submission"),
    path("results/<int:pk>/progress/", board_views.submission_progress, name="submission_progress"),
    path(
        "results/<int:pk>/confusion.svg", board_views.submission_picture, name="submission_picture"
    ),
    path("results/<int:pk>/result.json", board_views.submission_data, name="submission_data"),
    path("results/<int:pk>/remove/", board_views.submission_remove, name="submission_remove"),
]
