"""Bring help texts and messages in line with `docs/GLOSSARY.md`. No column changes."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import labeling.models.images
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0023_plain_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="assignment",
            name="role",
            field=models.CharField(
                choices=[
                    ("crowd", "Crowd"),
                    ("expert", "Expert"),
                    ("practice", "Practice"),
                    ("answer", "Reference answer"),
                ],
                default="crowd",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="allow_gold_practice",
            field=models.BooleanField(
                default=False, help_text="Allow gold images as reference images."
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="allowed_cameras",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text='Cameras to import besides the usual ones, such as ["pancam", "hazcam"].',
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="merge_minimum",
            field=models.PositiveSmallIntegerField(
                default=3,
                help_text="A merged pixel needs at least this many labelers of its class (paper 3.3).",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="merge_percent",
            field=models.PositiveSmallIntegerField(
                default=65,
                help_text="A merged pixel needs more than this percent of its labelers to agree (paper 3.3).",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="practice",
            field=models.CharField(
                choices=[
                    ("off", "Off"),
                    ("optional", "Offered after the tutorial"),
                    ("required", "Must be passed before the first real image"),
                ],
                default="optional",
                help_text="Whether volunteers practice on reference images before the first real image.",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="practice_pass_iou",
            field=models.FloatField(
                default=0.5,
                help_text="Lowest mean IoU with the reference answer at which a practice drawing passes.",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="queue_percent",
            field=models.PositiveSmallIntegerField(
                default=20,
                help_text="Percent of all labels to review, those with the lowest scores (paper 3.2).",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="range_limit_m",
            field=models.FloatField(
                default=30.0, help_text="Meters; ground farther away is not labeled."
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="reference_image_percent",
            field=models.PositiveSmallIntegerField(
                default=5,
                help_text="Percent of the pictures given out that are reference images. 0: none.",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="scale_bar_m",
            field=models.FloatField(
                blank=True,
                help_text="Meters; smaller things are not labeled. Empty: the value of the image's rover.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="target_labels",
            field=models.PositiveSmallIntegerField(
                default=10,
                help_text="An image leaves the pool when it has this many labels (paper 3.1).",
            ),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="gold_labels",
            field=models.PositiveIntegerField(
                help_text="Labels of experts in use on gold images of the dataset."
            ),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="images",
            field=models.PositiveIntegerField(help_text="Images for the crowd, complete or not."),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="images_done",
            field=models.PositiveIntegerField(
                help_text="Those of them that have all their labels."
            ),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="labelers",
            field=models.PositiveIntegerField(help_text="People who drew the crowd's labels."),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="labels",
            field=models.PositiveIntegerField(
                help_text="All labels of the crowd, whatever their status."
            ),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="seconds",
            field=models.FloatField(help_text="How long the count took."),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="set_aside_images",
            field=models.PositiveIntegerField(help_text="Set aside: nothing to label on them."),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="target_labels",
            field=models.PositiveSmallIntegerField(
                help_text="The campaign's target when `images_done` was counted."
            ),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="train_labels",
            field=models.PositiveIntegerField(
                help_text="Labels of the crowd in use on crowd images of the dataset."
            ),
        ),
        migrations.AlterField(
            model_name="draft",
            name="format",
            field=models.PositiveSmallIntegerField(
                help_text="Version of the format of polygons and steps."
            ),
        ),
        migrations.AlterField(
            model_name="draft",
            name="polygons",
            field=models.JSONField(default=list, help_text="In the same form as a label's."),
        ),
        migrations.AlterField(
            model_name="draft",
            name="size",
            field=models.PositiveIntegerField(
                default=0, help_text="Size of polygons and steps, bytes; 0: not counted."
            ),
        ),
        migrations.AlterField(
            model_name="draft",
            name="steps",
            field=models.JSONField(
                default=list, help_text="Points of the shape being drawn: [[[x, y], ...]]."
            ),
        ),
        migrations.AlterField(
            model_name="guideentry",
            name="other_class",
            field=models.ForeignKey(
                blank=True,
                help_text="For a look-alike: the class it is mistaken for.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="labeling.terrainclass",
            ),
        ),
        migrations.AlterField(
            model_name="guideentry",
            name="other_picture",
            field=models.CharField(
                blank=True, help_text="For a look-alike: the other class's picture.", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="guideentry",
            name="translations",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Translations by language, as {"es": {"title": "...", ...}}.',
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="details",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="More metadata: clock, solar time, motion counters, pose, pointing ...",
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="display",
            field=models.FileField(
                help_text="The contrast-stretched frame that volunteers see.",
                max_length=255,
                upload_to=labeling.models.images.image_path,
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="duplicate_of",
            field=models.ForeignKey(
                blank=True,
                help_text="An earlier image that shows nearly the same scene.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="near_duplicates",
                to="labeling.image",
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="orbital_class",
            field=models.CharField(
                blank=True,
                help_text="Terrain class from orbit at the rover's position.",
                max_length=60,
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="range_map",
            field=models.FileField(
                blank=True,
                help_text="Reduced range map, for the page.",
                max_length=255,
                upload_to=labeling.models.images.image_path,
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="scale_bar",
            field=models.JSONField(
                blank=True,
                help_text="Where the scale bar is drawn, its range, and whether that is estimated.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="imagereport",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("dark", "Too dark"),
                    ("bright", "Too bright"),
                    ("broken", "Broken: lines, holes or smears"),
                    ("rover", "Only the rover"),
                    ("overlay", "The white bar or the dark part is wrong"),
                    ("other", "Something else"),
                ],
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="label",
            name="import_source",
            field=models.CharField(
                blank=True,
                help_text="What it was imported from. Empty: drawn on this site.",
                max_length=200,
            ),
        ),
        migrations.AlterField(
            model_name="label",
            name="lock_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("results", "The labeler has seen the others' results"),
                    ("rated", "A reviewer has rated it"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="label",
            name="locked_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the label was locked; it can no longer be corrected.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="label",
            name="sent_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                help_text="For an imported label: the time of its import.",
            ),
        ),
        migrations.AlterField(
            model_name="label",
            name="sent_checksum",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="SHA-256 of the polygons as they were sent; empty: not known.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="labeler",
            name="imported_from",
            field=models.CharField(
                blank=True,
                help_text="campaign/name of an import.",
                max_length=200,
                null=True,
                unique=True,
            ),
        ),
        migrations.AlterField(
            model_name="labelversion",
            name="sent_checksum",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="SHA-256 of the polygons as they were sent; empty: not known.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="practiceattempt",
            name="polygons",
            field=models.JSONField(help_text="In the same form as a label's."),
        ),
        migrations.AlterField(
            model_name="practiceattempt",
            name="sent_checksum",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                help_text="SHA-256 of the polygons as they were sent; empty: not known.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="referenceanswer",
            name="image",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="reference_answer",
                serialize=False,
                to="labeling.image",
            ),
        ),
        migrations.AlterField(
            model_name="referenceanswer",
            name="is_lesson",
            field=models.BooleanField(
                default=True,
                help_text="Offered as practice before the first real image. If not, given out between real pictures.",
            ),
        ),
        migrations.AlterField(
            model_name="referenceanswer",
            name="mask",
            field=models.FileField(
                help_text="Class codes; 255 is not compared.", max_length=255, upload_to="known/"
            ),
        ),
        migrations.AlterField(
            model_name="referenceanswer",
            name="source",
            field=models.CharField(
                choices=[
                    ("mask", "An uploaded mask"),
                    ("gold", "Gold mask of the experts"),
                    ("drawn", "Drawn by a manager"),
                ],
                max_length=5,
            ),
        ),
        migrations.AlterField(
            model_name="sitefeedback",
            name="labeler",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="site_feedback",
                to="labeling.labeler",
            ),
        ),
        migrations.AlterField(
            model_name="sitefeedback",
            name="page",
            field=models.CharField(
                blank=True, help_text="Path of the page where the form was opened.", max_length=200
            ),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="code",
            field=models.PositiveSmallIntegerField(
                help_text="Pixel value in masks; 255 means no label.",
                validators=[django.core.validators.MaxValueValidator(254)],
            ),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="color",
            field=models.CharField(
                max_length=7,
                validators=[
                    django.core.validators.RegexValidator(
                        "^#[0-9A-Fa-f]{6}\\Z", "A color like #E69F00."
                    )
                ],
            ),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="guidance",
            field=models.TextField(blank=True, help_text="How volunteers recognize it."),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="min_height_m",
            field=models.FloatField(
                blank=True, help_text="Meters; smallest height. Empty: no rule.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="min_width_m",
            field=models.FloatField(
                blank=True, help_text="Meters; smallest width. Empty: no rule.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="translations",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Translations by language, as {"es": {"title": "...", ...}}.',
            ),
        ),
        migrations.AlterField(
            model_name="tutorialstep",
            name="translations",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Translations by language, as {"es": {"title": "...", ...}}.',
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_has_slug",
            constraint=models.CheckConstraint(
                condition=models.Q(("slug", ""), _negated=True),
                name="campaign_has_slug",
                violation_error_message="Enter a short name for the page addresses of the campaign.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_target_labels_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("target_labels__gte", 1)),
                name="campaign_target_labels_positive",
                violation_error_message="The labels per image must be at least 1.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_lengths_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("range_limit_m__gt", 0), ("scale_bar_m__gt", 0)),
                name="campaign_lengths_positive",
                violation_error_message="The range limit and the scale bar must be longer than 0 meters.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_range_rule",
            constraint=models.CheckConstraint(
                condition=models.Q(("range_rule__in", ("cut-row", "per-pixel"))),
                name="campaign_range_rule",
                violation_error_message="Choose how ground beyond the range limit is cut off.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_queue_percent_range",
            constraint=models.CheckConstraint(
                condition=models.Q(("queue_percent__lte", 100)),
                name="campaign_queue_percent_range",
                violation_error_message="The share of labels to review must be from 0 to 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_merge_rule_possible",
            constraint=models.CheckConstraint(
                condition=models.Q(("merge_minimum__gte", 1), ("merge_percent__lt", 100)),
                name="campaign_merge_rule_possible",
                violation_error_message="A merge rule needs at least 1 person and a share below 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_nothing_minimum_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(("nothing_minimum__gte", 1)),
                name="campaign_nothing_minimum_positive",
                violation_error_message="At least 1 person must report that there is nothing to label.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_practice",
            constraint=models.CheckConstraint(
                condition=models.Q(("practice__in", ("off", "optional", "required"))),
                name="campaign_practice",
                violation_error_message="Choose whether volunteers practice first.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_target_reaches_merge",
            constraint=models.CheckConstraint(
                condition=models.Q(("merge_minimum__lte", models.F("target_labels"))),
                name="campaign_target_reaches_merge",
                violation_error_message="The merge minimum is larger than the number of labels per image, so every merged mask would be empty. Raise the labels per image, or lower the merge minimum.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_scale_bar_within_range",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("scale_bar_m__isnull", False),
                        ("scale_bar_m__lt", models.F("range_limit_m")),
                    ),
                    models.Q(("range_limit_m__gt", 0.5), ("scale_bar_m", None)),
                    _connector="OR",
                ),
                name="campaign_scale_bar_within_range",
                violation_error_message="The scale bar must be shorter than the range limit.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_practice_shares",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("practice_pass_iou__gt", 0),
                    ("practice_pass_iou__lte", 1),
                    ("reference_image_percent__lte", 100),
                ),
                name="campaign_practice_shares",
                violation_error_message="The IoU to pass practice must be above 0 and at most 1. The share of reference images must be from 0 to 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="guideentry",
            name="guide_entry_other_is_another",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("other_class__isnull", True),
                    models.Q(("other_class", models.F("terrain_class")), _negated=True),
                    _connector="OR",
                ),
                name="guide_entry_other_is_another",
                violation_error_message="A look-alike needs a second class, other than its own.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="terrainclass",
            name="terrain_class_least_size_positive",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("min_width_m", None), ("min_width_m__gt", 0), _connector="OR"),
                    models.Q(("min_height_m", None), ("min_height_m__gt", 0), _connector="OR"),
                ),
                name="terrain_class_least_size_positive",
                violation_error_message="The smallest width and height of a class must be longer than 0 meters, or empty.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="campaign",
            name="campaign_has_name",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True),
                name="campaign_has_name",
                violation_error_message="Enter a name for the campaign.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="terrainclass",
            name="terrain_class_code_range",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__gte", 0), ("code__lte", 254)),
                name="terrain_class_code_range",
                violation_error_message="A class code must be a number from 0 to 254.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="terrainclass",
            name="terrain_class_has_name",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True),
                name="terrain_class_has_name",
                violation_error_message="Enter a name for the class.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="terrainclass",
            name="terrain_class_color_hex",
            constraint=models.CheckConstraint(
                condition=models.Q(("color__regex", "^#[0-9A-Fa-f]{6}\\Z")),
                name="terrain_class_color_hex",
                violation_error_message="Enter a color such as #E69F00.",
            ),
        ),
    ]
