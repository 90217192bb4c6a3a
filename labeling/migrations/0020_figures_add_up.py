from django.db import migrations, models


def forget_figures(apps, schema_editor):
    """Delete what was counted: the next sweep counts all campaigns again."""
    apps.get_model("labeling", "CampaignFigures").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("labeling", "0019_label_import_source"),
    ]

    operations = [
        migrations.RunPython(forget_figures, migrations.RunPython.noop),
        migrations.AddField(
            model_name="campaignfigures",
            name="set_aside_images",
            field=models.PositiveIntegerField(default=0, help_text="Nothing to label on them."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="campaignfigures",
            name="practice_images",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="campaignfigures",
            name="retired_images",
            field=models.PositiveIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="campaignfigures",
            name="target_labels",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="The campaign's, when `images_done` was counted."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="campaignfigures",
            name="train_labels",
            field=models.PositiveIntegerField(
                default=0, help_text="Of the crowd, in use on crowd images of the dataset."
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="images",
            field=models.PositiveIntegerField(
                help_text="That the crowd draws on, finished or not."
            ),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="images_done",
            field=models.PositiveIntegerField(help_text="Of these, with all labels wanted."),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="labels",
            field=models.PositiveIntegerField(
                help_text="That the crowd drew, whatever became of them."
            ),
        ),
        migrations.AlterField(
            model_name="campaignfigures",
            name="gold_labels",
            field=models.PositiveIntegerField(
                help_text="Of experts, in use on gold images of the dataset."
            ),
        ),
    ]
