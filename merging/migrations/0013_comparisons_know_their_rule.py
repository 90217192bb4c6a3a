from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("merging", "0012_imported_masks"),
    ]

    operations = [
        migrations.AddField(
            model_name="methodcomparison",
            name="rule",
            # Those before were made by an unknown rule: they are compared again.
            field=models.CharField(
                default="", help_text="Of the campaign, when compared.", max_length=120
            ),
            preserve_default=False,
        ),
    ]
