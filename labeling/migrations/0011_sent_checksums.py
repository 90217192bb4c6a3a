from django.db import migrations, models


def checksum() -> models.CharField:
    return models.CharField(
        blank=True,
        default="",
        editable=False,
        help_text="SHA-256 of the polygons as they were sent; empty where that is not known.",
        max_length=64,
    )


class Migration(migrations.Migration):
    dependencies = [("labeling", "0010_campaign_figures")]

    operations = [
        migrations.AddField("label", "sent_checksum", checksum()),
        migrations.AddField("labelversion", "sent_checksum", checksum()),
        migrations.AddField("practiceattempt", "sent_checksum", checksum()),
    ]
