from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def write_sizes(apps: Any, schema_editor: Any) -> None:
    """Of fragments made before, the bytes are not known."""
    parts = apps.get_model("merging", "ReleasePart").objects
    for part in (
        parts.exclude(fragments={}).order_by("pk").only("fragments").iterator(chunk_size=500)
    ):
        fragments = {name: [digest, None] for name, digest in part.fragments.items()}
        parts.filter(pk=part.pk).update(fragments=fragments)


class Migration(migrations.Migration):
    dependencies = [
        ("merging", "0007_release_downloads"),
    ]

    operations = [
        migrations.AlterField(
            model_name="release",
            name="previous",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="merging.release",
            ),
        ),
        migrations.AlterField(
            model_name="releasepart",
            name="fragments",
            field=models.JSONField(
                default=dict, help_text="Export -> [SHA-256, bytes] of its fragment."
            ),
        ),
        migrations.RunPython(write_sizes, migrations.RunPython.noop),
    ]
