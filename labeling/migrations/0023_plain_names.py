"""Rename columns and tables to the terms of `docs/GLOSSARY.md`. No value changes."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0022_slugs_of_no_other_page"),
        # It reads `fixed_at`, and must run before that is renamed.
        ("review", "0002_rated_labels_are_fixed"),
    ]

    # A constraint that names a renamed column goes first and comes back after it.
    operations = [
        migrations.RemoveConstraint("label", "label_fixed_says_why"),
        migrations.RenameField("label", "fixed_at", "locked_at"),
        migrations.RenameField("label", "fixed_because", "lock_reason"),
        migrations.AddConstraint(
            "label",
            models.CheckConstraint(
                condition=Q(locked_at__isnull=True, lock_reason="")
                | Q(locked_at__isnull=False, lock_reason__in=("results", "rated")),
                name="label_lock_has_reason",
            ),
        ),
        migrations.RemoveConstraint("knownanswer", "known_answer_has_mask"),
        migrations.RemoveConstraint("knownanswer", "known_answer_source"),
        migrations.RenameModel("KnownAnswer", "ReferenceAnswer"),
        migrations.AddConstraint(
            "referenceanswer",
            models.CheckConstraint(condition=~Q(mask=""), name="reference_answer_has_mask"),
        ),
        migrations.AddConstraint(
            "referenceanswer",
            models.CheckConstraint(
                condition=Q(source__in=("mask", "gold", "drawn")), name="reference_answer_source"
            ),
        ),
        migrations.RemoveConstraint("feedback", "feedback_mood_range"),
        migrations.RenameModel("Feedback", "SiteFeedback"),
        migrations.AddConstraint(
            "sitefeedback",
            models.CheckConstraint(
                condition=Q(mood__gte=1) & Q(mood__lte=5), name="site_feedback_mood_range"
            ),
        ),
        migrations.RemoveConstraint("campaign", "campaign_practice_shares"),
        migrations.RenameField("campaign", "known_image_percent", "reference_image_percent"),
        migrations.AddConstraint(
            "campaign",
            models.CheckConstraint(
                condition=Q(
                    practice_pass_iou__gt=0,
                    practice_pass_iou__lte=1,
                    reference_image_percent__lte=100,
                ),
                name="campaign_practice_shares",
            ),
        ),
    ]
