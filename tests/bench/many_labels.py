"""A campaign of many labels in PostgreSQL, put there without a crowd.

Run as a program (`python -m tests.bench.many_labels IMAGES`) on the database that DATABASE_URL
names: the labels of a few made-up images, given to many. Each image has a rover mask and a range
mask, as images of Curiosity have.
"""

from __future__ import annotations

import sys
import uuid

import django
import numpy as np

DIFFERENT = 10
LABELERS = 10
SLUG = "bench"

# What the first images have is copied by the server to the others, which is quicker than to send
# the same polygons again and again.
COPY = """
INSERT INTO labeling_label ({columns})
SELECT {values}
FROM labeling_label AS label
JOIN labeling_image AS first ON first.id = label.image_id
JOIN labeling_image AS copy ON copy.campaign_id = first.campaign_id
    AND copy.details ->> 'like' = first.product_id
"""


def fill(images: int) -> None:
    """Make the campaign."""
    from django.db import connection
    from django.utils import timezone

    from labeling.files import put
    from labeling.geometry import regions_to_json
    from labeling.models import Image, Label
    from labeling.pictures import png_bytes
    from labeling.services.campaigns import campaign_from_preset
    from labeling.services.labelers import imported_labeler
    from tests.bench import crowd

    size = crowd.SIZE
    campaign, _ = campaign_from_preset(SLUG, "msl-navcam")
    beyond = np.zeros((size, size), dtype=np.uint8)
    beyond[: size // 4] = 1
    rover = np.zeros((size, size), dtype=np.uint8)
    rover[size - 150 :, size // 3 : size // 2] = 1
    masks = {
        "range_mask": put(f"campaigns/{SLUG}/range-mask/all.png", png_bytes(beyond)),
        "rover_mask": put(f"campaigns/{SLUG}/rover-mask/all.png", png_bytes(rover)),
    }
    Image.objects.bulk_create(
        Image(
            campaign=campaign,
            product_id=f"frame_{number:06d}",
            width=size,
            height=size,
            labels_version=LABELERS,
            crowd_label_count=LABELERS,
            details={"like": f"frame_{number % DIFFERENT:06d}"} if number >= DIFFERENT else {},
            **masks,
        )
        for number in range(images)
    )
    labelers = [imported_labeler(campaign, f"labeler {number}") for number in range(LABELERS)]
    now = timezone.now()
    for number, image in enumerate(campaign.images.order_by("product_id")[:DIFFERENT]):
        Label.objects.bulk_create(
            Label(
                id=uuid.uuid4(),
                image=image,
                labeler=labeler,
                polygons=regions_to_json(regions),
                status=Label.Status.ACCEPTED,
                pixel_counts={"0": 1},
                sent_at=now,
                processed_at=now,
            )
            for labeler, regions in zip(labelers, crowd.labels(number), strict=True)
        )
    columns = [field.column for field in Label._meta.concrete_fields]
    new = {"id": "gen_random_uuid()", "image_id": "copy.id"}
    values = [new.get(column, f"label.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(COPY.format(columns=", ".join(columns), values=", ".join(values)))
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    django.setup()
    fill(int(sys.argv[1]))
