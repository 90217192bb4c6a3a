from typing import Any

import django.utils.timezone
from django.db import migrations, models


def copy_from_campaigns(apps: Any, schema_editor: Any) -> None:
    """Releases were of their campaign as it is; from now on, of what it was when they began."""
    for release in apps.get_model("merging", "Release").objects.select_related("campaign"):
        rows = release.campaign.terrain_classes.order_by("code")
        release.description = release.campaign.description
        release.classes = [list(row) for row in rows.values_list("code", "name", "color")]
        release.save(update_fields=("description", "classes"))


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0008_erasing"),
        ("merging", "0008_release_never_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="publishing",
            name="pseudonyms_since",
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
        ),
        migrations.AddField(
            model_name="release",
            name="classes",
            field=models.JSONField(default=list, help_text="[code, name, color] of each."),
        ),
        migrations.AddField(
            model_name="release",
            name="description",
            field=models.TextField(blank=True),
        ),
        migrations.RunPython(copy_from_campaigns, migrations.RunPython.noop),
    ]
