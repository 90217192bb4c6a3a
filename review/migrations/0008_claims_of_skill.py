from django.db import migrations, models


class Migration(migrations.Migration):
    """Skill estimates are claimed like all long work. One that is under way is taken over."""

    dependencies = [
        ("review", "0007_raters_have_seen_labels"),
    ]

    operations = [
        migrations.RenameField(
            model_name="campaignskill",
            old_name="claimed_at",
            new_name="heartbeat_at",
        ),
        migrations.AddField(
            model_name="campaignskill",
            name="claim",
            field=models.UUIDField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="campaignskill",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("claim__isnull", True), ("heartbeat_at__isnull", False), _connector="OR"
                ),
                name="campaign_skill_claim_has_time",
            ),
        ),
    ]
