"""Bring help texts and messages in line with `docs/GLOSSARY.md`. No column changes."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0023_plain_names"),
        ("merging", "0015_plain_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="labelingguideline",
            options={
                "ordering": ("-created_at", "-pk"),
                "verbose_name_plural": "labeling guidelines",
            },
        ),
        migrations.AlterField(
            model_name="alternativemask",
            name="inputs",
            field=models.CharField(
                blank=True,
                help_text="SHA-256 of all inputs: labels, parameters, code version. The labels are merged again only when it changes.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="alternativemask",
            name="labelers",
            field=models.PositiveIntegerField(help_text="Number of merged labels."),
        ),
        migrations.AlterField(
            model_name="expertagreement",
            name="disputed_pixels",
            field=models.PositiveIntegerField(
                help_text="Pixels that experts labeled with different classes."
            ),
        ),
        migrations.AlterField(
            model_name="expertagreement",
            name="labeled_pixels",
            field=models.PositiveIntegerField(help_text="Pixels that any expert labeled."),
        ),
        migrations.AlterField(
            model_name="expertagreement",
            name="labels",
            field=models.PositiveSmallIntegerField(
                help_text="Number of labels that were compared."
            ),
        ),
        migrations.AlterField(
            model_name="goldplan",
            name="count",
            field=models.PositiveIntegerField(
                help_text="Requested number of images.",
                validators=[django.core.validators.MinValueValidator(1)],
            ),
        ),
        migrations.AlterField(
            model_name="goldplan",
            name="only_fresh",
            field=models.BooleanField(
                default=True, help_text="Only images that were never assigned."
            ),
        ),
        migrations.AlterField(
            model_name="importedmask",
            name="labels",
            field=models.PositiveIntegerField(
                blank=True, help_text="Number of merged labels. Empty: unknown.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="importedmask",
            name="sha256",
            field=models.CharField(help_text="SHA-256 of the file.", max_length=64),
        ),
        migrations.AlterField(
            model_name="importedmask",
            name="source",
            field=models.CharField(help_text="The release it was imported from.", max_length=200),
        ),
        migrations.AlterField(
            model_name="labelingguideline",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="guidelines",
                to="labeling.campaign",
            ),
        ),
        migrations.AlterField(
            model_name="labelingguideline",
            name="image",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="guidelines",
                to="labeling.image",
            ),
        ),
        migrations.AlterField(
            model_name="mergedmask",
            name="imported",
            field=models.ForeignKey(
                blank=True,
                help_text="The imported mask that is used instead of merged labels.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="merging.importedmask",
            ),
        ),
        migrations.AlterField(
            model_name="mergedmask",
            name="inputs",
            field=models.CharField(
                blank=True,
                help_text="SHA-256 of all inputs: labels, parameters, code version. The labels are merged again only when it changes.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="mergedmask",
            name="labelers",
            field=models.PositiveIntegerField(
                help_text="Number of merged labels. Empty: unknown.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="methodcomparison",
            name="figures",
            field=models.JSONField(
                help_text='For each method: pixels by class ("counts"); pixels labeled by it ("second"), by the campaign\'s rule ("first"), by both ("both"), and by both with the same class ("same").'
            ),
        ),
        migrations.AlterField(
            model_name="methodcomparison",
            name="labels_version",
            field=models.PositiveIntegerField(
                help_text="Labels version of the image when it was compared."
            ),
        ),
        migrations.AlterField(
            model_name="methodcomparison",
            name="rule",
            field=models.CharField(
                help_text="Merge rule of the campaign at that time.", max_length=120
            ),
        ),
        migrations.AlterField(
            model_name="publishing",
            name="creators",
            field=models.TextField(blank=True, help_text="One per line."),
        ),
        migrations.AlterField(
            model_name="publishing",
            name="credits",
            field=models.TextField(blank=True, help_text="Credits for the images and labels."),
        ),
        migrations.AlterField(
            model_name="publishing",
            name="license",
            field=models.CharField(
                default="CC-BY-4.0", help_text="SPDX identifier.", max_length=60
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="changes",
            field=models.JSONField(
                blank=True, default=list, help_text="Changes since the previous version."
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="classes",
            field=models.JSONField(default=list, help_text="[code, name, color] of each class."),
        ),
        migrations.AlterField(
            model_name="release",
            name="formats",
            field=models.JSONField(blank=True, default=list, help_text="Names of formats."),
        ),
        migrations.AlterField(
            model_name="release",
            name="has_public_leaderboard",
            field=models.BooleanField(
                default=False,
                help_text="Everybody sees the model leaderboard, and every account may send predictions.",
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="method",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="A `MergeMethod` as JSON. Empty: the campaign's rule.",
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="software_version",
            field=models.CharField(
                blank=True,
                help_text="AI4Mars version that built the release. Empty: not built, or before 0.2.0.",
                max_length=40,
            ),
        ),
        migrations.AlterField(
            model_name="release",
            name="sums_sha256",
            field=models.CharField(
                blank=True,
                help_text="SHA-256 of the file SHA256SUMS, which identifies the content.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="counted",
            field=models.JSONField(help_text="Counts for the statistics."),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="files",
            field=models.JSONField(
                help_text="[kind, path, SHA-256, bytes] of each file, in order."
            ),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="fragments",
            field=models.JSONField(
                default=dict, help_text="Format -> [SHA-256, bytes] of its fragment."
            ),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="imports",
            field=models.JSONField(
                default=list, help_text="Imported content: `contents.Import` as plain values."
            ),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="inputs",
            field=models.CharField(help_text="SHA-256 of all inputs.", max_length=64),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="labelers",
            field=models.JSONField(help_text="Pseudonyms of the labelers, by role."),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="labels",
            field=models.JSONField(help_text='Accepted labels as "id:version", in order.'),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="merged_labels",
            field=models.PositiveIntegerField(
                blank=True, help_text="Number of merged labels. Empty: unknown or none.", null=True
            ),
        ),
        migrations.AlterConstraint(
            model_name="goldplan",
            name="gold_plan_wants_images",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gte", 1)),
                name="gold_plan_wants_images",
                violation_error_message="A gold plan needs at least 1 image.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="goldplan",
            name="gold_plan_classes_per_expert",
            constraint=models.CheckConstraint(
                condition=models.Q(("classes_per_expert__gte", 1)),
                name="gold_plan_classes_per_expert",
                violation_error_message="The limit of terrain classes per expert must be at least 1.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="labelingguideline",
            name="labeling_guideline_has_text",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="labeling_guideline_has_text",
                violation_error_message="Write down what you decided.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="publishing",
            name="publishing_has_license",
            constraint=models.CheckConstraint(
                condition=models.Q(("license", ""), _negated=True),
                name="publishing_has_license",
                violation_error_message="Enter the license of the releases.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="goldplan",
            name="gold_plan_percents",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("max_dark__lte", 100),
                    ("max_saturated__lte", 100),
                    ("min_sharpness__lte", 100),
                    ("max_rover__lte", 100),
                    ("min_terrain__lte", 100),
                ),
                name="gold_plan_percents",
                violation_error_message="A condition must be from 0 to 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="release",
            name="release_has_version",
            constraint=models.CheckConstraint(
                condition=models.Q(("version", ""), _negated=True),
                name="release_has_version",
                violation_error_message="Enter the version of the release.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="submission",
            name="submission_has_name",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True),
                name="submission_has_name",
                violation_error_message="Enter the name of the model.",
            ),
        ),
    ]
