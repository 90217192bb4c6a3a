"""Giving images the terrain class that orbiters see where the rover stood (paper 3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Image
from terrain.orbital_classes import InvalidOrbitalClasses, OrbitalClasses

WRITTEN_AT_ONCE = 1000


def attach(
    actor: Actor,
    campaign: Campaign,
    classes: OrbitalClasses,
    known: Collection[str] | None = None,
) -> Counter[str]:
    """Write each image's class where one is known; returns images by class, "" for unknown.

    An image whose place the table does not know keeps the class it has. Harmless to run twice.
    Raises InvalidOrbitalClasses, with nothing written, for a class that is not among `known`.
    """
    found: Counter[str] = Counter()
    changed: list[Image] = []
    for image in campaign.images.only("pk", "site", "drive", "orbital_class").iterator():
        name = classes.class_of(image.site, image.drive)
        if name and known is not None and name not in known:
            raise InvalidOrbitalClasses(
                f"{name!r} is none of the classes {', '.join(known)}: correct the table or map."
            )
        found[name] += 1
        if name and name != image.orbital_class:
            image.orbital_class = name
            changed.append(image)
    Image.objects.bulk_update(changed, ["orbital_class"], batch_size=WRITTEN_AT_ONCE)
    return found
