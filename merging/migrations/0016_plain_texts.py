"""Bring help texts and messages in line with `docs/GLOSSARY.md`. No column changes."""

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
        migrations.AlterConstraint(
            model_name="labelingguideline",
            name="labeling_guideline_has_text",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True),
                name="labeling_guideline_has_text",
                violation_error_message="Write down what was settled.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="publishing",
            name="publishing_has_license",
            constraint=models.CheckConstraint(
                condition=models.Q(("license", ""), _negated=True),
                name="publishing_has_license",
                violation_error_message="Give the license of the releases.",
            ),
        ),
    ]
