"""The model of labelers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from ai4mars_site.toolkit.actors import Actor, ActorKind


class Labeler(models.Model):
    """The author of labels: an account, a guest of one browser, or a name from an import.

    Exactly one of `user`, `guest_key` and `imported_from` is set. A guest who signs in keeps the
    labels: the row moves from `guest_key` to `user`. The labeler of an erased person becomes a
    guest with an unknown key.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="labeler",
    )
    guest_key = models.UUIDField(null=True, blank=True, unique=True)
    imported_from = models.CharField(
        max_length=200, null=True, blank=True, unique=True, help_text="campaign/name of an import."
    )
    name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=(
                    Q(user__isnull=False, guest_key__isnull=True, imported_from__isnull=True)
                    | Q(user__isnull=True, guest_key__isnull=False, imported_from__isnull=True)
                    | Q(user__isnull=True, guest_key__isnull=True, imported_from__isnull=False)
                ),
                name="labeler_is_account_or_guest_or_import",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(guest_key__isnull=False, name=""),
                name="labeler_erased_is_nobody",
            ),
        )

    def __str__(self) -> str:
        return self.name or f"Guest {self.pk}"

    @property
    def actor(self) -> Actor:
        """Return the labeler as an actor: the account, where there is one."""
        if self.user_id is not None:
            return Actor(ActorKind.ACCOUNT, str(self), self.user_id)
        return Actor.of_labeler(self.pk, str(self))
