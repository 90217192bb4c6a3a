from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import independence
from labeling.campaigns.forms import CampaignForm
from labeling.campaigns.services import rules
from labeling.images.services import quality
from labeling.models import Campaign, Image, Label, Labeler, TerrainClass, TutorialStep
from labeling.people.services import labelers


class TerrainClassInline(admin.StackedInline):
    model = TerrainClass
    extra = 0
    # Labels store class codes: if a class were deleted, what was drawn as it would be lost.
    can_delete = False


class TutorialStepInline(admin.StackedInline):
    model = TutorialStep
    extra = 0


@admin.register(Campaign)
class CampaignAdmin(admin.ModelAdmin):
    form = CampaignForm
    list_display = ("name", "slug", "is_open", "target_labels")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (TerrainClassInline, TutorialStepInline)

    def save_model(self, request: HttpRequest, obj: Campaign, form: Any, change: bool) -> None:
        rules.store(Actor.of_request(request), obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        changed = formset.save(commit=False)
        rules.store_parts(Actor.of_request(request), changed, formset.deleted_objects)


@admin.register(Image)
class ImageAdmin(admin.ModelAdmin):
    """Admin page of images: shows and retires them. Images come only from imports."""

    list_display = ("product_id", "campaign", "rover", "sol", "pool", "crowd_label_count")
    list_filter = ("campaign", "pool", "rover", "range_source")
    search_fields = ("product_id",)
    fields = (
        "product_id",
        "campaign",
        ("rover", "camera", "eye"),
        ("sol", "start_time", "site", "drive", "sequence"),
        ("width", "height"),
        "orbital_class",
        ("range_source", "range_map_source"),
        "scale_bar",
        "camera_model",
        "details",
        ("source_file", "source_sha256", "content_sha256"),
        "pool",
        ("retired_at", "retired_reason", "duplicate_of"),
    )
    readonly_fields = tuple(
        name
        for row in fields
        for name in ([row] if isinstance(row, str) else row)
        if name not in ("retired_at", "retired_reason", "orbital_class")
    )

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        quality.correct(Actor.of_request(request), obj)

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: Image | None = None) -> bool:
        return False


@admin.register(Labeler)
class LabelerAdmin(admin.ModelAdmin):
    list_display = ("__str__", "user", "imported_from", "created_at")
    search_fields = ("name", "user__username", "imported_from")
    readonly_fields = ("user", "guest_key", "imported_from", "created_at")

    def save_model(self, request: HttpRequest, obj: Labeler, form: Any, change: bool) -> None:
        labelers.rename(Actor.of_request(request), obj, obj.name)

    def has_add_permission(self, request: object) -> bool:
        return False


@admin.register(Label)
class LabelAdmin(admin.ModelAdmin):
    """Admin page of labels, read-only: only post-processing and review change labels."""

    list_display = ("image", "labeler", "role", "status", "sent_at", "import_source")
    list_filter = ("role", "status", "image__campaign")
    search_fields = ("image__product_id", "labeler__name")
    list_select_related = ("image", "labeler")
    #: The order of an index, so that millions of labels are not sorted for the first hundred.
    ordering = ("image_id", "labeler_id")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Label]:
        """Return labels, without those on images that this account is to label independently, as an
        expert.
        """
        assert isinstance(request.user, User)
        return (
            super()
            .get_queryset(request)
            .exclude(image__in=independence.hidden_images(request.user))
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Label | None:
        """Return the label, and record that the admin saw a label of its image."""
        label: Label | None = super().get_object(request, object_id, from_field)
        assert isinstance(request.user, User)
        if label is not None and not independence.record_view(label.image_id, request.user):
            return None
        return label

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: Label | None = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: Label | None = None) -> bool:
        return False
