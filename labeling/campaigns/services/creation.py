"""Creating campaigns from presets."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from ai4mars_site.toolkit.actors import Actor
from labeling.campaigns.presets.missions import PRESETS
from labeling.models import Campaign, GuideEntry, TerrainClass, TutorialStep


def new_campaign(slug: str, preset: str, name: str = "") -> Campaign:
    """Return a new, unsaved campaign of a preset; `name` "" takes the preset's name."""
    return Campaign(slug=slug, **_fields(preset, name))


def _fields(preset: str, name: str) -> dict[str, Any]:
    chosen = PRESETS[preset]
    spanish = {"description": chosen.description_es}
    # A name may be the preset's with an addition, such as "Perseverance (sol-2)".
    if not name or name.startswith(chosen.name):
        spanish["name"] = chosen.name_es + name.removeprefix(chosen.name)
    return {
        "name": name or chosen.name,
        "description": chosen.description,
        "translations": {"es": spanish},
        "range_limit_m": chosen.range_limit_m,
    }


@transaction.atomic
def campaign_from_preset(
    actor: Actor, slug: str, preset: str, name: str = ""
) -> tuple[Campaign, bool]:
    """Return the campaign of this slug, created from a preset if it does not exist.

    An existing campaign is not changed: its manager may have edited it.

    Args:
        actor: In whose name it is created.
        slug: The campaign's slug.
        preset: A key of `labeling.campaigns.presets.missions.PRESETS`.
        name: The campaign's name; "" takes the preset's.

    Returns:
        The campaign, and whether it was created.

    Raises:
        KeyError: There is no such preset.
    """
    chosen = PRESETS[preset]
    campaign, created = Campaign.objects.get_or_create(slug=slug, defaults=_fields(preset, name))
    if created:
        TerrainClass.objects.bulk_create(
            TerrainClass(
                campaign=campaign,
                position=position,
                code=terrain.code,
                name=terrain.name,
                color=terrain.color,
                pattern=terrain.pattern,
                guidance=terrain.guidance,
                picture=terrain.picture,
                min_width_m=terrain.min_width_m,
                min_height_m=terrain.min_height_m,
                translations={"es": {"name": terrain.name_es, "guidance": terrain.guidance_es}},
            )
            for position, terrain in enumerate(chosen.classes)
        )
        TutorialStep.objects.bulk_create(
            TutorialStep(
                campaign=campaign,
                position=position,
                title=step.title,
                text=step.text,
                picture=step.picture,
                translations={"es": {"title": step.title_es, "text": step.text_es}},
            )
            for position, step in enumerate(chosen.steps)
        )
        classes = {terrain.code: terrain for terrain in campaign.terrain_classes.all()}
        GuideEntry.objects.bulk_create(
            GuideEntry(
                campaign=campaign,
                position=position,
                terrain_class=classes[entry.code],
                kind=entry.kind,
                picture=entry.picture,
                other_class=classes[entry.other[0]] if entry.other else None,
                other_picture=entry.other[1] if entry.other else "",
                caption=entry.caption,
                translations={"es": {"caption": entry.caption_es}},
            )
            for position, entry in enumerate(chosen.guide)
        )
    return campaign, created
