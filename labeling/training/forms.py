"""Forms for training content: steps, classes, guide entries, reference images."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from labeling.images import lesson_pictures
from labeling.models import (
    Campaign,
    GuideEntry,
    Illustration,
    Image,
    TerrainClass,
    Translated,
    TutorialStep,
)
from labeling.training.services import illustrations, lessons

#: Most characters of a text; a translation may be half as long again.
LONGEST_TEXT = 1_200
LONGEST_TITLE = 120


def other_languages() -> list[tuple[str, str]]:
    """Return the site's languages except the one campaigns are written in: code and own name."""
    return [
        (code, get_language_info(code)["name_local"].capitalize())
        for code, _name in settings.LANGUAGES
        if code != settings.LANGUAGE_CODE
    ]


class LessonForm(forms.ModelForm):
    """A text with pictures, and its translations into the site's other languages.

    A picture is chosen from the existing ones or uploaded: fields `<name>` and `<name>_upload`.
    """

    #: Names of the model's fields that hold a picture.
    picture_fields: tuple[str, ...] = ("picture",)

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign
        self.choices: dict[str, list[str]] = {}
        item = self.instance
        assert isinstance(item, Translated)
        for name in item.translated_fields:
            own = self.fields[name]
            if isinstance(own.widget, forms.Textarea):
                own.widget.attrs.update(rows=4, maxlength=LONGEST_TEXT)
            for code, _language in other_languages():
                self.fields[f"{name}_{code}"] = forms.CharField(
                    label=own.label,
                    required=False,
                    max_length=getattr(own, "max_length", None) or LONGEST_TEXT,
                    widget=type(own.widget)(attrs={**own.widget.attrs, "lang": code}),
                    initial=item.translations.get(code, {}).get(name, ""),
                )
        self.shown = lesson_pictures.LessonPictures(campaign)
        for name in self.picture_fields:
            known = lessons.picture_choices(campaign)
            present = getattr(item, name)
            # A picture that is no longer shipped stays chosen until another is.
            known += [present] if present and present not in known else []
            self.choices[name] = known
            self.fields[name] = forms.ChoiceField(
                choices=[("", _("No image")), *((each, each) for each in known)], required=False
            )
            self.fields[f"{name}_upload"] = forms.FileField(
                label=_("or upload your own image"),
                required=False,
                help_text=_("JPEG, PNG or WebP, 10 MB at most."),
                widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in self.picture_fields:
            upload = cleaned.get(f"{name}_upload")
            if not upload:
                continue
            try:
                cleaned[name] = lesson_pictures.add(self.campaign, upload)
            except lesson_pictures.PictureRefused as refused:
                self.add_error(f"{name}_upload", str(refused))
                continue
            # If the form is shown again, the uploaded picture is among its choices, and chosen.
            if cleaned[name] not in self.choices[name]:
                self.choices[name].insert(0, cleaned[name])
            self.data = {**self.data.dict(), name: cleaned[name]}  # type: ignore[attr-defined]
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        item = self.instance
        translations: dict[str, dict[str, str]] = {}
        for code, _language in other_languages():
            texts = {
                name: self.cleaned_data.get(f"{name}_{code}", "") for name in item.translated_fields
            }
            if any(texts.values()):
                translations[code] = {name: text for name, text in texts.items() if text}
        # Translations into languages that the site does not offer now are kept.
        kept = {
            code: texts
            for code, texts in item.translations.items()
            if code not in dict(other_languages())
        }
        item.translations = {**kept, **translations}

    # -- for the template ----------------------------------------------------------------------

    def own_fields(self) -> list[forms.BoundField]:
        """Return the fields that are neither a translation nor a picture."""
        hidden = set(self.picture_fields) | {f"{name}_upload" for name in self.picture_fields}
        hidden |= {
            f"{name}_{code}"
            for name in self.instance.translated_fields
            for code, _language in other_languages()
        }
        return [field for field in self if field.name not in hidden]

    def by_language(self) -> list[dict[str, Any]]:
        """Return the fields of translations, grouped by language."""
        return [
            {
                "code": code,
                "name": name,
                "fields": [self[f"{field}_{code}"] for field in self.instance.translated_fields],
                "is_filled": bool(self.instance.translations.get(code)),
            }
            for code, name in other_languages()
        ]

    def pictures(self) -> list[dict[str, Any]]:
        """Return the fields of pictures, each with its choices."""
        chosen = []
        for name in self.picture_fields:
            value = self[name].value() or ""
            chosen.append(
                {
                    "name": name,
                    "label": self.fields[name].label,
                    "errors": self[name].errors,
                    "upload": self[f"{name}_upload"],
                    "illustration": lesson_pictures.illustration_of(value),
                    "options": [
                        {
                            "value": each,
                            "picture": self.shown.get(each),
                            "is_chosen": each == value,
                        }
                        for each in ["", *self.choices[name]]
                    ],
                }
            )
        return chosen


class StepForm(LessonForm):
    class Meta:
        model = TutorialStep
        fields = ("title", "text", "picture")
        labels = {"title": _("Title"), "text": _("Text")}
        help_texts = {"text": _("Short sentences that a ten-year-old understands.")}


class ClassForm(LessonForm):
    class Meta:
        model = TerrainClass
        fields = ("name", "guidance", "picture")
        labels = {"name": _("Name"), "guidance": _("How to recognize it")}
        help_texts = {"guidance": _("Short sentences that a ten-year-old understands.")}

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        others = self.campaign.terrain_classes.exclude(pk=self.instance.pk)
        if others.filter(name=name).exists():
            raise forms.ValidationError(_("Another class already has this name."))
        return name


class EntryForm(LessonForm):
    picture_fields = ("picture", "other_picture")

    class Meta:
        model = GuideEntry
        fields = ("terrain_class", "kind", "other_class", "caption", "picture", "other_picture")
        labels = {
            "terrain_class": _("Class"),
            "kind": _("What it shows"),
            "other_class": _("Looks like"),
            "caption": _("What to look at"),
        }
        help_texts = {
            "caption": _("Short sentences that a ten-year-old understands."),
            "other_class": _("Only for a look-alike: what it is mistaken for."),
        }

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, campaign=campaign, **kwargs)
        for name in ("terrain_class", "other_class"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = campaign.terrain_classes.all()
            field.label_from_instance = class_name  # type: ignore[method-assign,assignment]
        self.fields["picture"].label = _("Image")
        self.fields["other_picture"].label = _("Image of the look-alike")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        ground, other = cleaned.get("terrain_class"), cleaned.get("other_class")
        if cleaned.get("kind") == GuideEntry.Kind.LOOK_ALIKE:
            if other is None:
                self.add_error("other_class", _("Choose what it is mistaken for."))
            elif other == ground:
                self.add_error(
                    "other_class", _("Choose a class other than the class of the example.")
                )
        else:
            cleaned["other_class"], cleaned["other_picture"] = None, ""
        return cleaned


def class_name(terrain: object) -> str:
    assert isinstance(terrain, TerrainClass)
    return terrain.translated("name")


class IllustrationForm(forms.ModelForm):
    """What a picture shows, in each language; the part of the image and the marks as JSON."""

    crop = forms.JSONField(widget=forms.HiddenInput)
    marks = forms.JSONField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Illustration
        fields = ("alt",)
        labels = {"alt": _("What the picture shows")}
        help_texts = {"alt": _("One sentence, read out to people who cannot see the picture.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        item = self.instance
        for code, language in other_languages():
            self.fields[f"alt_{code}"] = forms.CharField(
                label=language,
                required=False,
                max_length=300,
                widget=forms.TextInput(attrs={"lang": code}),
                initial=item.translations.get(code, {}).get("alt", ""),
            )
        self.initial["crop"], self.initial["marks"] = item.crop, item.marks

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        image = self.instance.image
        if image is None or "crop" not in cleaned:
            return cleaned
        try:
            cleaned["crop"] = illustrations.checked_crop(image, cleaned["crop"])
            cleaned["marks"] = illustrations.checked_marks(
                image, cleaned["crop"], cleaned.get("marks") or []
            )
        except illustrations.IllustrationRefused as refused:
            self.add_error(None, str(refused))
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        kept = dict(self.instance.translations)
        for code, _language in other_languages():
            text = self.cleaned_data.get(f"alt_{code}", "")
            kept.pop(code, None)
            if text:
                kept[code] = {"alt": text}
        self.instance.translations = kept


class PracticeForm(forms.ModelForm):
    """A campaign's settings for practice."""

    pass_percent = forms.IntegerField(
        min_value=1,
        max_value=100,
        label=_("Score to pass"),
        help_text=_("How well a drawing must match the reference answer (mean IoU, in percent)."),
    )

    class Meta:
        model = Campaign
        fields = ("practice", "reference_image_percent", "allow_gold_practice")
        labels = {
            "practice": _("Practice"),
            "reference_image_percent": _("Reference images among real images"),
            "allow_gold_practice": _("Use gold images for practice"),
        }
        help_texts = {
            "practice": _("A few reference images before the first real image."),
            "reference_image_percent": _(
                "Share of the images given to volunteers that have a reference answer, in percent. "
                "0 means none."
            ),
            "allow_gold_practice": "",
        }

    field_order = ("practice", "pass_percent", "reference_image_percent", "allow_gold_practice")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reference_image_percent"].widget.attrs["max"] = 100
        self.initial["pass_percent"] = round(self.instance.practice_pass_iou * 100)

    def clean_reference_image_percent(self) -> int:
        percent = int(self.cleaned_data["reference_image_percent"])
        if percent > 100:
            raise forms.ValidationError(_("Enter a number from 0 to 100."))
        return percent

    def save(self, commit: bool = True) -> Any:
        self.instance.practice_pass_iou = self.cleaned_data["pass_percent"] / 100
        return super().save(commit)


class AnswerForm(forms.Form):
    """The image whose answer is set, and the mask, unless the answer is drawn."""

    picture = forms.CharField(
        max_length=120,
        label=_("Image"),
        help_text=_(
            "The product id of an image. Images that nobody has labeled yet are suggested."
        ),
    )
    mask = forms.FileField(
        required=False,
        label=_("Mask"),
        help_text=_("An 8-bit gray PNG of the image's size: class codes, 255 where unknown."),
        widget=forms.FileInput(attrs={"accept": "image/png"}),
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign
        self.fields["picture"].widget.attrs["list"] = "free-pictures"

    def clean_picture(self) -> Image:
        product_id = self.cleaned_data["picture"].strip()
        images = Image.objects.select_related("campaign").filter(campaign=self.campaign)
        image = images.filter(product_id=product_id).first()
        if image is None:
            raise forms.ValidationError(_("This campaign has no image with this name."))
        return image


def all_languages() -> list[tuple[str, str]]:
    """Return every language of the site, for previews: code and own name, the default first."""
    own = settings.LANGUAGE_CODE
    return [(own, get_language_info(own)["name_local"].capitalize()), *other_languages()]
