"""What admins fill in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.forms.boundfield import BoundWidget
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.models import Campaign
from merging.formats.contents.licenses import KNOWN
from merging.formats.contents.versions import next_version
from merging.masks.method_names import NAMES
from merging.models import Publishing, Release
from merging.releases.names import FORMATS, LAYOUTS, READERS
from terrain.aggregation.methods import Kind


class ReleaseForm(forms.ModelForm):
    """What a release is called and how it is made; what is usual is filled in."""

    layout = forms.ChoiceField(
        label=_("Layout"),
        choices=list(LAYOUTS.items()),
        help_text=_("Names and folders, as loaders of AI4Mars know them."),
    )
    method = forms.ChoiceField(
        label=_("How labels are merged"),
        choices=[(kind.value, name) for kind, name in NAMES.items()],
        initial=Kind.VOTES.value,
        help_text=_("Gold pictures are always merged by the gold rules."),
    )
    formats = forms.MultipleChoiceField(
        label=_("Further formats"),
        choices=list(FORMATS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Beside the tree of images and masks, and the labels as they were drawn."),
    )

    class Meta:
        model = Release
        fields = ("version", "layout", "released_on", "method", "formats")
        labels = {"version": _("Version"), "released_on": _("Date")}
        help_texts = {
            "version": _("It becomes part of the folder's name."),
            "released_on": _("The only one that the release tells."),
        }
        widgets = {"released_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    #: Shown apart: most releases leave them as they are.
    FURTHER = ("released_on", "method", "formats")

    def __init__(self, *args: Any, campaign: Campaign, layout: str, **kwargs: Any) -> None:
        """`layout` is the one to propose."""
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        taken = list(campaign.releases.values_list("version", flat=True))
        # A folder's name is nothing to correct the spelling of.
        self.fields["version"].widget.attrs.update(autocomplete="off", spellcheck="false")
        self.fields["released_on"].required = False
        self.initial["version"] = next_version(taken, today.isoformat())
        self.initial["layout"] = layout
        self.initial["released_on"] = today

    def clean_formats(self) -> list[Any]:
        return sorted(self.cleaned_data["formats"])

    def format_lines(self) -> Iterator[tuple[BoundWidget, str | Promise]]:
        """The box of each format, and who reads it."""
        for box in self["formats"]:
            yield box, READERS[str(box.data["value"])]

    @property
    def has_further_errors(self) -> bool:
        return any(name in self.errors for name in self.FURTHER)


class PublishingForm(forms.ModelForm):
    """What the campaign's next releases say of themselves."""

    homepage = forms.URLField(
        label=_("Home page"),
        required=False,
        assume_scheme="https",
        help_text=_("Where people read more; its host is named as the publisher."),
    )

    class Meta:
        model = Publishing
        fields = ("title", "creators", "license", "credits", "homepage")
        labels = {
            "title": _("Title"),
            "creators": _("Creators"),
            "license": _("License"),
            "credits": _("Credits"),
        }
        help_texts = {
            "title": _("Empty: the campaign's name."),
            "creators": _(
                "Whom a citation names, one a line: people as “Family, Given”, groups without a "
                "comma. Empty: the labelers."
            ),
            "license": _("An SPDX name, such as CC-BY-4.0."),
            "credits": _("Whom the images and labels are owed to."),
        }
        widgets = {
            "title": forms.TextInput,
            "creators": forms.Textarea(attrs={"rows": 4}),
            "license": forms.TextInput(attrs={"list": "licenses", "spellcheck": "false"}),
            "credits": forms.Textarea(attrs={"rows": 3}),
        }

    #: Proposed; others can be typed.
    LICENSES = KNOWN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["license"].validators.append(
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9.+-]*\Z",
                _("Write its SPDX name, such as CC-BY-4.0 or CC0-1.0."),
            )
        )
