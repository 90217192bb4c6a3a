"""The groups that make an account a reviewer or an expert."""

from django.db import migrations

NAMES = ("reviewers", "experts")


def make_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in NAMES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = (
        ("labeling", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    )
    operations = (migrations.RunPython(make_groups, migrations.RunPython.noop),)
