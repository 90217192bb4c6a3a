"""What migrations 1 to 13 of merging make of an empty database."""

import datetime
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import merging.models.masks
import merging.models.releases
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("merging", "0001_initial"),
        ("merging", "0002_merge_inputs"),
        ("merging", "0003_gold_plans"),
        ("merging", "0004_method_comparison"),
        ("merging", "0005_predictions_and_statistics"),
        ("merging", "0006_release_parts"),
        ("merging", "0007_release_downloads"),
        ("merging", "0008_release_never_changes"),
        ("merging", "0009_terms_of_releases"),
        ("merging", "0010_constraint_messages"),
        ("merging", "0011_longer_product_ids"),
        ("merging", "0012_imported_masks"),
        ("merging", "0013_comparisons_know_their_rule"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("labeling", "0001_squashed_0022_slugs_of_no_other_page"),
    ]

    operations = [
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "version",
                    models.CharField(
                        max_length=40,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9][A-Za-z0-9._-]*\\Z",
                                "Letters, digits, dots, dashes and underscores, like 0.1 or 2026-11.",
                            )
                        ],
                    ),
                ),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("v0.1", "v0.1 (MSL NAVCAM, as first released)"),
                            ("v0.6", "v0.6 (all missions)"),
                        ],
                        default="v0.1",
                        max_length=8,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for a worker"),
                            ("building", "Being built"),
                            ("complete", "Complete"),
                            ("failed", "Failed"),
                            ("stopped", "Stopped"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("message", models.TextField(blank=True)),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("archive", models.FileField(blank=True, max_length=255, upload_to="releases/")),
                ("size", models.PositiveBigIntegerField(blank=True, null=True)),
                (
                    "sums_sha256",
                    models.CharField(
                        blank=True,
                        help_text="SHA-256 of SHA256SUMS: the content in one number.",
                        max_length=64,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="releases",
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
                (
                    "has_public_board",
                    models.BooleanField(
                        default=False,
                        help_text="Whether everybody sees the results of predictions, and accounts may send some.",
                    ),
                ),
                (
                    "changes",
                    models.JSONField(
                        blank=True, default=list, help_text="Since the version before."
                    ),
                ),
                ("creators", models.JSONField(blank=True, default=list)),
                ("credits", models.TextField(blank=True)),
                (
                    "formats",
                    models.JSONField(blank=True, default=list, help_text="Names of exports."),
                ),
                ("homepage", models.URLField(blank=True)),
                ("licence", models.CharField(default="CC-BY-4.0", max_length=60)),
                (
                    "method",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="A `MergeMethod`; empty: the campaign's own rule.",
                    ),
                ),
                (
                    "previous",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="merging.release",
                    ),
                ),
                (
                    "pseudonym_key",
                    models.CharField(
                        default=merging.models.releases.new_pseudonym_key,
                        editable=False,
                        max_length=64,
                    ),
                ),
                ("released_on", models.DateField(default=datetime.date.today)),
                ("title", models.CharField(blank=True, max_length=200)),
                (
                    "classes",
                    models.JSONField(default=list, help_text="[code, name, color] of each."),
                ),
                ("description", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "version"), name="release_version_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("version", ""), _negated=True),
                        name="release_has_version",
                        violation_error_message="Give the version of the release.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("claim__isnull", False),
                                ("heartbeat_at__isnull", False),
                                ("status", "building"),
                            ),
                            models.Q(("status", "building"), _negated=True),
                            _connector="OR",
                        ),
                        name="release_building_is_claimed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("layout__in", ("v0.1", "v0.6"))),
                        name="release_layout",
                        violation_error_message="Choose the layout of the release.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("completed_at__isnull", False),
                                ("status", "complete"),
                                ("sums_sha256__gt", ""),
                            ),
                            models.Q(
                                ("completed_at__isnull", True),
                                ("status__in", ("queued", "building", "failed", "stopped")),
                            ),
                            _connector="OR",
                        ),
                        name="release_complete_has_sums",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AlternativeMask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mask", models.FileField(max_length=255, upload_to="")),
                (
                    "labelers",
                    models.PositiveIntegerField(
                        help_text="Accepted labels that went into the vote."
                    ),
                ),
                ("pixel_counts", models.JSONField(help_text="Pixels per class code.")),
                (
                    "inputs",
                    models.CharField(
                        blank=True,
                        help_text="SHA-256 of all it was made from: labels, parameters, version of the code. It is merged anew only when that has changed.",
                        max_length=64,
                    ),
                ),
                ("merged_at", models.DateTimeField()),
                (
                    "method",
                    models.CharField(
                        help_text="A `MergeMethod` as JSON, keys sorted.", max_length=255
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alternative_masks",
                        to="labeling.image",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("image", "method"), name="alternative_mask_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("method", ""), _negated=True),
                        name="alternative_mask_has_method",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExpertAgreement",
            fields=[
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="expert_agreement",
                        serialize=False,
                        to="labeling.image",
                    ),
                ),
                ("labels_version", models.PositiveIntegerField()),
                (
                    "labels",
                    models.PositiveSmallIntegerField(help_text="Labels that were compared."),
                ),
                (
                    "agreement",
                    models.FloatField(
                        blank=True, help_text="Mean pairwise mIoU (paper, Eqs. 1-4).", null=True
                    ),
                ),
                (
                    "labeled_pixels",
                    models.PositiveIntegerField(help_text="That any expert gave a class."),
                ),
                (
                    "disputed_pixels",
                    models.PositiveIntegerField(help_text="That experts gave unlike classes."),
                ),
                (
                    "pairs",
                    models.JSONField(
                        default=dict,
                        help_text='Disputed pixels by pair of class codes, {"0 2": pixels}.',
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("agreement", None),
                            models.Q(("agreement__gte", 0), ("agreement__lte", 1)),
                            _connector="OR",
                        ),
                        name="expert_agreement_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("disputed_pixels__lte", models.F("labeled_pixels"))),
                        name="expert_agreement_disputes_are_labeled",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GoldPlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "seed",
                    models.PositiveBigIntegerField(
                        validators=[django.core.validators.MaxValueValidator(4294967295)]
                    ),
                ),
                (
                    "count",
                    models.PositiveIntegerField(
                        help_text="Images that were wanted.",
                        validators=[django.core.validators.MinValueValidator(1)],
                    ),
                ),
                ("max_dark", models.PositiveSmallIntegerField(default=50)),
                ("max_saturated", models.PositiveSmallIntegerField(default=5)),
                ("min_sharpness", models.PositiveSmallIntegerField(default=20)),
                ("max_rover", models.PositiveSmallIntegerField(default=30)),
                ("min_terrain", models.PositiveSmallIntegerField(default=20)),
                ("without_duplicates", models.BooleanField(default=True)),
                (
                    "only_fresh",
                    models.BooleanField(
                        default=True, help_text="Only images that nobody has been given yet."
                    ),
                ),
                ("classes_per_expert", models.PositiveSmallIntegerField(default=2)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("assigned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gold_plans",
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
                (
                    "experts",
                    models.ManyToManyField(
                        blank=True, related_name="gold_plans", to="labeling.labeler"
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("assigned_at", None)),
                        fields=("campaign",),
                        name="gold_plan_one_draft_per_campaign",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("count__gte", 1)),
                        name="gold_plan_wants_images",
                        violation_error_message="A gold plan needs at least 1 picture.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("classes_per_expert__gte", 1)),
                        name="gold_plan_classes_per_expert",
                        violation_error_message="An expert labels at least 1 terrain class.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("max_dark__lte", 100),
                            ("max_saturated__lte", 100),
                            ("min_sharpness__lte", 100),
                            ("max_rover__lte", 100),
                            ("min_terrain__lte", 100),
                        ),
                        name="gold_plan_percents",
                        violation_error_message="A bound is a number from 0 to 100 percent.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelingPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField(max_length=2000)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="policies",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="policies",
                        to="labeling.image",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "labeling policies",
                "ordering": ("-created_at", "-pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="labeling_policy_has_text",
                        violation_error_message="Write down what was settled.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PlannedImage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_out", models.BooleanField(default=False)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="labeling.image",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="planned",
                        to="merging.goldplan",
                    ),
                ),
            ],
            options={
                "ordering": ("plan", "pk"),
                "constraints": [
                    models.UniqueConstraint(fields=("plan", "image"), name="planned_image_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="MethodComparison",
            fields=[
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="method_comparison",
                        serialize=False,
                        to="labeling.image",
                    ),
                ),
                (
                    "labels_version",
                    models.PositiveIntegerField(help_text="Of the image, when compared."),
                ),
                (
                    "figures",
                    models.JSONField(
                        help_text='Of each way: its pixels by class ("counts") and how many it labels ("second"), that the campaign\'s rule labels ("first"), that both label ("both"), and with the same class ("same").'
                    ),
                ),
                ("compared_at", models.DateTimeField()),
                (
                    "rule",
                    models.CharField(help_text="Of the campaign, when compared.", max_length=120),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReleaseStatistics",
            fields=[
                (
                    "release",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="statistics",
                        serialize=False,
                        to="merging.release",
                    ),
                ),
                ("totals", models.JSONField()),
                ("counted_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "release statistics",
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("paper_url", models.URLField(blank=True, max_length=300)),
                ("code_url", models.URLField(blank=True, max_length=300)),
                ("upload", models.FileField(blank=True, max_length=255, upload_to="predictions/")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting for a worker"),
                            ("running", "Being compared"),
                            ("complete", "Complete"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("message", models.TextField(blank=True)),
                ("claim", models.UUIDField(blank=True, null=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("result", models.JSONField(blank=True, null=True)),
                ("problems", models.JSONField(blank=True, default=list)),
                ("problem_count", models.PositiveIntegerField(default=0)),
                ("accuracy", models.FloatField(blank=True, null=True)),
                ("miou", models.FloatField(blank=True, null=True)),
                ("miou_low", models.FloatField(blank=True, null=True)),
                ("miou_high", models.FloatField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="submissions",
                        to="merging.release",
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-pk"),
                "indexes": [
                    models.Index(fields=["release", "status"], name="submission_by_status")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="submission_has_name",
                        violation_error_message="Give the name of the model.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("problem_count", 0),
                                ("result__isnull", False),
                                ("status", "complete"),
                            ),
                            models.Q(
                                models.Q(("status", "complete"), _negated=True),
                                ("result__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="submission_complete_has_result",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at__isnull", False),
                                ("status__in", ("complete", "refused", "failed")),
                            ),
                            models.Q(
                                ("ended_at__isnull", True), ("status__in", ("queued", "running"))
                            ),
                            _connector="OR",
                        ),
                        name="submission_ended_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("claim__isnull", False),
                                ("heartbeat_at__isnull", False),
                                ("status", "running"),
                            ),
                            models.Q(("status", "running"), _negated=True),
                            _connector="OR",
                        ),
                        name="submission_running_is_claimed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("accuracy__isnull", True),
                                ("accuracy__range", (0, 1)),
                                _connector="OR",
                            ),
                            models.Q(
                                ("miou__isnull", True), ("miou__range", (0, 1)), _connector="OR"
                            ),
                        ),
                        name="submission_scores",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Publishing",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="publishing",
                        serialize=False,
                        to="labeling.campaign",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        blank=True, help_text="Empty: the campaign's name.", max_length=200
                    ),
                ),
                (
                    "licence",
                    models.CharField(default="CC-BY-4.0", help_text="An SPDX name.", max_length=60),
                ),
                ("creators", models.TextField(blank=True, help_text="One a line.")),
                (
                    "credits",
                    models.TextField(
                        blank=True, help_text="Whom the images and labels are owed to."
                    ),
                ),
                ("homepage", models.URLField(blank=True)),
                (
                    "pseudonym_key",
                    models.CharField(
                        default=merging.models.releases.new_pseudonym_key,
                        editable=False,
                        max_length=64,
                    ),
                ),
                (
                    "pseudonyms_since",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "verbose_name_plural": "publishing",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pseudonym_key__regex", "^[0-9a-f]{64}\\Z")),
                        name="publishing_key",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("licence", ""), _negated=True),
                        name="publishing_has_licence",
                        violation_error_message="Give the license of the releases.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleasePart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("product_id", models.CharField(max_length=200)),
                ("split", models.CharField(blank=True, max_length=5)),
                (
                    "inputs",
                    models.CharField(help_text="SHA-256 of all it was made from.", max_length=64),
                ),
                (
                    "files",
                    models.JSONField(help_text="[what it is, path, SHA-256, bytes], in order."),
                ),
                (
                    "fragments",
                    models.JSONField(
                        default=dict, help_text="Export -> [SHA-256, bytes] of its fragment."
                    ),
                ),
                ("counted", models.JSONField(help_text="What the statistics need of it.")),
                (
                    "labels",
                    models.JSONField(help_text='Its accepted labels as "id:version", in order.'),
                ),
                (
                    "labelers",
                    models.JSONField(help_text="Pseudonyms of who drew them here, by role."),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="merging.release",
                    ),
                ),
                (
                    "imports",
                    models.JSONField(
                        default=list,
                        help_text="What of it was imported: `contents.Import` as plain values.",
                    ),
                ),
                (
                    "merged_labels",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="That its masks were merged from. Empty: not known, none.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ("release", "product_id"),
                "indexes": [models.Index(fields=["inputs"], name="release_part_by_inputs")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "product_id"), name="release_part_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("split__in", ("train", "test", ""))),
                        name="release_part_split",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("inputs", ""), _negated=True),
                        name="release_part_has_inputs",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReleaseDownload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("count", models.PositiveIntegerField(default=0)),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="downloads",
                        to="merging.release",
                    ),
                ),
            ],
            options={
                "ordering": ("day",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("release", "day"), name="release_downloads_of_day_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportedMask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "variant",
                    models.CharField(
                        choices=[
                            ("train", "Crowd"),
                            ("gold-min1", "Gold, at least 1 expert"),
                            ("gold-min2", "Gold, at least 2 experts"),
                            ("gold-min3", "Gold, at least 3 experts"),
                        ],
                        max_length=10,
                    ),
                ),
                ("mask", models.FileField(max_length=255, upload_to="imported-masks/")),
                ("sha256", models.CharField(help_text="Of the file.", max_length=64)),
                (
                    "labels",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="That it was merged from. Empty: not known.",
                        null=True,
                    ),
                ),
                ("pixel_counts", models.JSONField(help_text="Pixels per class code.")),
                (
                    "source",
                    models.CharField(help_text="The release that it came from.", max_length=200),
                ),
                ("imported_at", models.DateTimeField()),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imported_masks",
                        to="labeling.image",
                    ),
                ),
            ],
            options={
                "ordering": ("image", "variant"),
                "constraints": [
                    models.UniqueConstraint(fields=("image", "variant"), name="imported_mask_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("variant__in", ("train", "gold-min1", "gold-min2", "gold-min3"))
                        ),
                        name="imported_mask_variant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("source", ""), _negated=True),
                        name="imported_mask_has_source",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MergedMask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "variant",
                    models.CharField(
                        choices=[
                            ("train", "Crowd"),
                            ("gold-min1", "Gold, at least 1 expert"),
                            ("gold-min2", "Gold, at least 2 experts"),
                            ("gold-min3", "Gold, at least 3 experts"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "mask",
                    models.FileField(
                        max_length=255, upload_to=merging.models.masks.merged_mask_path
                    ),
                ),
                (
                    "labelers",
                    models.PositiveIntegerField(
                        help_text="Accepted labels that went into the vote. Empty: not known.",
                        null=True,
                    ),
                ),
                ("pixel_counts", models.JSONField(help_text="Pixels per class code.")),
                ("labels_version", models.PositiveIntegerField()),
                ("rule", models.CharField(max_length=255)),
                ("merged_at", models.DateTimeField()),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="merged_masks",
                        to="labeling.image",
                    ),
                ),
                (
                    "inputs",
                    models.CharField(
                        blank=True,
                        help_text="SHA-256 of all it was made from: labels, parameters, version of the code. It is merged anew only when that has changed.",
                        max_length=64,
                    ),
                ),
                (
                    "imported",
                    models.ForeignKey(
                        blank=True,
                        help_text="The mask that stands in for a merge of the image's own labels.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="merging.importedmask",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("image", "variant"), name="merged_mask_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("variant__in", ("train", "gold-min1", "gold-min2", "gold-min3"))
                        ),
                        name="merged_mask_variant",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("labelers__isnull", False),
                            ("imported__isnull", False),
                            _connector="OR",
                        ),
                        name="merged_mask_counts_its_labels",
                    ),
                ],
            },
        ),
    ]
