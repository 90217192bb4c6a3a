"""The form for feedback about the site."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.models import SiteFeedback


class SiteFeedbackForm(forms.Form):
    """Short feedback about the site, for everybody."""

    mood = forms.TypedChoiceField(
        coerce=int,
        choices=SiteFeedback.Mood.choices,
        label=_("How was it?"),
        error_messages={"required": _("Choose a face first.")},
    )
    text = forms.CharField(
        required=False,
        max_length=SiteFeedback.TEXT_LENGTH,
        label=_("What was hard? What did you like?"),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    contact = forms.CharField(
        required=False,
        max_length=SiteFeedback.CONTACT_LENGTH,
        label=_("Your name or e-mail, if you would like an answer"),
        help_text=_("You can leave this empty."),
    )
    page = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    #: Hidden from people; only a bot fills it in.
    website = forms.CharField(required=False, max_length=2000)
