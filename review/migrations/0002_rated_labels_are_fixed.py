"""Labels that were rated before labels could be corrected can no longer be corrected either."""

from django.db import migrations
from django.utils import timezone


def fix_rated(apps, schema_editor):
    label = apps.get_model("labeling", "Label")
    rating = apps.get_model("review", "Rating")
    rated = rating.objects.values("label")
    label.objects.filter(pk__in=rated, fixed_at=None).update(
        fixed_at=timezone.now(), fixed_because="rated"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0001_initial"),
        ("labeling", "0006_after_sending"),
    ]

    operations = [migrations.RunPython(fix_rated, migrations.RunPython.noop)]
