"""A campaign that is identical every time, on every database.

manage.py shell -c "from tests.merging.releases.fixed_campaign import fill; fill()"
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.campaigns.services.creation import campaign_from_preset
from labeling.images.files import keep
from labeling.images.preparation.pictures import jpeg_bytes, png_bytes
from labeling.models import Campaign, Image, Label, Labeler, LabelVersion, Role
from merging.formats.storage.checksums import sha256
from merging.models import ImportedMask, Publishing
from review.queue.services.ratings import rate
from review.scores.services import scores
from terrain.masks import mask_to_regions
from tests.factories import ACTOR, Mask, new_expert, new_reviewer

SLUG = "fixed"
#: More than a builder writes down at once (`PARTS_AT_ONCE` in `releases.services.builder`), twice.
IMAGES = 50
HEIGHT, WIDTH = 24, 32
START = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)
#: Cameras of several missions; capitals, digits and underscores sort another way in dictionaries.
CAMERAS = (
    ("curiosity", "navcam-left", "NLA_397{:06}EDR_F0010008AUT_04096M1"),
    ("curiosity", "navcam-right", "NRB_397{:06}EDR_F0010008AUT_04096M1"),
    ("opportunity", "navcam-left", "1N128{:06}EFF0006P1535L0M1"),
    ("perseverance", "navcam-left", "NLF_0003_0667{:06}_000ECM_N0030828NCAM00200_01_295J01"),
)


def fill() -> None:
    """Create crowd and gold images, and labels that are scored, rated, and thrown out."""
    chance = np.random.default_rng(7)
    campaign, _ = campaign_from_preset(ACTOR, SLUG, "msl-navcam")
    Publishing.objects.create(campaign=campaign, pseudonym_key="5" * 64, creators="A\nB")
    crowd = [Labeler.objects.create(guest_key=uuid.UUID(int=number)) for number in range(5)]
    experts = [new_expert(name) for name in ("eva", "erik", "emil")]
    reviewer = new_reviewer()
    for number in range(IMAGES):
        image = _image(campaign, number, chance)
        if number % 7 == 1:
            assign_gold(ACTOR, image, experts)
        elif number % 7 == 2:
            # Nobody has drawn on it; half of these have an imported mask.
            if number % 2:
                _import_mask(image)
            continue
        people = experts if number % 7 == 1 else crowd
        drawn = _drawn(image, people, chance)
        scores.score_image(image.pk)
        if number % 5 == 0:
            rate(Actor.of_user(reviewer), drawn[0], 4, "clean")
            rate(Actor.of_user(reviewer), drawn[1], 1, "spam")


def _image(campaign: Campaign, number: int, chance: np.random.Generator) -> Image:
    rover, camera, name = CAMERAS[number % len(CAMERAS)]
    product_id = name.format(number)
    frame = jpeg_bytes(chance.integers(0, 200, (HEIGHT, WIDTH), dtype=np.uint8))
    on_rover = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    on_rover[-3:, :9] = 1
    beyond = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    beyond[:4] = 1
    return Image.objects.create(
        campaign=campaign,
        product_id=product_id,
        rover=rover,
        camera=camera,
        eye=camera.rpartition("-")[2],
        width=WIDTH,
        height=HEIGHT,
        original=keep(campaign.pk, "original", frame, ".JPG"),
        display=keep(campaign.pk, "display", frame, ".jpg"),
        thumbnail=keep(campaign.pk, "thumbnail", frame, ".jpg"),
        rover_mask=keep(campaign.pk, "rover-mask", png_bytes(on_rover), ".png"),
        range_mask=keep(campaign.pk, "range-mask", png_bytes(beyond), ".png"),
        sol=number,
        site=number // 10,
        drive=100 * number,
        start_time=START - timedelta(days=number),
        orbital_class=("Smooth", "Ridged")[number % 2],
        range_source="product",
        # As products tell it, -0.0 and powers of ten with it.
        camera_model={"model_type": "CAHV", "c": [-0.0, 1e-05, -1.9], "a": [1, 0.0, -0.0]},
    )


def _import_mask(image: Image) -> None:
    content = np.full((HEIGHT, WIDTH), 2, dtype=np.uint8)
    png = png_bytes(content)
    ImportedMask.objects.create(
        image=image,
        variant="train",
        mask=keep(image.campaign_id, "imported", png, ".png"),
        sha256=sha256(png),
        labels=3,
        pixel_counts={"2": content.size},
        source="ai4mars-dataset-merged-0.1",
        imported_at=START,
    )


def _drawn(image: Image, people: list[Labeler], chance: np.random.Generator) -> list[Label]:
    """Return a post-processed label of each person: similar rectangles, none quite the same."""
    found = []
    truth = chance.integers(0, WIDTH, 3)
    for number, labeler in enumerate(people):
        role = Role.EXPERT if image.pool == Image.Pool.GOLD else Role.CROWD
        regions = mask_to_regions(_rectangles(truth + chance.integers(-2, 3, 3)))
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"{image.product_id}/{number}")
        sent_at = START + timedelta(minutes=image.sol or 0, seconds=number)
        label = labels.store(ACTOR, image, labeler, role, regions, name)
        Label.objects.filter(pk=label.pk).update(
            sent_at=sent_at, started_at=sent_at - timedelta(seconds=41)
        )
        LabelVersion.objects.filter(label=label).update(sent_at=sent_at)
        found.append(label)
    labels.process_image(image.pk)
    return [Label.objects.get(pk=label.pk) for label in found]


def _rectangles(edges: Mask) -> Mask:
    drawn = np.full((HEIGHT, WIDTH), 255, dtype=np.uint8)
    one, two, three = sorted(np.clip(edges, 1, WIDTH - 1))
    drawn[2:, :one], drawn[2:, one:two], drawn[8:, two:three] = 0, 1, 3
    return drawn
