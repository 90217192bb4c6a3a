"""Texts that an admin writes: in the campaign's own language, and again in others."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language


class Translated(models.Model):
    """Something with texts of its own, some of which are there in other languages too."""

    #: Names of the fields that can be translated.
    translated_fields: tuple[str, ...] = ()

    translations = models.JSONField(
        default=dict, blank=True, help_text='Other languages, as {"es": {"title": "...", ...}}.'
    )

    class Meta:
        abstract = True

    def shown(self, field: str, language: str | None = None) -> str:
        """A text in a language (the reader's by default); the campaign's own where there is none.

        A regional variant (`es-mx`) is content with its language (`es`). A translation left empty
        is none.
        """
        code = language or get_language() or ""
        for known in (code, code.partition("-")[0]):
            text = self.translations.get(known, {}).get(field, "")
            if text:
                return str(text)
        return str(getattr(self, field))
