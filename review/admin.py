from __future__ import annotations

from typing import Any

from django.contrib import admin

from ai4mars_site.toolkit.actors import Actor
from review.models import CampaignSkill, LabelerSkill, LabelQuality, ReviewPlan
from review.queue.services import plans


@admin.register(ReviewPlan)
class ReviewPlanAdmin(admin.ModelAdmin):
    """The settings of a campaign's review; changes do not affect labels already scored."""

    list_display = ("campaign", "order", "audit_percent", "second_opinion_percent", "hide_record")

    def get_readonly_fields(self, request: Any, obj: ReviewPlan | None = None) -> tuple[str, ...]:
        return () if obj is None else ("campaign",)

    def save_model(self, request: Any, obj: ReviewPlan, form: Any, change: bool) -> None:
        plans.store(Actor.of_request(request), obj)


class EstimateAdmin(admin.ModelAdmin):
    """A read-only page of estimates, which `estimate_skill` makes."""

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@admin.register(CampaignSkill)
class CampaignSkillAdmin(EstimateAdmin):
    list_display = ("campaign", "status", "labels", "images", "estimated_at")


@admin.register(LabelerSkill)
class LabelerSkillAdmin(EstimateAdmin):
    list_display = ("labeler", "campaign", "skill", "low", "high", "labels")
    list_filter = ("campaign",)
    search_fields = ("labeler__name",)
    list_select_related = ("labeler", "campaign")


@admin.register(LabelQuality)
class LabelQualityAdmin(EstimateAdmin):
    list_display = ("label", "campaign", "quality", "label_version")
    list_filter = ("campaign",)
    list_select_related = ("label__image", "label__labeler", "campaign")
    show_full_result_count = False
