from django.urls import path

from merging.gold.views import consensus, gold_set, plans

app_name = "gold"

urlpatterns = [
    path("manage/<slug:slug>/gold/", gold_set.gold, name="gold"),
    path("manage/<slug:slug>/gold/left/", gold_set.gold_remaining, name="gold_remaining"),
    path("manage/<slug:slug>/gold/plan/", plans.gold_plan, name="gold_plan"),
    path("manage/<slug:slug>/gold/plan/change/", plans.change_plan, name="change_gold_plan"),
    path("manage/<slug:slug>/gold/plan/<int:pk>/", plans.assign_plan, name="assign_gold_plan"),
    path("manage/<slug:slug>/gold/experts/", gold_set.gold_experts, name="gold_experts"),
    path("gold/", gold_set.my_gold, name="my_gold"),
    path("gold/<slug:slug>/meeting/", consensus.consensus_meeting, name="consensus_meeting"),
    path(
        "gold/<slug:slug>/meeting/<int:pk>/",
        consensus.consensus_image,
        name="consensus_image",
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
    path("gold/<slug:slug>/guidelines.csv", consensus.guidelines_file, name="guidelines_file"),
    path(
        "gold/<int:pk>/reference-answer/",
        gold_set.gold_reference_answer,
        name="gold_reference_answer",
    ),
    path("gold/<int:pk>/ask-again/", gold_set.gold_reassign, name="gold_reassign"),
    path("gold/<int:pk>/give-up/", gold_set.gold_give_up, name="gold_give_up"),
]
