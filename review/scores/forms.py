"""The form of the histogram page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign
from review.scores.services.histogram import Part, cameras


class PartForm(forms.Form):
    """A form that chooses the scores of a histogram."""

    camera = forms.ChoiceField(label=_("Camera"), required=False)
    class_code = forms.TypedChoiceField(
        label=_("Contains the class"), coerce=int, empty_value=None, required=False
    )
    labeler = forms.IntegerField(label=_("Labeler number"), min_value=1, required=False)
    since = forms.DateField(
        label=_("Sent since"), required=False, widget=forms.DateInput({"type": "date"})
    )
    until = forms.DateField(
        label=_("Sent until"), required=False, widget=forms.DateInput({"type": "date"})
    )

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(name, name) for name in cameras(campaign)]
        classes = [(c.code, c.name) for c in campaign.terrain_classes.all()]
        self.fields["camera"].choices = [("", _("All")), *names]  # type: ignore[attr-defined]
        self.fields["class_code"].choices = [("", _("All")), *classes]  # type: ignore[attr-defined]

    def part(self) -> Part:
        """Return the chosen part; the form must be valid."""
        chosen = self.cleaned_data
        return Part(
            camera=chosen["camera"] or None,
            class_code=chosen["class_code"],
            labeler=chosen["labeler"],
            since=chosen["since"],
            until=chosen["until"],
        )
