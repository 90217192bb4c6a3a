"""Rename columns and tables to the terms of `docs/GLOSSARY.md`. No value changes."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("merging", "0014_release_software_version")]

    # A constraint that names a renamed column goes first and comes back after it.
    operations = [
        migrations.RemoveConstraint("labelingpolicy", "labeling_policy_has_text"),
        migrations.RenameModel("LabelingPolicy", "LabelingGuideline"),
        migrations.AddConstraint(
            "labelingguideline",
            models.CheckConstraint(condition=~Q(text=""), name="labeling_guideline_has_text"),
        ),
        migrations.RemoveConstraint("publishing", "publishing_has_licence"),
        migrations.RenameField("publishing", "licence", "license"),
        migrations.AddConstraint(
            "publishing",
            models.CheckConstraint(condition=~Q(license=""), name="publishing_has_license"),
        ),
        migrations.RenameField("release", "licence", "license"),
        migrations.RenameField("release", "has_public_board", "has_public_leaderboard"),
    ]
