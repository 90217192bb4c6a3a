"""What admins set once for a campaign's releases."""

from __future__ import annotations

from django.contrib import admin

from merging.models import Publishing


@admin.register(Publishing)
class PublishingAdmin(admin.ModelAdmin):
    """The key of the pseudonyms is secret, and stays out of sight."""

    list_display = ("campaign", "title", "licence")
    exclude = ("pseudonym_key",)
