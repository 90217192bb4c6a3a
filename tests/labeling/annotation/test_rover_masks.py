"""Rover masks that managers draw for all images of the same camera and pointing."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.test import Client

from labeling.annotation.services import labels, rover_masks
from labeling.annotation.services.postprocessing import stored_mask
from labeling.annotation.tasks import place_scale_bars
from labeling.images.files import keep
from labeling.images.preparation.pictures import jpeg_bytes, png_bytes, read_frame
from labeling.models import Campaign, Image, Label, RoverMask
from tests.factories import ACTOR, box, draw, new_account, new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db

SIDE = 64
#: The lower left quarter.
DECK: list[list[list[float]]] = [[[0, 32], [32, 32], [32, 64], [0, 64]]]


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def frame(campaign: Campaign, number: int, azimuth: float, **fields: Any) -> Image:
    image = new_image(campaign, number, width=SIDE, height=SIDE)
    pixels = np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1))
    values = {
        "rover": "spirit",
        "camera": "navcam-left",
        "rover_mask": "",
        "range_mask": "",
        "details": {"pointing": {"azimuth": azimuth, "elevation": -20.0}},
        "original": keep(campaign.pk, "original", jpeg_bytes(pixels, 98), ".JPG"),
        "display": keep(campaign.pk, "display", jpeg_bytes(3 * pixels, 98), ".jpg"),
        **fields,
    }
    Image.objects.filter(pk=image.pk).update(**values)
    image.refresh_from_db()
    return image


def drawn(image: Image, *polygons: dict[str, Any]) -> Label:
    label = draw(image, "0")
    Label.objects.filter(pk=label.pk).update(polygons=list(polygons))
    return label


def apply(image: Image, tolerance: float = 0.2, outlines: object = DECK) -> RoverMask:
    chosen = [each.image.pk for each in rover_masks.similar_images(image, 2.0)]
    return rover_masks.apply(ACTOR, image, outlines, tolerance, chosen)


def test_images_of_the_same_camera_and_pointing(campaign: Campaign) -> None:
    first = frame(campaign, 1, 359.95)
    same = frame(campaign, 2, 0.05)
    near = frame(campaign, 3, 0.5)
    frame(campaign, 4, 0.0, camera="navcam-right")
    frame(campaign, 5, 0.0, rover_mask="delivered.png")
    frame(campaign, 6, 0.0, details={})

    def found(tolerance: float) -> list[Image]:
        return [each.image for each in rover_masks.similar_images(first, tolerance)]

    assert found(0.2) == [first, same]
    assert found(1.0) == [first, same, near]
    assert found(0.0) == [first]


def test_the_mask_goes_to_all_of_them_and_their_labels_lose_the_rover(campaign: Campaign) -> None:
    first, same, other = (
        frame(campaign, n, azimuth) for n, azimuth in ((1, 10), (2, 10.1), (3, 40))
    )
    kept, gone = drawn(same, box(0, 0, 0, 64, 64)), drawn(same, box(0, 2, 40, 20, 60))
    labels.process_image(same.pk)
    version = Image.objects.get(pk=same.pk).labels_version

    mask = apply(first)

    assert sorted(mask.images.values_list("pk", flat=True)) == [first.pk, same.pk]
    other.refresh_from_db()
    assert other.rover_mask.name == ""
    same.refresh_from_db()
    stored = stored_mask(same.rover_mask)
    assert stored is not None
    assert stored.removes[32:, :32].all()
    assert stored.removes.sum() == 32 * 32
    assert same.labels_version > version
    labels.process_image(same.pk)
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert kept.pixel_counts == {"0": SIDE * SIDE - 32 * 32}
    assert gone.status == Label.Status.EMPTY
    assert kept.polygons == [box(0, 0, 0, 64, 64)], "the drawing is kept"


def test_applying_it_again_does_no_harm(campaign: Campaign) -> None:
    image = frame(campaign, 1, 10)
    label = drawn(image, box(0, 0, 0, 64, 64))
    apply(image)
    labels.process_image(image.pk)
    before = Image.objects.values().get(pk=image.pk)

    apply(image)

    assert Image.objects.values().get(pk=image.pk) == before
    label.refresh_from_db()
    assert label.status == Label.Status.ACCEPTED
    assert RoverMask.objects.count() == 1

    image.refresh_from_db()
    apply(image, outlines=[[[0, 48], [64, 48], [64, 64], [0, 64]]])
    image.refresh_from_db()
    stored = stored_mask(image.rover_mask)
    assert stored is not None
    assert stored.removes.sum() == 16 * 64
    label.refresh_from_db()
    assert label.status == Label.Status.RECEIVED


def test_a_delivered_mask_is_never_replaced(campaign: Campaign) -> None:
    png = png_bytes(np.eye(SIDE, dtype=np.uint8))
    image = frame(campaign, 1, 10, rover_mask=keep(campaign.pk, "rover-mask", png, ".png"))
    with pytest.raises(rover_masks.InvalidRoverMask, match="its mission"):
        apply(image)
    assert rover_masks.views_of(campaign) == []


@pytest.mark.parametrize(
    ("outlines", "tolerance"),
    [
        ([], 0.2),
        ("deck", 0.2),
        ([[[0, 0], [9, 9]]], 0.2),
        ([[[0, 0], [9, float("nan")], [3, 3]]], 0.2),
        ([[[0, 0], [9, "9"], [3, 3]]], 0.2),
        ([[[-9, -9], [-5, -9], [-5, -5]]], 0.2),
        (DECK, -0.1),
        (DECK, 2.5),
        (DECK, float("nan")),
    ],
)
def test_what_is_no_mask_is_refused(campaign: Campaign, outlines: object, tolerance: float) -> None:
    image = frame(campaign, 1, 10)
    with pytest.raises(rover_masks.InvalidRoverMask):
        apply(image, tolerance, outlines)
    assert not RoverMask.objects.exists()


def test_the_scale_bar_moves_off_the_rover(campaign: Campaign) -> None:
    bar = {
        "polygon": [[10, 44], [22, 44], [22, 50], [10, 50]],
        "width_m": 0.02,
        "range_m": 2.0,
        "estimated": False,
    }
    # Seen straight from above, so that the whole frame is ground 2 m away.
    camera = {"model_type": "CAHV", "c": [0, 0, -2], "a": [0.6, 0, 0.8]}
    camera |= {"h": [31.5 * 0.6, 800, 31.5 * 0.8], "v": [-640 + 31.5 * 0.6, 0, 480 + 31.5 * 0.8]}
    image = frame(campaign, 1, 10, scale_bar=bar, camera_model=camera, eye="left")
    before = np.asarray(3 * np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1)))
    before[44:50, 10:22] = 255
    name = keep(campaign.pk, "display", jpeg_bytes(before, 98), ".jpg")
    Image.objects.filter(pk=image.pk).update(display=name)
    image.refresh_from_db()

    mask = apply(image)
    place_scale_bars(mask.pk)

    mask.refresh_from_db()
    assert mask.bars_placed
    image.refresh_from_db()
    with image.display.open("rb") as file:
        shown = read_frame(file).astype(int)
    # The ground under the old bar looks like the ground around it.
    assert np.abs(shown[44:50, 12:20] - before[40, 12:20]).max() < 25
    if image.scale_bar:
        rover = rover_masks.mask_of(DECK, SIDE, SIDE)
        x, y = np.array(image.scale_bar["polygon"]).astype(int).T
        assert not rover[y.min() : y.max() + 1, x.min() : x.max() + 1].any()
    assert rover_masks.place_scale_bars(mask) == 0


def test_only_managers_draw_masks(campaign: Campaign, client: Client) -> None:
    image = frame(campaign, 1, 10)
    urls = ("/manage/navcam/rover-masks/", f"/manage/navcam/rover-masks/{image.pk}/")
    sent = {"outlines": json.dumps(DECK), "tolerance": "0.2"}
    for url in urls:
        assert client.get(url).status_code == 302
    client.force_login(new_account("vera"))
    for url in urls:
        assert client.get(url).status_code == 403
    assert client.post(urls[1], sent).status_code == 403
    assert not RoverMask.objects.exists()

    client.force_login(new_admin())
    for url in urls:
        assert client.get(url).status_code == 200
    assert client.post(urls[1], {**sent, "outlines": "["}).status_code == 400
    assert client.post(urls[1], sent).status_code == 302
    assert RoverMask.objects.get().image == image
    other = new_campaign("other")
    assert client.get(f"/manage/{other.slug}/rover-masks/{image.pk}/").status_code == 404
