from typing import Any

import django.utils.timezone
from django.db import migrations, models


def mark_imported(apps: Any, schema_editor: Any) -> None:
    """Mark labels of imported labelers as imported; what they came from was not kept.

    The simulated volunteers of the demo are such labelers too, but their labels were not imported.
    The demo is told by its files: its slug can have changed.
    """
    labels = apps.get_model("labeling", "Label").objects
    imported = labels.filter(labeler__imported_from__isnull=False)
    imported.exclude(image__original__startswith="campaigns/demo/").update(
        import_source="an unknown source"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0018_claims_of_imports"),
    ]

    operations = [
        migrations.AlterField(
            model_name="label",
            name="sent_at",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                help_text="Of an imported label the time of its import.",
            ),
        ),
        migrations.AddField(
            model_name="label",
            name="import_source",
            field=models.CharField(
                blank=True,
                help_text="What it was imported from. Empty: drawn here.",
                max_length=200,
            ),
        ),
        migrations.RunPython(mark_imported, migrations.RunPython.noop),
    ]
