"""What migrations 1 to 22 of labeling make of an empty database."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import labeling.models.campaigns
import labeling.models.images
import uuid
from django.conf import settings
from django.db import migrations, models


NAMES = ("reviewers", "experts")


def make_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in NAMES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    replaces = [
        ("labeling", "0001_initial"),
        ("labeling", "0002_groups"),
        ("labeling", "0003_images_and_imports"),
        ("labeling", "0004_drafts"),
        ("labeling", "0005_see_rock_rule"),
        ("labeling", "0006_after_sending"),
        ("labeling", "0007_learning"),
        ("labeling", "0008_erasing"),
        ("labeling", "0009_label_of_labeler"),
        ("labeling", "0010_campaign_figures"),
        ("labeling", "0011_sent_checksums"),
        ("labeling", "0012_unused_import_items"),
        ("labeling", "0013_rules_fit_together"),
        ("labeling", "0014_former_slugs"),
        ("labeling", "0015_longer_product_ids"),
        ("labeling", "0016_scale_bar_by_rover"),
        ("labeling", "0017_independent_labels"),
        ("labeling", "0018_claims_of_imports"),
        ("labeling", "0019_label_import_source"),
        ("labeling", "0020_figures_add_up"),
        ("labeling", "0021_draft_size"),
        ("labeling", "0022_slugs_of_no_other_page"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        unique=True, validators=[labeling.models.campaigns.validate_free_slug]
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True)),
                (
                    "is_open",
                    models.BooleanField(default=True, help_text="Volunteers can draw in it."),
                ),
                (
                    "target_labels",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="An image leaves the pool with this many labels (paper 3.1).",
                    ),
                ),
                (
                    "range_limit_m",
                    models.FloatField(default=30.0, help_text="Metres; farther is not labeled."),
                ),
                (
                    "range_rule",
                    models.CharField(
                        choices=[
                            ("cut-row", "Cut row (as in the released dataset)"),
                            ("per-pixel", "Per pixel"),
                        ],
                        default="cut-row",
                        max_length=10,
                    ),
                ),
                (
                    "scale_bar_m",
                    models.FloatField(
                        blank=True,
                        help_text="Meters; smaller is not labeled. Empty: what each image's rover has.",
                        null=True,
                    ),
                ),
                (
                    "queue_percent",
                    models.PositiveSmallIntegerField(
                        default=20,
                        help_text="This share of all scores, the lowest, is reviewed (paper 3.2).",
                    ),
                ),
                (
                    "merge_minimum",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="A pixel's class needs at least this many labelers (paper 3.3).",
                    ),
                ),
                (
                    "merge_percent",
                    models.PositiveSmallIntegerField(
                        default=65,
                        help_text="... and more than this share of those who labeled the pixel.",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "allowed_cameras",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='Cameras taken besides the usual ones, such as ["pancam", "hazcam"].',
                    ),
                ),
                (
                    "nothing_minimum",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="An image is set aside when this many people found nothing to label on it.",
                    ),
                ),
                (
                    "allow_gold_practice",
                    models.BooleanField(
                        default=False,
                        help_text="Gold images may serve as pictures with a known answer.",
                    ),
                ),
                (
                    "known_image_percent",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="This share of pictures given out has a known answer; 0 is never.",
                    ),
                ),
                (
                    "practice",
                    models.CharField(
                        choices=[
                            ("off", "Off"),
                            ("optional", "Offered after the tutorial"),
                            ("required", "Must be passed before the first real picture"),
                        ],
                        default="optional",
                        help_text="Pictures with a known answer before the first real one.",
                        max_length=8,
                    ),
                ),
                (
                    "practice_pass_iou",
                    models.FloatField(
                        default=0.5,
                        help_text="A drawing this near to the known answer (mean IoU) passes.",
                    ),
                ),
            ],
            options={
                "ordering": ("name",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("slug", ""), _negated=True),
                        name="campaign_has_slug",
                        violation_error_message="Give the campaign a name for its addresses.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="campaign_has_name",
                        violation_error_message="Give the campaign a name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("target_labels__gte", 1)),
                        name="campaign_target_labels_positive",
                        violation_error_message="A picture needs at least 1 label.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("range_limit_m__gt", 0), ("scale_bar_m__gt", 0)),
                        name="campaign_lengths_positive",
                        violation_error_message="The farthest ground and the scale bar must be longer than 0 meters.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("range_rule__in", ("cut-row", "per-pixel"))),
                        name="campaign_range_rule",
                        violation_error_message="Choose how farther ground is cut off.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("queue_percent__lte", 100)),
                        name="campaign_queue_percent_range",
                        violation_error_message="The review queue is a share from 0 to 100 percent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("merge_minimum__gte", 1), ("merge_percent__lt", 100)),
                        name="campaign_merge_rule_possible",
                        violation_error_message="A merge needs at least 1 person, and more than a share below 100 percent: no class is chosen by more than everybody.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("nothing_minimum__gte", 1)),
                        name="campaign_nothing_minimum_positive",
                        violation_error_message="At least 1 person must say that there is nothing to label.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("practice__in", ("off", "optional", "required"))),
                        name="campaign_practice",
                        violation_error_message="Choose whether people practice.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("practice_pass_iou__gt", 0),
                            ("practice_pass_iou__lte", 1),
                            ("known_image_percent__lte", 100),
                        ),
                        name="campaign_practice_shares",
                        violation_error_message="Practice is passed from a value above 0 and up to 1, and known pictures are a share from 0 to 100 percent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("merge_minimum__lte", models.F("target_labels"))),
                        name="campaign_target_reaches_merge",
                        violation_error_message="A merge needs more people than a picture gets labels, so every merged mask would be empty. Raise the labels per picture, or lower the merge minimum.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("scale_bar_m__isnull", False),
                                ("scale_bar_m__lt", models.F("range_limit_m")),
                            ),
                            models.Q(("range_limit_m__gt", 0.5), ("scale_bar_m", None)),
                            _connector="OR",
                        ),
                        name="campaign_scale_bar_within_range",
                        violation_error_message="The scale bar must be shorter than the distance of the farthest ground.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_id", models.CharField(max_length=200)),
                ("rover", models.CharField(blank=True, max_length=20)),
                ("camera", models.CharField(blank=True, max_length=40)),
                ("eye", models.CharField(blank=True, max_length=10)),
                ("sol", models.PositiveIntegerField(blank=True, null=True)),
                ("start_time", models.DateTimeField(blank=True, null=True)),
                ("site", models.PositiveIntegerField(blank=True, null=True)),
                ("drive", models.PositiveIntegerField(blank=True, null=True)),
                ("sequence", models.CharField(blank=True, max_length=40)),
                (
                    "orbital_class",
                    models.CharField(
                        blank=True,
                        help_text="Terrain class from orbit where the rover stood.",
                        max_length=60,
                    ),
                ),
                (
                    "width",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                (
                    "height",
                    models.PositiveIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)]
                    ),
                ),
                ("camera_model", models.JSONField(blank=True, null=True)),
                (
                    "original",
                    models.FileField(
                        help_text="The frame as it is released (8-bit JPEG).",
                        max_length=255,
                        upload_to=labeling.models.images.image_path,
                    ),
                ),
                (
                    "display",
                    models.FileField(
                        help_text="The stretched frame volunteers see.",
                        max_length=255,
                        upload_to=labeling.models.images.image_path,
                    ),
                ),
                (
                    "thumbnail",
                    models.FileField(max_length=255, upload_to=labeling.models.images.image_path),
                ),
                (
                    "range_mask",
                    models.FileField(
                        blank=True,
                        help_text="1 = beyond the range limit.",
                        max_length=255,
                        upload_to=labeling.models.images.image_path,
                    ),
                ),
                (
                    "rover_mask",
                    models.FileField(
                        blank=True,
                        help_text="1 = rover.",
                        max_length=255,
                        upload_to=labeling.models.images.image_path,
                    ),
                ),
                (
                    "range_source",
                    models.CharField(
                        choices=[
                            ("product", "Range product"),
                            ("released", "Released 30 m mask"),
                            ("estimated", "Estimated over flat ground"),
                            ("none", "None"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                (
                    "scale_bar",
                    models.JSONField(
                        blank=True,
                        help_text="Where the bar was drawn, its range, and if estimated.",
                        null=True,
                    ),
                ),
                ("source_file", models.CharField(blank=True, max_length=500)),
                ("source_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "pool",
                    models.CharField(
                        choices=[
                            ("crowd", "Crowd"),
                            ("gold", "Gold set"),
                            ("practice", "Practice"),
                        ],
                        default="crowd",
                        max_length=8,
                    ),
                ),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                ("sort_key", models.FloatField(default=labeling.models.images.random_place)),
                ("crowd_label_count", models.PositiveIntegerField(default=0)),
                ("labels_version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="images",
                        to="labeling.campaign",
                    ),
                ),
                ("content_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "details",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Further metadata: clock, solar time, motion counters, pose, pointing ...",
                    ),
                ),
                (
                    "display_widths",
                    models.JSONField(
                        default=list,
                        help_text="Widths of the smaller copies of the display image, pixels.",
                    ),
                ),
                (
                    "duplicate_of",
                    models.ForeignKey(
                        blank=True,
                        help_text="An earlier image that shows nearly the same.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="near_duplicates",
                        to="labeling.image",
                    ),
                ),
                (
                    "range_map",
                    models.FileField(
                        blank=True,
                        help_text="Reduced range, for the page.",
                        max_length=255,
                        upload_to=labeling.models.images.image_path,
                    ),
                ),
                (
                    "range_map_source",
                    models.CharField(
                        choices=[
                            ("product", "Range product"),
                            ("released", "Released 30 m mask"),
                            ("estimated", "Estimated over flat ground"),
                            ("none", "None"),
                        ],
                        default="none",
                        max_length=10,
                    ),
                ),
                ("retired_reason", models.CharField(blank=True, max_length=40)),
                ("set_aside_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("campaign_id", "product_id"),
                "indexes": [
                    models.Index(fields=["campaign", "pool", "sort_key"], name="image_pool_order")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "product_id"), name="image_once_per_campaign"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("width__gte", 1), ("height__gte", 1)),
                        name="image_has_size",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("product_id", ""), _negated=True),
                        name="image_has_product_id",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("content_sha256", ""), _negated=True),
                        fields=("campaign", "content_sha256"),
                        name="image_content_once_per_campaign",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pool__in", ("crowd", "gold", "practice"))),
                        name="image_pool",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Labeler",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("guest_key", models.UUIDField(blank=True, null=True, unique=True)),
                (
                    "imported_from",
                    models.CharField(
                        blank=True,
                        help_text="#campaign/name of an import.",
                        max_length=200,
                        null=True,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labeler",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("erased_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("guest_key__isnull", True),
                                ("imported_from__isnull", True),
                                ("user__isnull", False),
                            ),
                            models.Q(
                                ("guest_key__isnull", False),
                                ("imported_from__isnull", True),
                                ("user__isnull", True),
                            ),
                            models.Q(
                                ("guest_key__isnull", True),
                                ("imported_from__isnull", False),
                                ("user__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="labeler_is_account_or_guest_or_import",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased_at__isnull", True),
                            models.Q(("guest_key__isnull", False), ("name", "")),
                            _connector="OR",
                        ),
                        name="labeler_erased_is_nobody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Label",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("crowd", "Crowd"), ("expert", "Expert")],
                        default="crowd",
                        max_length=6,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("accepted", "Accepted"),
                            ("empty", "Thrown out: nothing left under the masks"),
                            ("rejected", "Thrown out by a reviewer"),
                        ],
                        default="received",
                        max_length=8,
                    ),
                ),
                (
                    "polygons",
                    models.JSONField(
                        help_text='[{"class": code, "rings": [[[x, y], ...], ...]}, ...]'
                    ),
                ),
                (
                    "pixel_counts",
                    models.JSONField(
                        blank=True,
                        help_text="Pixels per class code after post-processing.",
                        null=True,
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                (
                    "sent_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="Of an imported label the time of its import.",
                    ),
                ),
                ("processed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labels",
                        to="labeling.image",
                    ),
                ),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="labels",
                        to="labeling.labeler",
                    ),
                ),
                (
                    "fixed_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Since then the label can no longer be corrected.",
                        null=True,
                    ),
                ),
                (
                    "fixed_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("results", "The labeler has seen the others' result"),
                            ("rated", "A reviewer has rated it"),
                        ],
                        max_length=8,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "sent_checksum",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="SHA-256 of the polygons as they were sent; empty where that is not known.",
                        max_length=64,
                    ),
                ),
                (
                    "independent",
                    models.BooleanField(
                        default=True,
                        help_text="False: corrected after its labeler had seen the others' labels of the image.",
                    ),
                ),
                (
                    "import_source",
                    models.CharField(
                        blank=True,
                        help_text="What it was imported from. Empty: drawn here.",
                        max_length=200,
                    ),
                ),
            ],
            options={
                "ordering": ("sent_at", "id"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "received")),
                        fields=["sent_at"],
                        name="label_to_process",
                    ),
                    models.Index(fields=["labeler", "-sent_at"], name="label_of_labeler"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("image", "labeler"), name="label_once_per_image_and_labeler"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ("crowd", "expert"))), name="label_role"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("pixel_counts__isnull", True),
                                ("processed_at__isnull", True),
                                ("status", "received"),
                            ),
                            models.Q(
                                ("pixel_counts__isnull", False),
                                ("processed_at__isnull", False),
                                ("status__in", ("accepted", "empty", "rejected")),
                            ),
                            _connector="OR",
                        ),
                        name="label_processed_has_counts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("started_at__isnull", True),
                            ("started_at__lte", models.F("sent_at")),
                            _connector="OR",
                        ),
                        name="label_started_before_sent",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="label_version_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("fixed_at__isnull", True), ("fixed_because", "")),
                            models.Q(
                                ("fixed_at__isnull", False),
                                ("fixed_because__in", ("results", "rated")),
                            ),
                            _connector="OR",
                        ),
                        name="label_fixed_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("independent", True), ("version__gte", 2), _connector="OR"
                        ),
                        name="label_first_version_independent",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("crowd", "Crowd"),
                            ("expert", "Expert"),
                            ("practice", "Practice"),
                            ("answer", "Known answer"),
                        ],
                        default="crowd",
                        max_length=8,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("done", "Label sent, or nothing to label"),
                            ("skipped", "Skipped"),
                        ],
                        default="open",
                        max_length=7,
                    ),
                ),
                ("served_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="labeling.image",
                    ),
                ),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="labeling.labeler",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["labeler", "status"], name="assignment_by_labeler")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("image", "labeler"), name="assignment_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("status", "open")),
                            models.Q(
                                ("closed_at__isnull", False), ("status__in", ("done", "skipped"))
                            ),
                            _connector="OR",
                        ),
                        name="assignment_closed_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("role__in", ("crowd", "expert", "practice", "answer"))),
                        name="assignment_role",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TerrainClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.PositiveSmallIntegerField(
                        help_text="Pixel value in masks; 255 is no label.",
                        validators=[django.core.validators.MaxValueValidator(254)],
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "color",
                    models.CharField(
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^#[0-9A-Fa-f]{6}\\Z", "A colour like #E69F00."
                            )
                        ],
                    ),
                ),
                (
                    "pattern",
                    models.CharField(
                        choices=[
                            ("dots", "Dots"),
                            ("lines", "Lines"),
                            ("waves", "Waves"),
                            ("cross", "Crosses"),
                            ("plain", "Plain"),
                        ],
                        default="plain",
                        max_length=10,
                    ),
                ),
                (
                    "guidance",
                    models.TextField(blank=True, help_text="How a volunteer recognises it."),
                ),
                (
                    "picture",
                    models.CharField(
                        blank=True,
                        help_text="Path of an example picture under static/.",
                        max_length=200,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="terrain_classes",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "min_height_m",
                    models.FloatField(
                        blank=True,
                        help_text="Metres; at least this high. Empty: no rule.",
                        null=True,
                    ),
                ),
                (
                    "min_width_m",
                    models.FloatField(
                        blank=True,
                        help_text="Metres; at least this wide. Empty: no rule.",
                        null=True,
                    ),
                ),
                (
                    "translations",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Other languages, as {"es": {"title": "...", ...}}.',
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "terrain classes",
                "ordering": ("campaign_id", "position", "code"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "code"), name="terrain_class_code_once_per_campaign"
                    ),
                    models.UniqueConstraint(
                        fields=("campaign", "name"), name="terrain_class_name_once_per_campaign"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code__gte", 0), ("code__lte", 254)),
                        name="terrain_class_code_range",
                        violation_error_message="A class code is a number from 0 to 254.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="terrain_class_has_name",
                        violation_error_message="Give the class a name.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("color__regex", "^#[0-9A-Fa-f]{6}\\Z")),
                        name="terrain_class_color_hex",
                        violation_error_message="Give a color such as #E69F00.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("min_width_m", None), ("min_width_m__gt", 0), _connector="OR"
                            ),
                            models.Q(
                                ("min_height_m", None), ("min_height_m__gt", 0), _connector="OR"
                            ),
                        ),
                        name="terrain_class_least_size_positive",
                        violation_error_message="The least width and height of a class are longer than 0 meters, or empty.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TutorialStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("title", models.CharField(max_length=120)),
                ("text", models.TextField()),
                ("picture", models.CharField(blank=True, max_length=200)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tutorial_steps",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "translations",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Other languages, as {"es": {"title": "...", ...}}.',
                    ),
                ),
            ],
            options={
                "ordering": ("campaign_id", "position"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "position"), name="tutorial_step_position_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImageQuality",
            fields=[
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="quality",
                        serialize=False,
                        to="labeling.image",
                    ),
                ),
                ("dark_share", models.FloatField()),
                ("saturated_share", models.FloatField()),
                ("contrast", models.FloatField()),
                ("sharpness", models.FloatField()),
                ("rover_share", models.FloatField()),
                ("terrain_share", models.FloatField()),
                ("fingerprint", models.CharField(max_length=16)),
            ],
            options={
                "verbose_name_plural": "image qualities",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("dark_share__range", (0, 1)),
                            ("saturated_share__range", (0, 1)),
                            ("rover_share__range", (0, 1)),
                            ("terrain_share__range", (0, 1)),
                        ),
                        name="image_quality_shares",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(help_text="A path, or s3://bucket/prefix.", max_length=500),
                ),
                ("upload", models.FileField(blank=True, max_length=255, upload_to="uploads/")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for a worker"),
                            ("running", "Running"),
                            ("stopped", "Stopped"),
                            ("complete", "Complete"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("message", models.TextField(blank=True)),
                ("is_listed", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("completed_at__isnull", False),
                                ("is_listed", True),
                                ("status", "complete"),
                            ),
                            models.Q(("status", "complete"), _negated=True),
                            _connector="OR",
                        ),
                        name="import_complete_is_listed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField()),
                ("product_id", models.CharField(blank=True, max_length=255)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("imported", "Imported"),
                            ("present", "Already there"),
                            ("refused", "Refused"),
                            ("unused", "Not used"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("claim", models.UUIDField(blank=True, null=True)),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="labeling.importjob",
                    ),
                ),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["job", "status"], name="import_item_by_status")],
                "constraints": [
                    models.UniqueConstraint(fields=("job", "name"), name="import_item_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason__gt", ""), ("status__in", ("refused", "unused"))),
                            models.Q(("status__in", ("refused", "unused")), _negated=True),
                            _connector="OR",
                        ),
                        name="import_item_refused_says_why",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("claim__isnull", True), ("heartbeat_at__isnull", True)),
                            models.Q(("claim__isnull", False), ("heartbeat_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="import_item_claim_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("writer", models.CharField(max_length=40)),
                ("stroke", models.PositiveIntegerField(default=0)),
                ("format", models.PositiveSmallIntegerField(help_text="Of polygons and steps.")),
                ("polygons", models.JSONField(default=list, help_text="As a label's.")),
                (
                    "steps",
                    models.JSONField(
                        default=list, help_text="The shape under the hand: [[[x, y], ...]]."
                    ),
                ),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to="labeling.image",
                    ),
                ),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafts",
                        to="labeling.labeler",
                    ),
                ),
                (
                    "size",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Bytes of polygons and steps; 0 where they were not counted.",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["saved_at"], name="draft_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("image", "labeler"), name="draft_once_per_image_and_labeler"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 1)), name="draft_version_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("format__gte", 1)), name="draft_format_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("writer", ""), _negated=True), name="draft_has_writer"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "mood",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (1, "Not good"),
                            (2, "Hard"),
                            (3, "It was okay"),
                            (4, "Good"),
                            (5, "Great"),
                        ]
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=2000)),
                ("contact", models.CharField(blank=True, max_length=200)),
                (
                    "page",
                    models.CharField(blank=True, help_text="Where it was opened.", max_length=200),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "labeler",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="feedback",
                        to="labeling.labeler",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "feedback",
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("mood__gte", 1), ("mood__lte", 5)),
                        name="feedback_mood_range",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImageReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("nothing", "Nothing to label"), ("wrong", "Something is wrong")],
                        max_length=7,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("dark", "Too dark"),
                            ("bright", "Too bright"),
                            ("broken", "Broken: lines, holes or smears"),
                            ("rover", "Nothing but the rover"),
                            ("overlay", "The white bar or the dark part is wrong"),
                            ("other", "Something else"),
                        ],
                        max_length=7,
                    ),
                ),
                ("comment", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="labeling.image",
                    ),
                ),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reports",
                        to="labeling.labeler",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-pk"),
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)),
                        fields=["image"],
                        name="image_report_waiting",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("image", "labeler", "kind"), name="image_report_once_per_labeler"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "nothing"), ("reason", "")),
                            models.Q(
                                ("kind", "wrong"),
                                (
                                    "reason__in",
                                    ("dark", "bright", "broken", "rover", "overlay", "other"),
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="image_report_wrong_says_what",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("polygons", models.JSONField()),
                ("sent_at", models.DateTimeField()),
                (
                    "label",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="labeling.label",
                    ),
                ),
                (
                    "sent_checksum",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="SHA-256 of the polygons as they were sent; empty where that is not known.",
                        max_length=64,
                    ),
                ),
            ],
            options={
                "ordering": ("label", "number"),
                "constraints": [
                    models.UniqueConstraint(fields=("label", "number"), name="label_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("number__gte", 1)), name="label_version_number_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GuideEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "translations",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Other languages, as {"es": {"title": "...", ...}}.',
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("good", "Good example"),
                            ("bad", "Bad example"),
                            ("alike", "Look-alike"),
                        ],
                        default="good",
                        max_length=5,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField()),
                ("picture", models.CharField(blank=True, max_length=200)),
                (
                    "other_picture",
                    models.CharField(
                        blank=True,
                        help_text="Of a look-alike: the other class's picture.",
                        max_length=200,
                    ),
                ),
                ("caption", models.TextField(help_text="What to look at.")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="guide_entries",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "other_class",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of a look-alike: the class it is mistaken for.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="labeling.terrainclass",
                    ),
                ),
                (
                    "terrain_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="guide_entries",
                        to="labeling.terrainclass",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "guide entries",
                "ordering": ("campaign_id", "position"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "position"), name="guide_entry_position_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "alike"), ("other_class__isnull", False)),
                            models.Q(
                                ("kind__in", ("good", "bad")),
                                ("other_class__isnull", True),
                                ("other_picture", ""),
                            ),
                            _connector="OR",
                        ),
                        name="guide_entry_alike_has_other",
                        violation_error_message="Only a look-alike has another class, and it needs one. Choose the class that it is mistaken for, or another kind of example.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("other_class__isnull", True),
                            models.Q(("other_class", models.F("terrain_class")), _negated=True),
                            _connector="OR",
                        ),
                        name="guide_entry_other_is_another",
                        violation_error_message="A look-alike is mistaken for another class.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownAnswer",
            fields=[
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="known_answer",
                        serialize=False,
                        to="labeling.image",
                    ),
                ),
                (
                    "mask",
                    models.FileField(
                        help_text="Class codes; 255 is not judged.",
                        max_length=255,
                        upload_to="known/",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("mask", "A mask that was handed in"),
                            ("gold", "Gold mask of the experts"),
                            ("drawn", "Drawn by an admin"),
                        ],
                        max_length=5,
                    ),
                ),
                (
                    "is_lesson",
                    models.BooleanField(
                        default=True,
                        help_text="Offered as practice before the first real picture; if not, it comes along now and then, later.",
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "ordering": ("created_at", "image_id"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("mask", ""), _negated=True),
                        name="known_answer_has_mask",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source__in", ("mask", "gold", "drawn"))),
                        name="known_answer_source",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PracticeAttempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("polygons", models.JSONField(help_text="As a label's.")),
                (
                    "iou",
                    models.JSONField(help_text="Intersection over union per class code, 0..1."),
                ),
                (
                    "score",
                    models.FloatField(
                        help_text="Mean of the classes' intersections over unions, 0..1."
                    ),
                ),
                ("passed", models.BooleanField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="labeling.image",
                    ),
                ),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="labeling.labeler",
                    ),
                ),
                (
                    "sent_checksum",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="SHA-256 of the polygons as they were sent; empty where that is not known.",
                        max_length=64,
                    ),
                ),
            ],
            options={
                "ordering": ("created_at", "id"),
                "indexes": [
                    models.Index(fields=["labeler", "image"], name="practice_attempt_by_labeler")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("score__gte", 0), ("score__lte", 1)),
                        name="practice_attempt_score_range",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignFigures",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="figures",
                        serialize=False,
                        to="labeling.campaign",
                    ),
                ),
                (
                    "images",
                    models.PositiveIntegerField(
                        help_text="That the crowd draws on, finished or not."
                    ),
                ),
                (
                    "images_done",
                    models.PositiveIntegerField(help_text="Of these, with all labels wanted."),
                ),
                ("gold_images", models.PositiveIntegerField()),
                (
                    "labels",
                    models.PositiveIntegerField(
                        help_text="That the crowd drew, whatever became of them."
                    ),
                ),
                ("labelers", models.PositiveIntegerField(help_text="People who drew them.")),
                ("processed", models.PositiveIntegerField()),
                ("empty", models.PositiveIntegerField()),
                ("rejected", models.PositiveIntegerField()),
                (
                    "gold_labels",
                    models.PositiveIntegerField(
                        help_text="Of experts, in use on gold images of the dataset."
                    ),
                ),
                ("counted_at", models.DateTimeField()),
                ("seconds", models.FloatField(help_text="What counting took.")),
                (
                    "set_aside_images",
                    models.PositiveIntegerField(help_text="Nothing to label on them."),
                ),
                ("practice_images", models.PositiveIntegerField()),
                ("retired_images", models.PositiveIntegerField()),
                (
                    "target_labels",
                    models.PositiveSmallIntegerField(
                        help_text="The campaign's, when `images_done` was counted."
                    ),
                ),
                (
                    "train_labels",
                    models.PositiveIntegerField(
                        help_text="Of the crowd, in use on crowd images of the dataset."
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "campaign figures",
            },
        ),
        migrations.CreateModel(
            name="FormerSlug",
            fields=[
                ("slug", models.SlugField(primary_key=True, serialize=False)),
                ("given_up_at", models.DateTimeField(auto_now=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_slugs",
                        to="labeling.campaign",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("slug", ""), _negated=True), name="former_slug_is_slug"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SeenLabels",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seen_labels",
                        to="labeling.image",
                    ),
                ),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="seen_labels",
                        to="labeling.labeler",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "seen labels",
                "constraints": [
                    models.UniqueConstraint(fields=("image", "labeler"), name="seen_labels_once")
                ],
            },
        ),
        # The groups that make an account a reviewer or an expert.
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
