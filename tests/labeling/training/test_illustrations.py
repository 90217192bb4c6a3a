"""Illustrations: parts of a campaign's images with marks, made by managers, shown in lessons."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation
from PIL import Image as Pillow

from labeling.images.lesson_pictures import LessonPictures, illustration_name
from labeling.images.preparation.illustrations import Mark, render
from labeling.models import Campaign, Illustration, Image
from labeling.training.services import illustrations, lessons
from merging.gold.services import plans
from merging.models import GoldPlan
from tests.factories import ACTOR, new_account, new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db

OUTLINE = {
    "kind": "outline",
    "points": [[20, 20], [90, 20], [90, 60]],
    "code": 1,
    "captions": {"en": "A flat plate", "es": "Una placa plana"},
}
ARROW = {"kind": "arrow", "points": [[10, 10], [60, 40]], "captions": {}}
CROP = [10, 5, 120, 80]
BAR = {"x": 80.0, "y": 50.0, "width_px": 40.0, "width_m": 0.5, "polygon": [[60, 46], [100, 46]]}


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    """An image with all its labels."""
    return new_image(campaign, width=160, height=100, crowd_label_count=99, scale_bar=BAR)


@pytest.fixture
def manager() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


def sent(**changes: Any) -> dict[str, Any]:
    drawing = {"crop": CROP, "marks": [OUTLINE, ARROW], **changes}
    return {
        "alt": "Bedrock beside sand",
        "alt_es": "Roca madre junto a arena",
        "crop": json.dumps(drawing["crop"]),
        "marks": json.dumps(drawing["marks"]),
    }


def make(manager: Client, image: Image, query: str = "", **changes: Any) -> Illustration:
    answer = manager.post(f"/manage/navcam/illustrations/new/{image.pk}/{query}", sent(**changes))
    assert answer.status_code == 302, answer.content.decode()
    return Illustration.objects.all()[0]


def picture_of(client: Client, item: Illustration) -> bytes | None:
    """The picture as a visitor gets it; None if it is not found."""
    shown = LessonPictures(item.campaign, with_hidden=True).get(illustration_name(item.pk))
    assert shown is not None
    answer = client.get(shown.url)
    if answer.status_code == 404:
        return None
    assert answer["Content-Type"] == "image/webp"
    return b"".join(answer.streaming_content)


# -- making ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("public")
def test_an_illustration_becomes_the_picture_of_a_step(
    campaign: Campaign, image: Image, manager: Client, client: Client
) -> None:
    step = campaign.tutorial_steps.all()[0]
    item = make(manager, image, f"?for=step-{step.pk}-picture")
    step.refresh_from_db()
    assert step.picture == illustration_name(item.pk)
    assert (item.crop, item.width, item.height) == (CROP, 480, 320)

    content = picture_of(client, item)
    assert content is not None
    assert len(content) < 60_000
    with Pillow.open(io.BytesIO(content)) as drawn:
        assert drawn.size == (480, 320)
        assert len(drawn.convert("RGB").getcolors(1 << 20) or ()) > 50, "marks are drawn"

    for language, alt, caption in (
        ("en", "Bedrock beside sand", "A flat plate"),
        ("es", "Roca madre junto a arena", "Una placa plana"),
    ):
        page = client.get("/c/navcam/tutorial/", headers={"accept-language": language})
        assert f'alt="{alt}"' in page.content.decode()
        assert f"<li>{caption}</li>" in page.content.decode()


def test_an_illustration_is_edited_again(campaign: Campaign, image: Image, manager: Client) -> None:
    item = make(manager, image)
    before = str(item.picture.name)
    url = f"/manage/navcam/illustrations/{item.pk}/"
    assert "A flat plate" in manager.get(url).content.decode()
    manager.post(url, sent(marks=[ARROW]))
    item.refresh_from_db()
    assert [mark["kind"] for mark in item.marks] == ["arrow"]
    assert str(item.picture.name) != before
    assert campaign.illustrations.count() == 1


def test_an_entry_and_a_class_show_illustrations(
    campaign: Campaign, image: Image, manager: Client
) -> None:
    entry = campaign.guide_entries.filter(kind="alike")[0]
    make(manager, image, f"?for=entry-{entry.pk}-other_picture")
    terrain = campaign.terrain_classes.all()[0]
    make(manager, image, f"?for=ground-{terrain.pk}-picture")
    guide = lessons.build_guide(campaign)
    assert guide["alike"][0]["other_picture"].alt == "Bedrock beside sand"
    with translation.override("es"):
        pictures = LessonPictures(campaign)
        terrain.refresh_from_db()
        assert lessons.class_card(terrain, pictures)["picture"].captions == ("Una placa plana",)
    shown = manager.get(f"/manage/navcam/tutorial/classes/{terrain.pk}/").content.decode()
    assert f'value="{terrain.picture}" checked' in shown


def test_only_managers_make_illustrations(campaign: Campaign, image: Image, client: Client) -> None:
    pages = ("", "new/", f"new/{image.pk}/")
    scale = f"/api/campaigns/navcam/illustrations/scale/{image.pk}/?x=80&y=50&cm=50"
    for page in pages:
        assert client.get(f"/manage/navcam/illustrations/{page}").status_code == 302
    client.force_login(new_account("vera"))
    for page in pages:
        assert client.get(f"/manage/navcam/illustrations/{page}").status_code == 403
    assert client.post(f"/manage/navcam/illustrations/new/{image.pk}/", sent()).status_code == 403
    assert client.get(scale).status_code == 403
    assert not Illustration.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"crop": [100, 0, 120, 80]},
        {"crop": [0, 0, 20, 20]},
        {"crop": "all"},
        {"crop": [0, 0, float("nan"), 80]},
        {"marks": {"kind": "outline"}},
        {"marks": [ARROW] * (illustrations.MAX_MARKS + 1)},
        {"marks": [{**OUTLINE, "points": [[0, 0], [1, 1]]}]},
        {"marks": [{**OUTLINE, "points": [[0, 0]] * (illustrations.MAX_POINTS + 1)}]},
        {"marks": [{**OUTLINE, "points": [[0, 0], [1, "x"], [2, 2]]}]},
        {"marks": [{**OUTLINE, "code": 77}]},
        {"marks": [{**OUTLINE, "captions": {"es": "Solo en español"}}]},
        {"marks": [{"kind": "scale", "points": [[80, 50]], "length_cm": 51}]},
        {"marks": [{"kind": "script", "points": [[1, 1]]}]},
    ],
)
def test_a_drawing_out_of_bounds_is_refused(
    campaign: Campaign, image: Image, manager: Client, changes: dict[str, Any]
) -> None:
    answer = manager.post(f"/manage/navcam/illustrations/new/{image.pk}/", sent(**changes))
    assert answer.status_code == 200
    assert 'class="errorlist' in answer.content.decode()
    assert not Illustration.objects.exists()


def test_the_number_of_illustrations_is_bounded(
    campaign: Campaign, image: Image, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(illustrations, "MAX_ILLUSTRATIONS", 1)
    make(manager, image)
    answer = manager.post(f"/manage/navcam/illustrations/new/{image.pk}/", sent())
    assert "too many" in answer.content.decode()
    assert Illustration.objects.count() == 1


def test_marks_end_at_the_edge_of_the_part_that_is_shown(image: Image) -> None:
    [mark] = illustrations.checked_marks(
        image, (10, 5, 120, 80), [{**ARROW, "points": [[-50, 0], [300, 300]]}]
    )
    assert mark["points"] == [[10, 5], [130, 85]]


def test_a_used_illustration_is_not_removed(
    campaign: Campaign, image: Image, manager: Client
) -> None:
    step = campaign.tutorial_steps.all()[0]
    item = make(manager, image, f"?for=step-{step.pk}-picture")
    manager.post("/manage/navcam/illustrations/", {"remove": item.pk})
    assert Illustration.objects.exists()
    step.refresh_from_db()
    step.picture = ""
    step.save()
    manager.post("/manage/navcam/illustrations/", {"remove": item.pk})
    assert not Illustration.objects.exists()


# -- independence, retired and removed images ------------------------------------------------------


@pytest.mark.usefixtures("public")
def test_gold_images_are_not_shown_unless_they_may_serve_for_practice(
    campaign: Campaign, image: Image, manager: Client, client: Client
) -> None:
    step = campaign.tutorial_steps.all()[0]
    item = make(manager, image, f"?for=step-{step.pk}-picture")
    Image.objects.filter(pk=image.pk).update(pool=Image.Pool.GOLD)
    assert "Bedrock beside sand" not in client.get("/c/navcam/tutorial/").content.decode()
    assert picture_of(client, item) is None
    assert picture_of(manager, item)
    assert illustration_name(item.pk) not in lessons.picture_choices(campaign)
    assert "a gold image" in manager.get("/manage/navcam/illustrations/").content.decode()
    assert manager.get(f"/manage/navcam/illustrations/new/{image.pk}/").status_code == 404
    again = manager.post(f"/manage/navcam/illustrations/{item.pk}/", sent())
    assert "gold image" in again.content.decode()

    Campaign.objects.update(allow_gold_practice=True)
    assert "Bedrock beside sand" in client.get("/c/navcam/tutorial/").content.decode()
    assert picture_of(client, item)


def test_an_illustrated_image_is_not_sampled_for_gold(
    campaign: Campaign, image: Image, manager: Client
) -> None:
    other = new_image(campaign, crowd_label_count=99)
    make(manager, image)
    plan = GoldPlan(campaign=campaign, only_fresh=True)
    assert image not in plans.candidates(plan)
    assert other in plans.candidates(plan)


def test_images_that_need_labels_come_last_and_are_marked(
    campaign: Campaign, image: Image, manager: Client
) -> None:
    fresh = new_image(campaign, 1, width=160, height=100)
    gold = new_image(campaign, 2, pool=Image.Pool.GOLD)
    retired = new_image(campaign, 3, retired_at=timezone.now())
    offered = list(illustrations.images_to_show(campaign))
    assert offered == [image, fresh]
    assert gold not in offered
    assert retired not in offered
    shown = manager.get("/manage/navcam/illustrations/new/").content.decode()
    assert shown.count("still needs labels") == 1
    found = manager.get("/manage/navcam/illustrations/new/", {"q": fresh.product_id.lower()})
    assert image.product_id not in found.content.decode()
    notice = "People still label this image."
    url = "/manage/navcam/illustrations/new/{}/"
    assert notice in manager.get(url.format(fresh.pk)).content.decode()
    assert notice not in manager.get(url.format(image.pk)).content.decode()


def test_a_picture_of_a_retired_or_removed_image_stays(
    campaign: Campaign, image: Image, manager: Client, client: Client
) -> None:
    item = make(manager, image)
    url = f"/manage/navcam/illustrations/{item.pk}/"
    Image.objects.filter(pk=image.pk).update(retired_at=timezone.now())
    assert "The image is retired" in manager.get("/manage/navcam/illustrations/").content.decode()
    assert manager.post(url, sent(marks=[ARROW])).status_code == 302
    image.delete()
    assert picture_of(client, item)
    assert "can no longer be changed" in manager.get(url).content.decode()
    item.refresh_from_db()
    with pytest.raises(illustrations.IllustrationRefused):
        illustrations.store(ACTOR, item, (0, 0, 100, 80), [])


# -- scale -----------------------------------------------------------------------------------------


def test_a_scale_follows_the_images_own_scale_bar(
    campaign: Campaign, image: Image, manager: Client
) -> None:
    url = f"/api/campaigns/navcam/illustrations/scale/{image.pk}/"
    assert manager.get(url, {"x": 75, "y": 52, "cm": 100}).json() == {"px": 80.0}
    far = manager.get(url, {"x": 10, "y": 10, "cm": 50})
    assert far.status_code == 400
    assert "distance of the ground is not known" in far.json()["detail"]
    assert manager.get(url, {"x": "nan", "y": 10, "cm": 50}).status_code == 400
    item = make(manager, image, marks=[{"kind": "scale", "points": [[80, 50]], "length_cm": 50}])
    assert item.marks[0]["length_px"] == 40.0, "the server computes it"


@pytest.mark.parametrize("shape", [(90, 120), (90, 120, 3)])
def test_every_mark_is_drawn_inside_the_picture(shape: tuple[int, ...]) -> None:
    import numpy as np

    frame = np.full(shape, 90, dtype=np.uint8)
    marks = [
        Mark("outline", ((0, 0), (60, 60), (60, 0), (0, 60)), "#E69F00", 1),
        Mark("arrow", ((119, 89), (119, 89)), number=2),
        Mark("scale", ((118, 88),), length_px=50, length_cm=200),
    ]
    with Pillow.open(io.BytesIO(render(frame, (0, 0, 120, 90), marks))) as drawn:
        assert drawn.size == (480, 360)
        colors = {color for _n, color in drawn.convert("RGB").getcolors(1 << 20) or ()}
    assert any(red > green + 30 for red, green, _blue in colors)
    assert max(min(color) for color in colors) > 200
