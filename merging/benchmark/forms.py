"""The form for submissions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import URLValidator
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from merging.models import Submission


class SubmissionForm(forms.ModelForm):
    """A name, a zip of PNG masks, and links to a paper and code."""

    archive = forms.FileField(
        label=_("Predictions"),
        help_text=_("A zip of 8-bit gray PNG masks, one for each gold image."),
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )
    paper_url = forms.URLField(
        label=_("Paper (link)"), required=False, max_length=300, assume_scheme="https"
    )
    code_url = forms.URLField(
        label=_("Code (link)"), required=False, max_length=300, assume_scheme="https"
    )

    class Meta:
        model = Submission
        fields = ("name", "archive", "paper_url", "code_url")
        labels = {"name": _("Name of the model")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for name in ("paper_url", "code_url"):
            # These become links on a public page, so they may only lead to the web.
            self.fields[name].validators.append(URLValidator(schemes=["http", "https"]))

    def clean_archive(self) -> Any:
        archive = self.cleaned_data["archive"]
        if archive.size > settings.PREDICTIONS_UPLOAD_MAX_BYTES:
            raise forms.ValidationError(too_large())
        return archive


def too_large() -> str:
    """Return the message for a file that is too large."""
    limit = filesizeformat(settings.PREDICTIONS_UPLOAD_MAX_BYTES)
    text: str = _("The file is larger than %(limit)s.") % {"limit": limit}
    return text
