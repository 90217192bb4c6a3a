"""A campaign with many labels in PostgreSQL, created without a crowd.

Run as a program (`python -m tests.bench.many_labels IMAGES`) on the database in DATABASE_URL. Ten
synthetic scenes have fourteen labels each. Every image shows one of the scenes and has a different
ten of the fourteen labels, so that no two images are labeled alike. All images have the same rover
mask and range mask, as images of Curiosity have.
"""

from __future__ import annotations

import itertools
import math
import sys
import uuid

import django
import numpy as np

SCENES = 10
DRAWERS = 14
LABELERS = 10
SLUG = "bench"
DRAWINGS = f"{SLUG}-drawings"
#: As many images can be labeled differently.
MOST = SCENES * math.comb(DRAWERS, LABELERS)

# The server copies the drawings, which is quicker than to send the same polygons again and again.
COPY = """
INSERT INTO labeling_label ({columns})
SELECT {values}
FROM unnest(%s::bigint[], %s::bigint[], %s::uuid[]) AS chosen (image, labeler, drawing)
JOIN labeling_label AS label ON label.id = chosen.drawing
"""


def fill(images: int) -> None:
    """Create the campaign, with at most MOST images."""
    from django.db import connection

    from labeling.campaigns.services.creation import campaign_from_preset
    from labeling.images.files import keep
    from labeling.images.preparation.pictures import png_bytes
    from labeling.models import Image, Label
    from labeling.people.services.labelers import imported_labeler
    from tests.bench import crowd
    from tests.factories import ACTOR

    assert images <= MOST
    size = crowd.SIZE
    campaign, _ = campaign_from_preset(ACTOR, SLUG, "msl-navcam")
    beyond = np.zeros((size, size), dtype=np.uint8)
    beyond[: size // 4] = 1
    rover = np.zeros((size, size), dtype=np.uint8)
    rover[size - 150 :, size // 3 : size // 2] = 1
    masks = {
        "range_mask": keep(campaign.pk, "range-mask", png_bytes(beyond), ".png"),
        "rover_mask": keep(campaign.pk, "rover-mask", png_bytes(rover), ".png"),
    }
    made = Image.objects.bulk_create(
        Image(
            campaign=campaign,
            product_id=f"frame_{number:06d}",
            rover="curiosity",
            camera="navcam-left",
            width=size,
            height=size,
            labels_version=LABELERS,
            crowd_label_count=LABELERS,
            **masks,
        )
        for number in range(images)
    )
    labelers = [imported_labeler(campaign, f"labeler {n}").pk for n in range(LABELERS)]
    drawings = draw()
    tens = itertools.combinations(range(DRAWERS), LABELERS)
    ten: tuple[int, ...] = ()
    chosen: list[tuple[int, int, uuid.UUID]] = []
    for number, image in enumerate(made):
        scene = number % SCENES
        if not scene:
            ten = next(tens)
        for labeler, drawer in zip(labelers, ten, strict=True):
            chosen.append((image.pk, labeler, drawings[scene][drawer]))
    new = {
        "id": "gen_random_uuid()",
        "image_id": "chosen.image",
        "labeler_id": "chosen.labeler",
    }
    columns = [field.column for field in Label._meta.concrete_fields]
    values = [new.get(column, f"label.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            COPY.format(columns=", ".join(columns), values=", ".join(values)),
            [list(column) for column in zip(*chosen, strict=True)],
        )
        cursor.execute("ANALYZE")


def scene_of(product_id: str) -> str:
    """Return the name of the scene that an image shows."""
    return f"scene_{int(product_id.removeprefix('frame_')) % SCENES}"


def draw() -> list[list[uuid.UUID]]:
    """Create the labels of each scene, in a separate campaign."""
    from django.utils import timezone

    from labeling.campaigns.services.creation import campaign_from_preset
    from labeling.models import Image, Label
    from labeling.people.services.labelers import imported_labeler
    from terrain.geometry.regions import regions_to_json
    from tests.bench import crowd
    from tests.factories import ACTOR

    campaign, _ = campaign_from_preset(ACTOR, DRAWINGS, "msl-navcam")
    drawers = [imported_labeler(campaign, f"drawer {number}") for number in range(DRAWERS)]
    now = timezone.now()
    names = []
    for scene in range(SCENES):
        image = Image.objects.create(
            campaign=campaign, product_id=f"scene_{scene}", width=crowd.SIZE, height=crowd.SIZE
        )
        labels = Label.objects.bulk_create(
            Label(
                image=image,
                labeler=drawer,
                polygons=regions_to_json(regions),
                status=Label.Status.ACCEPTED,
                pixel_counts={"0": 1},
                sent_at=now,
                processed_at=now,
            )
            for drawer, regions in zip(drawers, crowd.labels(scene, DRAWERS), strict=True)
        )
        names.append([label.pk for label in labels])
    return names


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
