"""How pages show a campaign's classes."""

from __future__ import annotations

from labeling.models import Campaign


def class_cards(campaign: Campaign) -> dict[int, dict[str, str]]:
    """Name, in the reader's language, and color of each class, by its code; in their order."""
    return {
        each.code: {"name": each.translated("name"), "color": each.color}
        for each in campaign.terrain_classes.all()
    }
