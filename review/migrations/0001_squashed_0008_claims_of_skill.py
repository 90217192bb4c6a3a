"""What migrations 1 to 8 of review make of an empty database."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("review", "0001_initial"),
        ("review", "0002_rated_labels_are_fixed"),
        ("review", "0003_scores_and_queue"),
        ("review", "0004_skill"),
        ("review", "0005_order_of_the_queue"),
        ("review", "0006_constraint_messages"),
        ("review", "0007_raters_have_seen_labels"),
        ("review", "0008_claims_of_skill"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("labeling", "0001_squashed_0022_slugs_of_no_other_page"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImageAgreement",
            fields=[
                (
                    "image",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="agreement",
                        serialize=False,
                        to="labeling.image",
                    ),
                ),
                ("labels_version", models.PositiveIntegerField(default=0)),
                ("scored_labels", models.PositiveIntegerField(default=0)),
                (
                    "method",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Version of the definition the scores follow."
                    ),
                ),
                (
                    "overlaps",
                    models.JSONField(
                        default=dict,
                        help_text="By role: the labels compared, each with its version, and the pixels they share.",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AgreementScore",
            fields=[
                (
                    "label",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="agreement",
                        serialize=False,
                        to="labeling.label",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("crowd", "Crowd"), ("expert", "Expert")], max_length=6
                    ),
                ),
                ("score", models.FloatField()),
                (
                    "pairs",
                    models.PositiveIntegerField(help_text="Other labels it was compared with."),
                ),
                (
                    "labels_version",
                    models.PositiveIntegerField(help_text="Of the image, when computed."),
                ),
                ("computed_at", models.DateTimeField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="labeling.campaign",
                    ),
                ),
                ("audit", models.BooleanField(default=False)),
                ("is_waiting", models.BooleanField(default=True)),
                (
                    "opinions",
                    models.PositiveSmallIntegerField(default=0, help_text="Ratings that stand."),
                ),
                ("opinions_wanted", models.PositiveSmallIntegerField(default=1)),
                (
                    "expected",
                    models.FloatField(
                        help_text="The expected quality of the label; its score where there is none yet."
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["campaign", "role", "score", "label"], name="agreement_order"
                    ),
                    models.Index(
                        condition=models.Q(("is_waiting", True)),
                        fields=["campaign", "role", "score", "label"],
                        name="agreement_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("audit", True), ("is_waiting", True)),
                        fields=["campaign", "role", "label"],
                        name="agreement_audit",
                    ),
                    models.Index(
                        fields=["campaign", "role", "expected", "label"], name="expected_order"
                    ),
                    models.Index(
                        condition=models.Q(("is_waiting", True)),
                        fields=["campaign", "role", "expected", "label"],
                        name="expected_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("score__gte", 0), ("score__lte", 1)),
                        name="agreement_score_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("pairs__gte", 1)), name="agreement_score_has_pairs"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("opinions_wanted__gte", 1)),
                        name="agreement_score_opinions_wanted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("is_waiting", False),
                            ("opinions__lt", models.F("opinions_wanted")),
                            _connector="OR",
                        ),
                        name="agreement_score_waits_for_opinions",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expected__gte", 0), ("expected__lte", 1)),
                        name="agreement_expected_range",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rating",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", models.PositiveSmallIntegerField()),
                ("comment", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "label",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ratings",
                        to="labeling.label",
                    ),
                ),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ratings",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reasons", models.JSONField(blank=True, default=list, help_text="Of `Reason`.")),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ("-created_at",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("value__gte", 1), ("value__lte", 5)),
                        name="rating_value_range",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("label", "reviewer"),
                        name="rating_once_per_reviewer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelFlag",
            fields=[
                (
                    "label",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="flag",
                        serialize=False,
                        to="labeling.label",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="label_flags",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReviewLease",
            fields=[
                (
                    "label",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="review_lease",
                        serialize=False,
                        to="labeling.label",
                    ),
                ),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "reviewer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="review_leases",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReviewPlan",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="review_plan",
                        serialize=False,
                        to="labeling.campaign",
                    ),
                ),
                (
                    "audit_percent",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="This share of all labels, chosen by chance, is rated whatever the score: it shows whether a low score foretells a low rating.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                    ),
                ),
                (
                    "second_opinion_percent",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="This share of the labels is rated by two reviewers.",
                        validators=[django.core.validators.MaxValueValidator(100)],
                    ),
                ),
                (
                    "hide_record",
                    models.BooleanField(
                        default=True,
                        help_text="Scores and who drew it are shown after the rating only, so that they do not lead it.",
                    ),
                ),
                (
                    "order",
                    models.CharField(
                        choices=[
                            ("agreement", "Agreement with the others (paper 3.2)"),
                            ("skill", "Expected quality, by the skill of the labelers"),
                        ],
                        default="agreement",
                        help_text="What makes a label doubtful. By skill: a label whose quality is not estimated yet counts with its agreement score.",
                        max_length=9,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("audit_percent__lte", 100), ("second_opinion_percent__lte", 100)
                        ),
                        name="review_plan_percents",
                        violation_error_message="A share is a number from 0 to 100 percent.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("order__in", ("agreement", "skill"))),
                        name="review_plan_order",
                        violation_error_message="Choose what makes a label doubtful.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ScoreBin",
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
                        choices=[("crowd", "Crowd"), ("expert", "Expert")], max_length=6
                    ),
                ),
                ("place", models.PositiveSmallIntegerField()),
                ("waiting", models.IntegerField(default=0)),
                ("count", models.IntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="score_bins",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "order",
                    models.CharField(
                        choices=[
                            ("agreement", "Agreement with the others (paper 3.2)"),
                            ("skill", "Expected quality, by the skill of the labelers"),
                        ],
                        default="agreement",
                        max_length=9,
                    ),
                ),
            ],
            options={
                "ordering": ("campaign", "order", "role", "place"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("place__gte", 0), ("place__lt", 1024)),
                        name="score_bin_place",
                    ),
                    models.UniqueConstraint(
                        fields=("campaign", "order", "role", "place"), name="score_bin_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("order__in", ("agreement", "skill"))),
                        name="score_bin_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignSkill",
            fields=[
                (
                    "campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="skill",
                        serialize=False,
                        to="labeling.campaign",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("new", "Not estimated yet"),
                            ("estimated", "Estimated"),
                            ("no-overlap", "No two labels overlap: there is nothing to compare"),
                        ],
                        default="new",
                        max_length=10,
                    ),
                ),
                (
                    "method",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Version of the model that was fitted."
                    ),
                ),
                (
                    "parameters",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Of the model; pixels per observation by class code.",
                    ),
                ),
                (
                    "label_set",
                    models.CharField(
                        blank=True,
                        help_text="Sum over the images and the versions of their labels.",
                        max_length=64,
                    ),
                ),
                (
                    "images",
                    models.PositiveIntegerField(
                        default=0, help_text="On which two labels overlap."
                    ),
                ),
                ("labels", models.PositiveIntegerField(default=0, help_text="On these images.")),
                (
                    "codes",
                    models.JSONField(blank=True, default=list, help_text="The classes, ascending."),
                ),
                (
                    "prior",
                    models.JSONField(
                        blank=True, default=list, help_text="The share of each class."
                    ),
                ),
                (
                    "crowd",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="The confusion matrix of somebody nobody knows yet.",
                    ),
                ),
                ("estimated_at", models.DateTimeField(blank=True, null=True)),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("claim", models.UUIDField(blank=True, null=True)),
            ],
            options={
                "verbose_name_plural": "skill of campaigns",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("estimated_at", None), ("status", "new")),
                            models.Q(
                                ("estimated_at__isnull", False),
                                ("status__in", ("estimated", "no-overlap")),
                                models.Q(("label_set", ""), _negated=True),
                                ("method__gte", 1),
                            ),
                            _connector="OR",
                        ),
                        name="campaign_skill_says_from_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("claim__isnull", True),
                            ("heartbeat_at__isnull", False),
                            _connector="OR",
                        ),
                        name="campaign_skill_claim_has_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelerSkill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("skill", models.FloatField()),
                ("low", models.FloatField()),
                ("high", models.FloatField()),
                (
                    "confusion",
                    models.JSONField(
                        help_text='{true code: {drawn code: [chance, low, high]}}, as text: {"0": {"2": [...]}}.'
                    ),
                ),
                ("observations", models.FloatField(help_text="Independent ones that it rests on.")),
                ("labels", models.PositiveIntegerField(help_text="That overlap with another one.")),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="labeler_skills",
                        to="labeling.campaign",
                    ),
                ),
                (
                    "labeler",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="skills",
                        to="labeling.labeler",
                    ),
                ),
            ],
            options={
                "ordering": ("campaign", "skill", "labeler"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("campaign", "labeler"), name="labeler_skill_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("low__gte", 0),
                            ("low__lte", models.F("skill")),
                            ("skill__lte", models.F("high")),
                            ("high__lte", 1),
                        ),
                        name="labeler_skill_in_its_interval",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("observations__gte", 0)),
                        name="labeler_skill_observations",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LabelQuality",
            fields=[
                (
                    "label",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="quality",
                        serialize=False,
                        to="labeling.label",
                    ),
                ),
                ("quality", models.FloatField()),
                ("label_version", models.PositiveIntegerField()),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="label_qualities",
                        to="labeling.campaign",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "label qualities",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quality__gte", 0), ("quality__lte", 1)),
                        name="label_quality_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("label_version__gte", 1)),
                        name="label_quality_of_a_version",
                    ),
                ],
            },
        ),
    ]
