"""Names and colors of classes, for pages."""

from __future__ import annotations

from labeling.models import Campaign


def class_cards(campaign: Campaign) -> dict[int, dict[str, str]]:
    """Return the name, in the reader's language, and the color of each class, by code, in order."""
    return {
        each.code: {"name": each.translated("name"), "color": each.color}
        for each in campaign.terrain_classes.all()
    }
