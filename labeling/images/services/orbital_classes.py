"""Orbital terrain classes at the rover's position, for a campaign's images (paper 3.1)."""

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
    """Store each image's class, if known; return the number of images by class, "" for unknown.

    An image at a place that is not in the table keeps its class. Running it twice changes nothing.
    Raises InvalidOrbitalClasses, with nothing written, for a class that is not in `known`.
    """
    found: Counter[str] = Counter()
    changed: list[Image] = []
    for image in campaign.images.only("pk", "site", "drive", "orbital_class").iterator():
        name = classes.class_of(image.site, image.drive)
        if name and known is not None and name not in known:
            raise InvalidOrbitalClasses(
                f"{name!r} is not one of the classes {', '.join(known)}. Correct the table or map."
            )
        found[name] += 1
        if name and name != image.orbital_class:
            image.orbital_class = name
            changed.append(image)
    Image.objects.bulk_update(changed, ["orbital_class"], batch_size=WRITTEN_AT_ONCE)
    return found
