"""Bring help texts and messages in line with `docs/GLOSSARY.md`. No column changes."""

import django.core.validators
import django.db.models.deletion
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
                default=False,
                help_text="Gold images may serve as pictures with a reference answer.",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="practice",
            field=models.CharField(
                choices=[
                    ("off", "Off"),
                    ("optional", "Offered after the tutorial"),
                    ("required", "Must be passed before the first real picture"),
                ],
                default="optional",
                help_text="Pictures with a reference answer before the first real one.",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="practice_pass_iou",
            field=models.FloatField(
                default=0.5,
                help_text="A drawing this near to the reference answer (mean IoU) passes.",
            ),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="range_limit_m",
            field=models.FloatField(default=30.0, help_text="Meters; farther is not labeled."),
        ),
        migrations.AlterField(
            model_name="campaign",
            name="reference_image_percent",
            field=models.PositiveSmallIntegerField(
                default=5,
                help_text="This share of pictures given out has a reference answer; 0 is never.",
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
            name="mask",
            field=models.FileField(
                help_text="Class codes; 255 is not compared.", max_length=255, upload_to="known/"
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
            field=models.TextField(blank=True, help_text="How a volunteer recognizes it."),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="min_height_m",
            field=models.FloatField(
                blank=True, help_text="Meters; at least this high. Empty: no rule.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="terrainclass",
            name="min_width_m",
            field=models.FloatField(
                blank=True, help_text="Meters; at least this wide. Empty: no rule.", null=True
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
                violation_error_message="The IoU to pass practice is above 0 and at most 1. The share of reference images is from 0 to 100 percent.",
            ),
        ),
    ]
