"""Tutorial and field guide: reading them as a volunteer, editing them as a manager."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Max

from ai4mars_site.toolkit.actors import Actor
from labeling.images import lesson_pictures
from labeling.images.lesson_pictures import LessonPictures, illustration_name
from labeling.models import Campaign, GuideEntry, TerrainClass, TutorialStep
from labeling.training.presets.field_guide import SHIPPED_PICTURES

Placed = TypeVar("Placed", TutorialStep, GuideEntry)


def tutorial_context(campaign: Campaign) -> dict[str, Any]:
    """Return the content of the tutorial's page, in the reader's language."""
    pictures = LessonPictures(campaign)
    return {
        "campaign": campaign,
        "classes": [class_card(terrain, pictures) for terrain in campaign.terrain_classes.all()],
        "steps": [step_card(step, pictures) for step in campaign.tutorial_steps.all()],
    }


def step_card(step: TutorialStep, pictures: LessonPictures) -> dict[str, Any]:
    return {
        "title": step.translated("title"),
        "text": step.translated("text"),
        "picture": pictures.get(step.picture),
    }


def class_card(terrain: TerrainClass, pictures: LessonPictures) -> dict[str, Any]:
    return {
        "code": terrain.code,
        "name": terrain.translated("name"),
        "color": terrain.color,
        "pattern": terrain.pattern,
        "guidance": terrain.translated("guidance"),
        "picture": pictures.get(terrain.picture),
    }


def build_guide(campaign: Campaign) -> dict[str, Any]:
    """Return the field guide: each class with its examples, then the look-alikes, both in order.

    {"classes": [{class_card ..., "good": [entry], "bad": [entry]}], "alike": [entry]}
    """
    pictures = LessonPictures(campaign)
    entries = [
        (entry, entry_card(entry, pictures))
        for entry in campaign.guide_entries.select_related("terrain_class", "other_class")
    ]
    return {
        "classes": [
            {
                **class_card(terrain, pictures),
                "good": _of(entries, terrain, GuideEntry.Kind.GOOD),
                "bad": _of(entries, terrain, GuideEntry.Kind.BAD),
            }
            for terrain in campaign.terrain_classes.all()
        ],
        "alike": [card for entry, card in entries if entry.kind == GuideEntry.Kind.LOOK_ALIKE],
    }


def _of(
    entries: Sequence[tuple[GuideEntry, dict[str, Any]]], terrain: TerrainClass, kind: str
) -> list[dict[str, Any]]:
    return [
        card
        for entry, card in entries
        if entry.kind == kind and entry.terrain_class_id == terrain.pk
    ]


def entry_card(entry: GuideEntry, pictures: LessonPictures) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "ground": class_card(entry.terrain_class, pictures),
        "other": class_card(entry.other_class, pictures) if entry.other_class else None,
        "picture": pictures.get(entry.picture),
        "other_picture": pictures.get(entry.other_picture),
        "caption": entry.translated("caption"),
    }


def picture_choices(campaign: Campaign) -> list[str]:
    """Return the pictures a manager can choose: the campaign's own, then the shipped ones.

    Its own are its illustrations that volunteers may see, and its uploaded pictures.
    """
    shown = campaign.illustrations.shown().values_list("pk", flat=True)
    return [*map(illustration_name, shown), *lesson_pictures.own(campaign), *SHIPPED_PICTURES]


def next_position(model: type[TutorialStep | GuideEntry], campaign: Campaign) -> int:
    """Return the position after the last one."""
    last = model._default_manager.filter(campaign=campaign).aggregate(last=Max("position"))["last"]
    return 0 if last is None else int(last) + 1


@transaction.atomic
def store(actor: Actor, item: TutorialStep | GuideEntry | TerrainClass) -> None:
    """Save a changed lesson; a new step or entry becomes the last one."""
    if item._state.adding and not isinstance(item, TerrainClass):
        item.position = next_position(type(item), item.campaign)
    item.save()


@transaction.atomic
def remove(actor: Actor, item: TutorialStep | GuideEntry) -> None:
    item.delete()


@transaction.atomic
def move(actor: Actor, item: Placed, up: bool, among: Sequence[Placed]) -> bool:
    """Swap positions with the neighbor in `among`, an ordered list; return False at its end."""
    places = [each.pk for each in among]
    here = places.index(item.pk)
    there = here - 1 if up else here + 1
    if not 0 <= there < len(places):
        return False
    other = among[there]
    model = type(item)
    rows = model._default_manager
    # Positions are unique at every moment, so one item first moves to a free position.
    aside = next_position(model, item.campaign)
    rows.filter(pk=item.pk).update(position=aside)
    rows.filter(pk=other.pk).update(position=item.position)
    rows.filter(pk=item.pk).update(position=other.position)
    return True
