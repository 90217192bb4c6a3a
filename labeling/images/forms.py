"""The form to import images."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from labeling.images.services import import_folders


class ImportForm(forms.Form):
    """The source of an import: a folder, a bucket or an archive; exactly one of them."""

    source = forms.CharField(
        required=False,
        max_length=500,
        label=_("Folder or bucket"),
        help_text=_("A folder on the server, or s3://bucket/prefix."),
    )
    archive = forms.FileField(
        required=False, label=_("or an archive"), help_text=_("A zip or tar file.")
    )

    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"]
        try:
            return import_folders.permitted(source) if source else ""
        except import_folders.FolderRefused as refused:
            raise forms.ValidationError(str(refused)) from refused

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        if bool(cleaned.get("source")) == bool(cleaned.get("archive")):
            raise forms.ValidationError(_("Choose either a folder or an archive."))
        archive = cleaned.get("archive")
        if archive and archive.size > settings.IMPORT_UPLOAD_MAX_BYTES:
            raise forms.ValidationError(
                _(
                    "The archive is larger than %(limit)s. Put it on the server and enter its "
                    "path as the folder."
                )
                % {"limit": filesizeformat(settings.IMPORT_UPLOAD_MAX_BYTES)}
            )
        return cleaned
