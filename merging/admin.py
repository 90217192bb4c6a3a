"""Admin pages for publishing defaults, releases, and imported masks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ai4mars_site.toolkit.actors import Actor
from merging.benchmark.services import show_leaderboard
from merging.masks.services import imported_masks
from merging.models import ImportedMask, Publishing, Release
from merging.models.releases import MUTABLE_FIELDS
from merging.releases.services import pseudonyms, publishing_defaults


@admin.register(Publishing)
class PublishingAdmin(admin.ModelAdmin):
    """Publishing defaults of campaigns. The secret key of the pseudonyms is not shown."""

    list_display = ("campaign", "title", "license")
    exclude = ("pseudonym_key",)
    actions = ("forget_pseudonyms",)

    def save_model(self, request: HttpRequest, obj: Publishing, form: Any, change: bool) -> None:
        publishing_defaults.save_defaults(Actor.of_request(request), obj)

    @admin.action(description="Change the pseudonyms of the next releases")
    def forget_pseudonyms(self, request: HttpRequest, chosen: QuerySet[Publishing]) -> None:
        for publishing in chosen.select_related("campaign"):
            pseudonyms.renew_key(Actor.of_request(request), publishing.campaign)
        self.message_user(request, "The pseudonyms of the next releases are changed.")


@admin.register(Release)
class ReleaseAdmin(admin.ModelAdmin):
    """Releases, read-only. They are built and stopped on their campaign's page."""

    list_display = ("__str__", "layout", "status", "released_on", "created_by", "completed_at")
    list_filter = ("status", "campaign")
    list_select_related = ("campaign", "created_by")
    #: A secret, fields of the builder, and a file that is served at its own address.
    exclude = ("pseudonym_key", "claim", "heartbeat_at", "archive")

    def get_readonly_fields(self, request: object, obj: Release | None = None) -> list[str]:
        names = [field.name for field in Release._meta.concrete_fields]
        return [name for name in names if name not in {*self.exclude, *MUTABLE_FIELDS}]

    def save_model(self, request: HttpRequest, obj: Release, form: Any, change: bool) -> None:
        show_leaderboard(Actor.of_request(request), obj, is_public=obj.has_public_leaderboard)

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: Release | None = None) -> bool:
        return False


@admin.register(ImportedMask)
class ImportedMaskAdmin(admin.ModelAdmin):
    """Imported masks. If one is deleted, its image is merged from labels again."""

    list_display = ("image", "variant", "source", "labels", "imported_at")
    list_filter = ("variant", "source")
    list_select_related = ("image",)
    search_fields = ("image__product_id",)

    def delete_model(self, request: HttpRequest, obj: ImportedMask) -> None:
        self.delete_queryset(request, ImportedMask.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ImportedMask]) -> None:
        imported_masks.remove(Actor.of_request(request), queryset)

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: ImportedMask | None = None) -> bool:
        return False
