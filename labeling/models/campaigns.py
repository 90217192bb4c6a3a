"""Models of campaigns, their classes, figures and tutorials."""

from __future__ import annotations

from typing import Any, Self

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from labeling.models.translations import Translated
from terrain.display.scale_bar import WIDTHS_M

#: Fields whose values are part of prepared image files: the display image and the masks.
PREPARATION_FIELDS = ("range_limit_m", "range_rule", "scale_bar_m")


#: First path segments of other pages (`/manage/feedback/`), which no slug may equal.
RESERVED_SLUGS = frozenset({"feedback"})


def validate_free_slug(slug: str) -> None:
    """Raise ValidationError for a slug that is already the address of another page."""
    if slug in RESERVED_SLUGS:
        raise ValidationError(
            _("“%(slug)s” is the address of another page. Choose another short name."),
            params={"slug": slug},
        )


class CampaignQuerySet(models.QuerySet["Campaign"]):
    def with_publicity(self) -> Self:
        """Annotate `is_public`: whether the campaign has a class and an image in use."""
        images = apps.get_model("labeling", "Image").objects.filter(retired_at=None)
        classes = TerrainClass.objects.filter(campaign=OuterRef("pk"))
        return self.annotate(
            is_public=Exists(images.filter(campaign=OuterRef("pk"))) & Exists(classes)
        )

    def with_drawings(self) -> Self:
        """Annotate `has_drawings`: whether the campaign has labels, including those on retired
        images.
        """
        labels = apps.get_model("labeling", "Label").objects
        return self.annotate(has_drawings=Exists(labels.filter(image__campaign=OuterRef("pk"))))

    def open(self) -> Self:
        """Return public campaigns that accept labels."""
        return self.with_publicity().filter(is_open=True, is_public=True)


class Campaign(Translated):
    """A set of images with its classes, tutorial and parameters (docs/METHODS.md)."""

    translated_fields = ("name", "description")

    class RangeRule(models.TextChoices):
        CUT_ROW = "cut-row", _("Cut row (as in the released dataset)")
        PER_PIXEL = "per-pixel", _("Per pixel")

    class Practice(models.TextChoices):
        OFF = "off", _("Off")
        OPTIONAL = "optional", _("Offered after the tutorial")
        REQUIRED = "required", _("Must be passed before the first real image")

    slug = models.SlugField(unique=True, validators=[validate_free_slug])
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    is_open = models.BooleanField(default=True, help_text="Volunteers can draw in it.")
    target_labels = models.PositiveSmallIntegerField(
        default=10, help_text="An image leaves the pool when it has this many labels (paper 3.1)."
    )
    range_limit_m = models.FloatField(
        default=30.0, help_text="Meters; ground farther away is not labeled."
    )
    range_rule = models.CharField(
        max_length=10, choices=RangeRule.choices, default=RangeRule.CUT_ROW
    )
    allowed_cameras = models.JSONField(
        default=list,
        blank=True,
        help_text='Cameras to import besides the usual ones, such as ["pancam", "hazcam"].',
    )
    scale_bar_m = models.FloatField(
        null=True,
        blank=True,
        help_text="Meters; smaller things are not labeled. Empty: the value of the image's rover.",
    )
    queue_percent = models.PositiveSmallIntegerField(
        default=20,
        help_text="Percent of all labels to review, those with the lowest scores (paper 3.2).",
    )
    merge_minimum = models.PositiveSmallIntegerField(
        default=3,
        help_text="A merged pixel needs at least this many labelers of its class (paper 3.3).",
    )
    merge_percent = models.PositiveSmallIntegerField(
        default=65,
        help_text="A merged pixel needs more than this percent of its labelers to "
        "agree (paper 3.3).",
    )
    nothing_minimum = models.PositiveSmallIntegerField(
        default=3,
        help_text="An image is set aside when this many people found nothing to label on it.",
    )
    practice = models.CharField(
        max_length=8,
        choices=Practice.choices,
        default=Practice.OPTIONAL,
        help_text="Whether volunteers practice on reference images before the first real image.",
    )
    practice_pass_iou = models.FloatField(
        default=0.5,
        help_text="Lowest mean IoU with the reference answer at which a practice drawing passes.",
    )
    reference_image_percent = models.PositiveSmallIntegerField(
        default=5, help_text="Percent of the pictures given out that are reference images. 0: none."
    )
    allow_gold_practice = models.BooleanField(
        default=False, help_text="Allow gold images as reference images."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    #: Annotated by `CampaignQuerySet.with_publicity`.
    is_public: bool
    #: Annotated by `CampaignQuerySet.with_drawings`.
    has_drawings: bool

    objects = CampaignQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=~Q(slug=""),
                name="campaign_has_slug",
                violation_error_message=_(
                    "Enter a short name for the page addresses of the campaign."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="campaign_has_name",
                violation_error_message=_("Enter a name for the campaign."),
            ),
            models.CheckConstraint(
                condition=Q(target_labels__gte=1),
                name="campaign_target_labels_positive",
                violation_error_message=_("The labels per image must be at least 1."),
            ),
            models.CheckConstraint(
                condition=Q(range_limit_m__gt=0) & Q(scale_bar_m__gt=0),
                name="campaign_lengths_positive",
                violation_error_message=_(
                    "The range limit and the scale bar must be longer than 0 meters."
                ),
            ),
            models.CheckConstraint(
                condition=Q(scale_bar_m__isnull=False, scale_bar_m__lt=F("range_limit_m"))
                | Q(scale_bar_m=None, range_limit_m__gt=max(WIDTHS_M.values())),
                name="campaign_scale_bar_within_range",
                violation_error_message=_("The scale bar must be shorter than the range limit."),
            ),
            models.CheckConstraint(
                condition=Q(range_rule__in=("cut-row", "per-pixel")),
                name="campaign_range_rule",
                violation_error_message=_("Choose how ground beyond the range limit is cut off."),
            ),
            models.CheckConstraint(
                condition=Q(queue_percent__lte=100),
                name="campaign_queue_percent_range",
                violation_error_message=_(
                    "The share of labels to review must be from 0 to 100 percent."
                ),
            ),
            models.CheckConstraint(
                condition=Q(merge_minimum__gte=1) & Q(merge_percent__lt=100),
                name="campaign_merge_rule_possible",
                violation_error_message=_(
                    "A merge rule needs at least 1 person and a share below 100 percent."
                ),
            ),
            # Otherwise an image with all its labels could have an empty merged mask.
            models.CheckConstraint(
                condition=Q(merge_minimum__lte=F("target_labels")),
                name="campaign_target_reaches_merge",
                violation_error_message=_(
                    "The merge minimum is larger than the number of labels per image, so "
                    "every merged mask would be empty. Raise the labels per image, or lower "
                    "the merge minimum."
                ),
            ),
            models.CheckConstraint(
                condition=Q(nothing_minimum__gte=1),
                name="campaign_nothing_minimum_positive",
                violation_error_message=_(
                    "At least 1 person must report that there is nothing to label."
                ),
            ),
            models.CheckConstraint(
                condition=Q(practice__in=("off", "optional", "required")),
                name="campaign_practice",
                violation_error_message=_("Choose whether volunteers practice first."),
            ),
            models.CheckConstraint(
                condition=Q(practice_pass_iou__gt=0)
                & Q(practice_pass_iou__lte=1)
                & Q(reference_image_percent__lte=100),
                name="campaign_practice_shares",
                violation_error_message=_(
                    "The IoU to pass practice must be above 0 and at most 1. The share of "
                    "reference images must be from 0 to 100 percent."
                ),
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Check rules that no constraint can express: settings that image files depend on, and the
        cameras.
        """
        names = self.allowed_cameras
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
            raise ValidationError(
                {"allowed_cameras": _('Enter a list of names, such as ["pancam", "hazcam"].')}
            )
        stored = Campaign.objects.filter(pk=self.pk).first()
        if stored is None:
            return
        changed = [n for n in PREPARATION_FIELDS if getattr(self, n) != getattr(stored, n)]
        if changed and stored.images.exists():
            sentence = _(
                "The images of this campaign were prepared with %(value)s, so this setting "
                "can no longer change. For another value, import the images into a new "
                "campaign."
            )
            # All fields but `range_rule` are lengths in meters.
            shown = {n: f"{getattr(stored, n)} m" for n in changed}
            if "range_rule" in shown:
                shown["range_rule"] = f"“{stored.get_range_rule_display()}”"
            if "scale_bar_m" in shown and stored.scale_bar_m is None:
                shown["scale_bar_m"] = str(_("the default scale bar of each rover"))
            raise ValidationError({n: sentence % {"value": shown[n]} for n in changed})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the campaign, and store a changed slug's old value as a `FormerSlug`."""
        with transaction.atomic():
            before = Campaign.objects.filter(pk=self.pk).values_list("slug", flat=True).first()
            super().save(*args, **kwargs)
            if before and before != self.slug:
                FormerSlug.objects.update_or_create(slug=before, defaults={"campaign": self})

    @property
    def local_name(self) -> str:
        """Return the name in the reader's language."""
        return self.translated("name")

    @property
    def local_description(self) -> str:
        """Return the description in the reader's language."""
        return self.translated("description")

    def class_codes(self) -> tuple[int, ...]:
        """Return the campaign's class codes, ascending."""
        return tuple(self.terrain_classes.order_by("code").values_list("code", flat=True))


class FormerSlug(models.Model):
    """An earlier slug of a campaign; its addresses redirect to the campaign.

    If another campaign uses the slug now, the addresses belong to that campaign.
    """

    slug = models.SlugField(primary_key=True)
    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="former_slugs")
    given_up_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(slug=""), name="former_slug_is_slug"),)

    def __str__(self) -> str:
        return f"{self.slug}, now {self.campaign.slug}"

    @staticmethod
    def campaign_of(slug: str) -> Campaign | None:
        """Return the campaign that last used this slug.

        None if a campaign uses the slug now, or none ever did.
        """
        if Campaign.objects.filter(slug=slug).exists():
            return None
        former = FormerSlug.objects.select_related("campaign").filter(slug=slug).first()
        return former.campaign if former else None


class TerrainClass(Translated):
    """One terrain class of a campaign: its code in masks, and how pages show it."""

    translated_fields = ("name", "guidance")

    class Pattern(models.TextChoices):
        DOTS = "dots", "Dots"
        LINES = "lines", "Lines"
        WAVES = "waves", "Waves"
        CROSS = "cross", "Crosses"
        PLAIN = "plain", "Plain"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="terrain_classes")
    code = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(254)], help_text="Pixel value in masks; 255 means no label."
    )
    name = models.CharField(max_length=60)
    color = models.CharField(
        max_length=7, validators=[RegexValidator(r"^#[0-9A-Fa-f]{6}\Z", "A color like #E69F00.")]
    )
    pattern = models.CharField(max_length=10, choices=Pattern.choices, default=Pattern.PLAIN)
    guidance = models.TextField(blank=True, help_text="How volunteers recognize it.")
    picture = models.CharField(
        max_length=200, blank=True, help_text="Path of an example picture under static/."
    )
    #: Smallest size of a thing of this class. The drawing page compares a region's size with it (a
    #: big rock: paper 3).
    min_width_m = models.FloatField(
        null=True, blank=True, help_text="Meters; smallest width. Empty: no rule."
    )
    min_height_m = models.FloatField(
        null=True, blank=True, help_text="Meters; smallest height. Empty: no rule."
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("campaign_id", "position", "code")
        verbose_name_plural = "terrain classes"
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "code"), name="terrain_class_code_once_per_campaign"
            ),
            models.UniqueConstraint(
                fields=("campaign", "name"), name="terrain_class_name_once_per_campaign"
            ),
            # 255 means "no label" in every mask of a release, so it is never a class.
            models.CheckConstraint(
                condition=Q(code__gte=0) & Q(code__lte=254),
                name="terrain_class_code_range",
                violation_error_message=_("A class code must be a number from 0 to 254."),
            ),
            models.CheckConstraint(
                condition=~Q(name=""),
                name="terrain_class_has_name",
                violation_error_message=_("Enter a name for the class."),
            ),
            models.CheckConstraint(
                condition=(Q(min_width_m=None) | Q(min_width_m__gt=0))
                & (Q(min_height_m=None) | Q(min_height_m__gt=0)),
                name="terrain_class_least_size_positive",
                violation_error_message=_(
                    "The smallest width and height of a class must be longer than 0 meters, or "
                    "empty."
                ),
            ),
            models.CheckConstraint(
                condition=Q(color__regex=r"^#[0-9A-Fa-f]{6}\Z"),
                name="terrain_class_color_hex",
                violation_error_message=_("Enter a color such as #E69F00."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def clean(self) -> None:
        """Raise ValidationError if the code changes although there are labels with it."""
        stored = TerrainClass.objects.filter(pk=self.pk).first()
        if (
            stored is not None
            and stored.code != self.code
            and stored.campaign.images.exclude(labels=None).exists()
        ):
            raise ValidationError(
                {"code": f"This class has labels, so its code stays {stored.code}."}
            )


class CampaignFigures(models.Model):
    """Counts of a campaign's images and labels (`labeling.campaigns.services.figures`)."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="figures"
    )
    # Each image is counted in exactly one of the next five fields.
    images = models.PositiveIntegerField(help_text="Images for the crowd, complete or not.")
    images_done = models.PositiveIntegerField(help_text="Those of them that have all their labels.")
    set_aside_images = models.PositiveIntegerField(help_text="Set aside: nothing to label on them.")
    gold_images = models.PositiveIntegerField()
    practice_images = models.PositiveIntegerField()
    retired_images = models.PositiveIntegerField()
    target_labels = models.PositiveSmallIntegerField(
        help_text="The campaign's target when `images_done` was counted."
    )
    labels = models.PositiveIntegerField(
        help_text="All labels of the crowd, whatever their status."
    )
    train_labels = models.PositiveIntegerField(
        help_text="Labels of the crowd in use on crowd images of the dataset."
    )
    labelers = models.PositiveIntegerField(help_text="People who drew the crowd's labels.")
    processed = models.PositiveIntegerField()
    empty = models.PositiveIntegerField()
    rejected = models.PositiveIntegerField()
    gold_labels = models.PositiveIntegerField(
        help_text="Labels of experts in use on gold images of the dataset."
    )
    counted_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long the count took.")

    class Meta:
        verbose_name_plural = "campaign figures"

    def __str__(self) -> str:
        return f"{self.campaign_id}, {self.counted_at}"

    @property
    def all_images(self) -> int:
        """Return the number of all images of the campaign."""
        return self.dataset_images + self.practice_images + self.retired_images

    @property
    def dataset_images(self) -> int:
        """Return the number of images of the dataset (`ImageQuerySet.in_dataset`)."""
        return self.images + self.set_aside_images + self.gold_images

    @property
    def has_other_target(self) -> bool:
        """Return whether the campaign's target of labels has changed since the count."""
        return self.target_labels != self.campaign.target_labels


class TutorialStep(Translated):
    """One page of a campaign's tutorial: a rule in plain words, with a picture."""

    translated_fields = ("title", "text")

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="tutorial_steps")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    text = models.TextField()
    picture = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("campaign_id", "position")
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "position"), name="tutorial_step_position_once"
            ),
        )

    def __str__(self) -> str:
        return self.title
