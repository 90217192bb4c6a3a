"""Let names and descriptions of campaigns be translated; those of presets are, into Spanish."""

from typing import Any

from django.db import migrations, models

#: English -> Spanish, of the presets' names and descriptions.
SPANISH = {
    "name": {
        "Curiosity, navigation cameras": "Curiosity, cámaras de navegación",
        "Perseverance": "Perseverance",
        "Mars rovers": "Róveres de Marte",
        "Pictures of the ground": "Fotos del suelo",
        "Spirit and Opportunity, navigation cameras": (
            "Spirit y Opportunity, cámaras de navegación"
        ),
    },
    "description": {
        "Show the Curiosity rover what it drives on: soil, bedrock, sand, big rocks.": (
            "Enseña al róver Curiosity sobre qué conduce: tierra, roca madre, arena, rocas grandes."
        ),
        "What does Perseverance drive on? Soil, bedrock, sand, big rocks.": (
            "¿Sobre qué conduce Perseverance? Tierra, roca madre, arena, rocas grandes."
        ),
        "What do the rovers on Mars drive on? Soil, bedrock, sand, big rocks.": (
            "¿Sobre qué conducen los róveres en Marte? Tierra, roca madre, arena, rocas grandes."
        ),
        "What is there to drive on? Soil, bedrock, sand, big rocks.": (
            "¿Sobre qué se puede conducir? Tierra, roca madre, arena, rocas grandes."
        ),
        "What did Spirit and Opportunity drive on? Soil, bedrock, sand, big rocks.": (
            "¿Sobre qué condujeron Spirit y Opportunity? Tierra, roca madre, arena, rocas grandes."
        ),
    },
}


def translate_presets(apps: Any, schema_editor: Any) -> None:
    """Translate the texts of campaigns that are still those of their preset."""
    for campaign in apps.get_model("labeling", "Campaign").objects.all():
        spanish = {
            field: texts[getattr(campaign, field)]
            for field, texts in SPANISH.items()
            if getattr(campaign, field) in texts
        }
        if spanish:
            campaign.translations = {"es": spanish}
            campaign.save(update_fields=("translations",))


class Migration(migrations.Migration):
    dependencies = [("labeling", "0025_draft_keeps_how_its_shape_is_drawn")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="translations",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='Translations by language, as {"es": {"title": "...", ...}}.',
            ),
        ),
        migrations.RunPython(translate_presets, migrations.RunPython.noop),
    ]
