"""Forms for releases and their publishing defaults."""

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
    """The choices for a release, filled in with defaults."""

    layout = forms.ChoiceField(
        label=_("Layout"),
        choices=list(LAYOUTS.items()),
        help_text=_("The file names and folders that AI4Mars data loaders expect."),
    )
    method = forms.ChoiceField(
        label=_("How labels are merged"),
        choices=[(kind.value, name) for kind, name in NAMES.items()],
        initial=Kind.VOTES.value,
        help_text=_("Gold images are always merged by the gold rules."),
    )
    formats = forms.MultipleChoiceField(
        label=_("Additional formats"),
        choices=list(FORMATS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("In addition to the images, the masks, and the labels as drawn."),
    )

    class Meta:
        model = Release
        fields = ("version", "layout", "released_on", "method", "formats")
        labels = {"version": _("Version"), "released_on": _("Date")}
        help_texts = {
            "version": _("It becomes part of the folder's name."),
            "released_on": _("The only date in the files of the release."),
        }
        widgets = {"released_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}

    #: Shown in a separate section, because most releases keep the defaults.
    FURTHER = ("released_on", "method", "formats")

    def __init__(self, *args: Any, campaign: Campaign, layout: str, **kwargs: Any) -> None:
        """Fill in the defaults. `layout` is the suggested layout."""
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        taken = list(campaign.releases.values_list("version", flat=True))
        # The version is part of a folder name, so browsers must not correct its spelling.
        self.fields["version"].widget.attrs.update(autocomplete="off", spellcheck="false")
        self.fields["released_on"].required = False
        self.initial["version"] = next_version(taken, today.isoformat())
        self.initial["layout"] = layout
        self.initial["released_on"] = today

    def clean_formats(self) -> list[Any]:
        return sorted(self.cleaned_data["formats"])

    def format_lines(self) -> Iterator[tuple[BoundWidget, str | Promise]]:
        """Yield the checkbox of each format with its uses."""
        for box in self["formats"]:
            yield box, READERS[str(box.data["value"])]

    @property
    def has_further_errors(self) -> bool:
        return any(name in self.errors for name in self.FURTHER)


class PublishingForm(forms.ModelForm):
    """The defaults of the campaign's next releases."""

    homepage = forms.URLField(
        label=_("Home page"),
        required=False,
        assume_scheme="https",
        help_text=_("A page with more information. Its host is named as the publisher."),
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
            "title": _("If empty, the campaign's name."),
            "creators": _(
                "The names in a citation, one per line: people as “Family, Given”, groups "
                "without a comma. If empty, the labelers."
            ),
            "license": _("An SPDX identifier, such as CC-BY-4.0."),
            "credits": _("Credits for the images and labels."),
        }
        widgets = {
            "title": forms.TextInput,
            "creators": forms.Textarea(attrs={"rows": 4}),
            "license": forms.TextInput(attrs={"list": "licenses", "spellcheck": "false"}),
            "credits": forms.Textarea(attrs={"rows": 3}),
        }

    #: Suggestions; any other license can be typed.
    LICENSES = KNOWN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["license"].validators.append(
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9.+-]*\Z",
                _("Enter an SPDX identifier, such as CC-BY-4.0 or CC0-1.0."),
            )
        )
