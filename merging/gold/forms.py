"""Forms of the gold set for managers and experts."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign
from labeling.people.permissions import EXPERTS
from merging.models import SEEDS, GoldPlan, LabelingGuideline

MAX_IMAGES = 1000
PERCENTS = ("max_dark", "max_saturated", "min_sharpness", "max_rover", "min_terrain")


class SampleForm(forms.ModelForm):
    """How many images to sample for the gold set, and which images to exclude first."""

    class Meta:
        model = GoldPlan
        fields = ("only_fresh", *PERCENTS, "without_duplicates", "count", "seed")
        labels = {
            "only_fresh": _("Not yet assigned to anybody"),
            "max_dark": _("Too dark: at most"),
            "max_saturated": _("Overexposed: at most"),
            "min_sharpness": _("Sharpness: at least"),
            "max_rover": _("Rover: at most"),
            "min_terrain": _("Usable terrain: at least"),
            "without_duplicates": _("No near-duplicates"),
            "count": _("Images"),
            "seed": _("Seed"),
        }

    def __init__(self, *args: Any, campaign: Campaign, suggested_count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.campaign = campaign
        for name in PERCENTS:
            self.fields[name].validators.append(MaxValueValidator(100))
            self.fields[name].widget.attrs.update(min=0, max=100)
        count, seed = self.fields["count"], self.fields["seed"]
        count.initial = suggested_count
        count.validators.append(MaxValueValidator(MAX_IMAGES))
        count.widget.attrs.update(min=1, max=MAX_IMAGES)
        seed.required = False
        seed.initial = None
        seed.widget.attrs.update(min=0, max=SEEDS - 1)
        seed.help_text = _(
            "Leave this empty for a random seed. The same seed and conditions give the same "
            "images again."
        )

    def clean_seed(self) -> int:
        """Return the seed, a random one if the field is empty."""
        seed = self.cleaned_data["seed"]
        return secrets.randbelow(SEEDS) if seed is None else int(seed)

    def bounds(self) -> Iterator[forms.BoundField]:
        """Return the fields that exclude images, in the order in which they are applied."""
        return (self[name] for name in self.fields if name not in ("count", "seed"))


class ExpertsForm(forms.Form):
    """The experts who label the images of a plan."""

    experts = forms.ModelMultipleChoiceField(
        User.objects.none(),
        required=False,
        label=_("Experts"),
        widget=forms.CheckboxSelectMultiple,
    )
    classes_per_expert = forms.IntegerField(
        label=_("Maximum number of terrain classes per expert"),
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_(
            "The method in the paper uses two. Raise the limit only if a campaign has few "
            "experts, because each expert's opinion then has more weight."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["experts"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        people = User.objects.filter(groups__name=EXPERTS, is_active=True)
        field.queryset = people.order_by("username")


class GuidelineForm(forms.ModelForm):
    """A guideline that experts agreed on."""

    class Meta:
        model = LabelingGuideline
        fields = ("text",)
        labels = {"text": _("What did you decide?")}
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}
