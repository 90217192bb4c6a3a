"""Texts that a manager writes in the campaign's language, with translations."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language


class Translated(models.Model):
    """A model with texts that can be translated."""

    #: Names of the fields that can be translated.
    translated_fields: tuple[str, ...] = ()

    translations = models.JSONField(
        default=dict,
        blank=True,
        help_text='Translations by language, as {"es": {"title": "...", ...}}.',
    )

    class Meta:
        abstract = True

    def translated(self, field: str, language: str | None = None) -> str:
        """Return a text in a language, by default the reader's.

        A regional variant (`es-mx`) falls back to its language (`es`). A missing or empty
        translation falls back to the campaign's own text.
        """
        code = language or get_language() or ""
        for known in (code, code.partition("-")[0]):
            text = self.translations.get(known, {}).get(field, "")
            if text:
                return str(text)
        return str(getattr(self, field))
