"""What people fill in: imports, a campaign and its rules, feedback."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from labeling.images.services import import_folders
from labeling.models import Campaign, Feedback


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
            raise forms.ValidationError(_("Give either a folder or an archive."))
        archive = cleaned.get("archive")
        if archive and archive.size > settings.IMPORT_UPLOAD_MAX_BYTES:
            raise forms.ValidationError(
                _("The archive is larger than %(limit)s; put it on the server and name its folder.")
                % {"limit": filesizeformat(settings.IMPORT_UPLOAD_MAX_BYTES)}
            )
        return cleaned


class CampaignForm(forms.ModelForm):
    """A campaign and its rules, in the words of the campaign's page."""

    class Meta:
        model = Campaign
        fields = "__all__"
        labels = {
            "slug": _("Name in addresses"),
            "name": _("Name"),
            "description": _("Description"),
            "is_open": _("Open"),
            "target_labels": _("Labels per picture"),
            "range_limit_m": _("Farthest ground (metres)"),
            "range_rule": _("How farther ground is cut off"),
            "allowed_cameras": _("Further cameras"),
            "scale_bar_m": _("Scale bar (metres)"),
            "queue_percent": _("Review queue (percent)"),
            "merge_minimum": _("Merge: at least"),
            "merge_percent": _("Merge: more than (percent)"),
            "nothing_minimum": _("Nothing to label"),
            "practice": _("Practice"),
            "practice_pass_iou": _("Practice is passed from"),
            "known_image_percent": _("Known pictures, later (percent)"),
            "allow_gold_practice": _("Gold pictures may serve as practice"),
        }
        help_texts = {
            "is_open": _("Volunteers can draw in it, once it has pictures and classes."),
            "target_labels": _("A picture is done when it has this many."),
            "range_limit_m": _(
                "Beyond it there is no need to label. It cannot change once there are pictures."
            ),
            "range_rule": _("It cannot change once there are pictures."),
            "allowed_cameras": _('Taken besides the usual ones, such as ["pancam", "hazcam"].'),
            "scale_bar_m": _(
                "What is smaller need not be labeled. Empty: 50 cm, for Spirit and Opportunity "
                "20 cm. It cannot change once there are pictures."
            ),
            "queue_percent": _("This share of all labels, those that agree least, is reviewed."),
            "merge_minimum": _(
                "At least this many people must have chosen the class of a pixel. It cannot be "
                "more than the labels per picture."
            ),
            "merge_percent": _("This share of those who labeled the pixel must have chosen it."),
            "nothing_minimum": _("A picture is set aside when this many people say so."),
            "practice": _("A few pictures with a known answer, before the first real one."),
            "practice_pass_iou": _(
                "How near to the known answer a drawing must be: 0 to 1 (mean IoU)."
            ),
            "known_image_percent": _("Of all pictures given out; 0 is never."),
            "allow_gold_practice": "",
        }


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
