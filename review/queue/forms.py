"""Forms of the review pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign, Image, Labeler
from review.models import Rating
from review.queue.services.queue import Filters


class ChoiceForm(forms.Form):
    """A form that chooses a labeler, an image, or both, of one campaign."""

    labeler = forms.IntegerField(label=_("Labeler number"), min_value=1, required=False)
    image = forms.CharField(label=_("Image"), max_length=200, required=False)

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign

    def clean_labeler(self) -> Labeler | None:
        number = self.cleaned_data["labeler"]
        if number is None:
            return None
        known = Labeler.objects.filter(labels__image__campaign=self.campaign)
        if found := known.filter(pk=min(number, 2**63 - 1)).first():
            return found
        raise forms.ValidationError(
            _(
                "No labeler in this campaign has this number. The review page shows the number "
                "of each labeler."
            )
        )

    def clean_image(self) -> Image | None:
        name = self.cleaned_data["image"].strip()
        if not name:
            return None
        if found := Image.objects.filter(campaign=self.campaign, product_id=name).first():
            return found
        raise forms.ValidationError(
            _("This campaign has no image with this name. Check the spelling.")
        )


class QueueForm(ChoiceForm):
    """A form that chooses the labels to review."""

    part = forms.ChoiceField(
        label=_("Labels"),
        required=False,
        choices=[
            ("doubtful", _("Doubtful labels and a random sample")),
            ("audit", _("Only the random sample")),
            ("flagged", _("Flagged and not rated yet")),
            ("all", _("All labels with a score")),
        ],
    )
    class_code = forms.TypedChoiceField(
        label=_("Contains the class"), coerce=int, empty_value=None, required=False
    )

    field_order = ("part", "class_code", "labeler", "image")

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        super().__init__(campaign, *args, **kwargs)
        classes = [(c.code, c.name) for c in campaign.terrain_classes.all()]
        self.fields["class_code"].choices = [("", _("All")), *classes]  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        """Return the chosen filters; the form must be valid."""
        chosen = self.cleaned_data
        return Filters(
            part=chosen["part"] or "doubtful",
            class_code=chosen["class_code"],
            labeler=chosen["labeler"] and chosen["labeler"].pk,
            image=chosen["image"] and chosen["image"].pk,
        )


class RatingForm(forms.Form):
    """A form that gives or changes a rating, on the page of ratings and flags."""

    value = forms.TypedChoiceField(
        label=_("Your rating"),
        coerce=int,
        # Nothing is chosen at first: the first in the list throws a drawing out.
        choices=[
            ("", _("Choose a rating")),
            (1, _("1 Throw out")),
            (2, _("2 Poor")),
            (3, _("3 Fair")),
            (4, _("4 Good")),
            (5, _("5 Excellent")),
        ],
        error_messages={"required": _("Choose a rating from 1 to 5.")},
    )
    reasons = forms.MultipleChoiceField(
        label=_("Why"),
        choices=Rating.Reason.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    comment = forms.CharField(label=_("Comment"), max_length=500, required=False)
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
