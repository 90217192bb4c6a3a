"""Rename columns to the terms of `docs/GLOSSARY.md`. No value changes."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("review", "0008_claims_of_skill")]

    # A constraint that names a renamed column goes first and comes back after it.
    operations = [
        migrations.RemoveConstraint("agreementscore", "agreement_score_opinions_wanted"),
        migrations.RemoveConstraint("agreementscore", "agreement_score_waits_for_opinions"),
        migrations.RenameField("agreementscore", "opinions_wanted", "opinions_requested"),
        migrations.AddConstraint(
            "agreementscore",
            models.CheckConstraint(
                condition=Q(opinions_requested__gte=1), name="agreement_score_opinions_requested"
            ),
        ),
        migrations.AddConstraint(
            "agreementscore",
            models.CheckConstraint(
                condition=Q(is_waiting=False) | Q(opinions__lt=F("opinions_requested")),
                name="agreement_score_waits_for_opinions",
            ),
        ),
    ]
