"""Models of images, their quality, and their assignments."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from labeling.models.campaigns import Campaign
from labeling.models.labelers import Labeler

#: An open assignment counts toward its image's target for this long. After that, the volunteer has
#: probably left and the image is offered to others (a later label is still accepted).
ASSIGNMENT_HOLD = timedelta(minutes=30)


class Role(models.TextChoices):
    """The purpose of an assignment's drawing.

    `crowd` and `expert` (the gold set) create labels. `practice` on a reference image, and
    `answer`, which draws the reference answer, do not.
    """

    CROWD = "crowd", "Crowd"
    EXPERT = "expert", "Expert"
    PRACTICE = "practice", "Practice"
    ANSWER = "answer", "Reference answer"


#: The roles that make labels.
LABEL_ROLES = (Role.CROWD, Role.EXPERT)
LABEL_ROLE_CHOICES = [(role.value, role.label) for role in LABEL_ROLES]


class ImageQuerySet(models.QuerySet["Image"]):
    def usable(self) -> Self:
        """Return images that no manager has retired."""
        return self.filter(retired_at=None)

    def in_dataset(self) -> Self:
        """Return images of the dataset: not retired, and not practice images."""
        return self.usable().exclude(pool=Image.Pool.PRACTICE)

    def to_draw(self) -> Self:
        """Return images for the crowd, complete or not: not retired, gold, practice or set aside.

        Progress is measured on these images.
        """
        return self.usable().filter(pool=Image.Pool.CROWD, set_aside_at=None)

    def gold(self) -> Self:
        """Return gold images of the dataset: not retired."""
        return self.usable().filter(pool=Image.Pool.GOLD)

    def complete(self) -> Self:
        """Return images for the crowd that have their target number of labels."""
        return self.to_draw().filter(crowd_label_count__gte=F("campaign__target_labels"))

    def in_pool(self) -> Self:
        """Return images for the crowd that need more labels."""
        return self.to_draw().filter(crowd_label_count__lt=F("campaign__target_labels"))

    def unseen_by(self, labeler: Labeler) -> Self:
        """Return images that were never given to this labeler."""
        return self.filter(
            ~Exists(Assignment.objects.filter(image=OuterRef("pk"), labeler=labeler))
        )

    def with_rover_mask_source(self) -> Self:
        """Annotate images with `rover_mask_source`, a value of `Image.RoverMaskSource`."""
        return self.annotate(
            rover_mask_source=Case(
                When(rover_mask="", then=Value(Image.RoverMaskSource.UNKNOWN.value)),
                When(
                    drawn_rover_mask__isnull=False,
                    then=Value(Image.RoverMaskSource.DRAWN.value),
                ),
                default=Value(Image.RoverMaskSource.PRODUCT.value),
            )
        )

    def with_free_place(self) -> Self:
        """Return images whose labels and active assignments together are below the target."""
        drawing = (
            Assignment.objects.filter(image=OuterRef("pk"), role=Role.CROWD)
            .active()
            .order_by()
            .values("image")
            .annotate(n=Count("pk"))
            .values("n")
        )
        return self.annotate(drawing=Coalesce(Subquery(drawing), 0)).filter(
            crowd_label_count__lt=F("campaign__target_labels") - F("drawing")
        )


def random_place() -> float:
    """Return an image's random position in the order of images, in [0, 1)."""
    return random.random()


def image_path(image: Image, filename: str) -> str:
    """Return the name of a file saved through its field; imports use `labeling.images.files`
    instead.
    """
    return f"campaign-{image.campaign_id}/{filename}"


class Image(models.Model):
    """One rover frame with its prepared files."""

    class Pool(models.TextChoices):
        """Which group labels the image. Gold images are never in the training set (paper 3.3).

        Practice images, on which volunteers learn, have a reference answer; nobody labels them.
        """

        CROWD = "crowd", "Crowd"
        GOLD = "gold", "Gold set"
        PRACTICE = "practice", "Practice"

    class RangeSource(models.TextChoices):
        PRODUCT = "product", "Range product"
        RELEASED_MASK = "released", "Released 30 m mask"
        ESTIMATED = "estimated", "Estimated over flat ground"
        NONE = "none", "None"

    class RoverMaskSource(models.TextChoices):
        """The source of the rover mask; if it is unknown, any pixel may show the rover."""

        PRODUCT = "product", "Mask product"
        DRAWN = "drawn", "Drawn by a manager"
        UNKNOWN = "unknown", "Unknown"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="images")
    product_id = models.CharField(max_length=200)
    rover = models.CharField(max_length=20, blank=True)
    camera = models.CharField(max_length=40, blank=True)
    eye = models.CharField(max_length=10, blank=True)
    sol = models.PositiveIntegerField(null=True, blank=True)
    start_time = models.DateTimeField(null=True, blank=True)
    site = models.PositiveIntegerField(null=True, blank=True)
    drive = models.PositiveIntegerField(null=True, blank=True)
    sequence = models.CharField(max_length=40, blank=True)
    orbital_class = models.CharField(
        max_length=60, blank=True, help_text="Terrain class from orbit at the rover's position."
    )
    width = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    height = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    camera_model = models.JSONField(null=True, blank=True)
    original = models.FileField(
        upload_to=image_path, max_length=255, help_text="The frame as it is released (8-bit JPEG)."
    )
    display = models.FileField(
        upload_to=image_path,
        max_length=255,
        help_text="The contrast-stretched frame that volunteers see.",
    )
    thumbnail = models.FileField(upload_to=image_path, max_length=255)
    display_widths = models.JSONField(
        default=list, help_text="Widths of the smaller copies of the display image, pixels."
    )
    range_map = models.FileField(
        upload_to=image_path,
        max_length=255,
        blank=True,
        help_text="Reduced range map, for the page.",
    )
    range_mask = models.FileField(
        upload_to=image_path, max_length=255, blank=True, help_text="1 = beyond the range limit."
    )
    rover_mask = models.FileField(
        upload_to=image_path, max_length=255, blank=True, help_text="1 = rover."
    )
    drawn_rover_mask = models.ForeignKey(
        "RoverMask",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="images",
        help_text="The manager's drawing that the rover mask is from. Empty: the mission's mask.",
    )
    range_source = models.CharField(
        max_length=10, choices=RangeSource.choices, default=RangeSource.NONE
    )
    range_map_source = models.CharField(
        max_length=10, choices=RangeSource.choices, default=RangeSource.NONE
    )
    scale_bar = models.JSONField(
        null=True,
        blank=True,
        help_text="Where the scale bar is drawn, its range, and whether that is estimated.",
    )
    source_file = models.CharField(max_length=500, blank=True)
    source_sha256 = models.CharField(max_length=64, blank=True)
    #: Perceptual hash of the pixels; empty for a frame without contrast, where it means nothing.
    content_sha256 = models.CharField(max_length=64, blank=True)
    details = models.JSONField(
        default=dict,
        blank=True,
        help_text="More metadata: clock, solar time, motion counters, pose, pointing ...",
    )
    pool = models.CharField(max_length=8, choices=Pool.choices, default=Pool.CROWD)
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_reason = models.CharField(max_length=40, blank=True)
    #: When enough volunteers found nothing to label (`Campaign.nothing_minimum`). The image is not
    #: given out until a manager decides. Unlike a retired image, it keeps its labels in use.
    set_aside_at = models.DateTimeField(null=True, blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="near_duplicates",
        help_text="An earlier image that shows nearly the same scene.",
    )
    #: Random, chosen once. Reading images by it from a random start gives a random order from an
    #: index; ORDER BY random() would sort the whole campaign for each volunteer.
    sort_key = models.FloatField(default=random_place)
    #: Crowd labels that count toward the target: sent, and neither empty nor rejected.
    crowd_label_count = models.PositiveIntegerField(default=0)
    #: Grows with every change to the image's labels. Results made from labels (scores, merged
    #: masks) store the version they used, and are stale when this one is larger.
    labels_version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ("campaign_id", "product_id")
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "product_id"), name="image_once_per_campaign"
            ),
            models.CheckConstraint(
                condition=Q(width__gte=1) & Q(height__gte=1), name="image_has_size"
            ),
            models.CheckConstraint(
                condition=Q(pool__in=("crowd", "gold", "practice")), name="image_pool"
            ),
            models.CheckConstraint(condition=~Q(product_id=""), name="image_has_product_id"),
            models.UniqueConstraint(
                fields=("campaign", "content_sha256"),
                condition=~Q(content_sha256=""),
                name="image_content_once_per_campaign",
            ),
        )
        indexes = (models.Index(fields=("campaign", "pool", "sort_key"), name="image_pool_order"),)

    def __str__(self) -> str:
        return self.product_id


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def open(self) -> Self:
        return self.filter(status=Assignment.Status.OPEN)

    def active(self) -> Self:
        """Return recent open assignments, whose images are probably being drawn on."""
        return self.open().filter(served_at__gte=timezone.now() - ASSIGNMENT_HOLD)


class Assignment(models.Model):
    """An image given to a labeler. With role `expert` it is a gold assignment (paper 3.1).

    A label for an assignment with role `practice` becomes a PracticeAttempt, and with role `answer`
    a ReferenceAnswer.
    """

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Label sent, or nothing to label"
        SKIPPED = "skipped", "Skipped"

    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="assignments")
    labeler = models.ForeignKey(Labeler, on_delete=models.CASCADE, related_name="assignments")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.CROWD)
    status = models.CharField(max_length=7, choices=Status.choices, default=Status.OPEN)
    served_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = (
            # An image is given to a labeler at most once.
            models.UniqueConstraint(fields=("image", "labeler"), name="assignment_once"),
            models.CheckConstraint(
                condition=Q(role__in=("crowd", "expert", "practice", "answer")),
                name="assignment_role",
            ),
            models.CheckConstraint(
                condition=Q(status="open", closed_at__isnull=True)
                | Q(status__in=("done", "skipped"), closed_at__isnull=False),
                name="assignment_closed_has_time",
            ),
        )
        indexes = (models.Index(fields=("labeler", "status"), name="assignment_by_labeler"),)

    def __str__(self) -> str:
        return f"{self.image} for {self.labeler}"


class ImageQuality(models.Model):
    """Measured quality of an image, for curation (paper 3.1: the test set was pruned by hand).

    Shares are of all pixels, 0..1; see `terrain.display.quality` for each measure.
    """

    image = models.OneToOneField(
        Image, on_delete=models.CASCADE, primary_key=True, related_name="quality"
    )
    dark_share = models.FloatField()
    saturated_share = models.FloatField()
    contrast = models.FloatField()
    sharpness = models.FloatField()
    rover_share = models.FloatField()
    terrain_share = models.FloatField()
    #: 64 bits, as 16 hexadecimal digits: SQLite has no unsigned 64-bit integer.
    fingerprint = models.CharField(max_length=16)

    class Meta:
        verbose_name_plural = "image qualities"
        constraints = (
            models.CheckConstraint(
                condition=Q(dark_share__range=(0, 1))
                & Q(saturated_share__range=(0, 1))
                & Q(rover_share__range=(0, 1))
                & Q(terrain_share__range=(0, 1)),
                name="image_quality_shares",
            ),
        )

    def __str__(self) -> str:
        return f"Quality of {self.image}"
