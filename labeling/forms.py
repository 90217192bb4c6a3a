"""What admins fill in to import images."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from labeling.models import Feedback


class ImportForm(forms.Form):
    """A folder, a bucket or an archive of images; exactly one of them."""

    source = forms.CharField(
        required=False,
        max_length=500,
        label=_("Folder or bucket"),
        help_text=_("A folder on the server, or s3://bucket/prefix."),
    )
    archive = forms.FileField(
        required=False, label=_("or an archive"), help_text=_("A zip or tar file.")
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if bool(cleaned.get("source")) == bool(cleaned.get("archive")):
            raise forms.ValidationError(_("Give either a folder or an archive."))
        archive = cleaned.get("archive")
        if archive and archive.size > settings.IMPORT_UPLOAD_MAX_BYTES:
            raise forms.ValidationError(
                _("The archive is larger than %(limit)s; put it on the server and name its folder.")
                % {"limit": filesizeformat(settings.IMPORT_UPLOAD_MAX_BYTES)}
            )
        return cleaned


class FeedbackForm(forms.Form):
    """How was it? Short, for everybody."""

    mood = forms.TypedChoiceField(
        coerce=int,
        choices=Feedback.Mood.choices,
        label=_("How was it?"),
        error_messages={"required": _("Choose a face first.")},
    )
    text = forms.CharField(
        required=False,
        max_length=Feedback.TEXT_LENGTH,
        label=_("What was hard? What did you like?"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    contact = forms.CharField(
        required=False,
        max_length=Feedback.CONTACT_LENGTH,
        label=_("Your name or e-mail, if you want an answer"),
        help_text=_("You can leave this empty."),
    )
    page = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    #: No person sees it. What is filled in here comes from a machine.
    website = forms.CharField(required=False, max_length=2000)
