"""What admins fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from merging.method_names import NAMES
from merging.methods import Kind
from merging.models import Release
from merging.release.exports import EXPORTS


class ReleaseForm(forms.ModelForm):
    method = forms.ChoiceField(
        label=_("How labels are merged"),
        choices=[(kind.value, name) for kind, name in NAMES.items()],
        initial=Kind.VOTES.value,
        help_text=_("Gold pictures are always merged by the gold rules."),
    )
    formats = forms.MultipleChoiceField(
        label=_("Further formats"),
        choices=[(name, name) for name in EXPORTS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Beside the tree of images and masks, and the labels as they were drawn."),
    )

    class Meta:
        model = Release
        fields = ("version", "layout")
        help_texts = {
            "version": _("Such as 0.1 or 2026-11. It becomes part of the folder's name."),
        }

    def clean_formats(self) -> list[Any]:
        return sorted(self.cleaned_data["formats"])
