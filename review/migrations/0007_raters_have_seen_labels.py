from itertools import islice

from django.db import migrations

CHUNK = 1000


def write_what_raters_have_seen(apps, schema_editor):
    """Write down that whoever rated a label has seen labels of its image."""
    Labeler = apps.get_model("labeling", "Labeler")
    SeenLabels = apps.get_model("labeling", "SeenLabels")
    Rating = apps.get_model("review", "Rating")
    User = apps.get_model("auth", "User")
    raters = User.objects.filter(pk__in=Rating.objects.values("reviewer"))
    for user in raters.filter(labeler=None).iterator():
        name = f"{user.first_name} {user.last_name}".strip() or user.username
        Labeler.objects.create(user=user, name=name[:150])
    rated = Rating.objects.order_by().values_list("label__image", "reviewer__labeler").distinct()
    pairs = rated.iterator()
    while chunk := list(islice(pairs, CHUNK)):
        SeenLabels.objects.bulk_create(
            [SeenLabels(image_id=image, labeler_id=labeler) for image, labeler in chunk],
            ignore_conflicts=True,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("review", "0006_constraint_messages"),
        ("labeling", "0017_independent_labels"),
    ]

    operations = [
        migrations.RunPython(write_what_raters_have_seen, migrations.RunPython.noop),
    ]
