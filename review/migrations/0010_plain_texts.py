"""Bring help texts and messages in line with `docs/GLOSSARY.md`. No column changes."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0009_plain_names"),
    ]

    operations = [
        migrations.AlterField(
            model_name="agreementscore",
            name="expected",
            field=models.FloatField(
                help_text="The expected quality of the label; its score until one is estimated."
            ),
        ),
        migrations.AlterField(
            model_name="agreementscore",
            name="labels_version",
            field=models.PositiveIntegerField(
                help_text="Version of the image's labels when the score was computed."
            ),
        ),
        migrations.AlterField(
            model_name="agreementscore",
            name="opinions",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Number of active ratings."
            ),
        ),
        migrations.AlterField(
            model_name="agreementscore",
            name="pairs",
            field=models.PositiveIntegerField(help_text="Number of labels it was compared with."),
        ),
        migrations.AlterField(
            model_name="campaignskill",
            name="crowd",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="The confusion matrix of a labeler without an estimate.",
            ),
        ),
        migrations.AlterField(
            model_name="campaignskill",
            name="images",
            field=models.PositiveIntegerField(
                default=0, help_text="Number of images on which two labels overlap."
            ),
        ),
        migrations.AlterField(
            model_name="campaignskill",
            name="label_set",
            field=models.CharField(
                blank=True,
                help_text="Hash of the images and the versions of their labels.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="campaignskill",
            name="labels",
            field=models.PositiveIntegerField(
                default=0, help_text="Number of labels on these images."
            ),
        ),
        migrations.AlterField(
            model_name="campaignskill",
            name="method",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Version of the fitted model."
            ),
        ),
        migrations.AlterField(
            model_name="campaignskill",
            name="parameters",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Parameters of the model, and pixels per observation by class code.",
            ),
        ),
        migrations.AlterField(
            model_name="imageagreement",
            name="method",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Version of the definition of the scores."
            ),
        ),
        migrations.AlterField(
            model_name="imageagreement",
            name="overlaps",
            field=models.JSONField(
                default=dict,
                help_text="By role: the compared labels with their versions, and the pixels they share.",
            ),
        ),
        migrations.AlterField(
            model_name="labelerskill",
            name="confusion",
            field=models.JSONField(
                help_text='{true code: {drawn code: [probability, low, high]}}, as in {"0": {"2": [...]}}.'
            ),
        ),
        migrations.AlterField(
            model_name="labelerskill",
            name="labels",
            field=models.PositiveIntegerField(
                help_text="Number of labels that overlap with another one."
            ),
        ),
        migrations.AlterField(
            model_name="labelerskill",
            name="observations",
            field=models.FloatField(
                help_text="Number of independent observations of the estimate."
            ),
        ),
        migrations.AlterField(
            model_name="rating",
            name="reasons",
            field=models.JSONField(blank=True, default=list, help_text="Values of `Reason`."),
        ),
        migrations.AlterField(
            model_name="reviewplan",
            name="audit_percent",
            field=models.PositiveSmallIntegerField(
                default=2,
                help_text="The percent of all labels that are sampled at random and rated, whatever their score. They show whether low scores predict low ratings.",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AlterField(
            model_name="reviewplan",
            name="hide_record",
            field=models.BooleanField(
                default=True,
                help_text="Show scores and the labeler only after the rating, so that they do not bias it.",
            ),
        ),
        migrations.AlterField(
            model_name="reviewplan",
            name="order",
            field=models.CharField(
                choices=[
                    ("agreement", "Agreement with the others (paper 3.2)"),
                    ("skill", "Expected quality, by the skill of the labelers"),
                ],
                default="agreement",
                help_text="The value by which labels are ranked. With skill, a label without an estimated quality is ranked by its agreement score.",
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="reviewplan",
            name="second_opinion_percent",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="The percent of the labels that two reviewers rate.",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AlterConstraint(
            model_name="reviewplan",
            name="review_plan_percents",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("audit_percent__lte", 100), ("second_opinion_percent__lte", 100)
                ),
                name="review_plan_percents",
                violation_error_message="A share must be from 0 to 100 percent.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="reviewplan",
            name="review_plan_order",
            constraint=models.CheckConstraint(
                condition=models.Q(("order__in", ("agreement", "skill"))),
                name="review_plan_order",
                violation_error_message="Choose how the review queue is sorted.",
            ),
        ),
    ]
