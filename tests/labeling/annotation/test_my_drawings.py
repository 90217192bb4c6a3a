"""A volunteer's own labels: all of them and no others."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.utils import timezone, translation

from labeling.annotation.own_labels import drawing
from labeling.annotation.services import labels
from labeling.annotation.views.own_labels import PAGE
from labeling.models import Campaign, Image, Label, Labeler
from labeling.people.services.labelers import labeler_of_user
from terrain.geometry.outlines import Outline, outlines
from tests.factories import (
    ACTOR,
    accept,
    box,
    draw,
    new_account,
    new_campaign,
    new_image,
    submission,
)
from tests.visitors import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=2)


@pytest.fixture
def vera() -> Labeler:
    return labeler_of_user(new_account("vera"))


@pytest.fixture
def client(vera: Labeler) -> Client:
    browser = Client()
    browser.force_login(vera.user)
    return browser


def cards(browser: Client, asked: str = "") -> list[str]:
    """Return the product ids on the page."""
    page = browser.get(f"/drawings/{asked}")
    assert page.status_code == 200
    return [card["product_id"] for card in page.context["cards"]]


@pytest.mark.usefixtures("public")
def test_nothing_drawn_yet_leads_to_drawing(campaign: Campaign) -> None:
    nobody = Client().get("/drawings/")

    assert nobody.context["cards"] == []
    assert "/c/navcam/draw/" in nobody.content.decode()
    assert not Labeler.objects.exists(), "looking makes nobody a labeler"


def test_ones_own_labels_newest_first_and_nobody_elses(
    campaign: Campaign, client: Client, vera: Labeler
) -> None:
    images = [new_image(campaign) for _ in range(3)]
    for image in images:
        accept(image, "01..", "....", labeler=vera)
    accept(images[0], "00..", "....")

    assert cards(client) == [image.product_id for image in reversed(images)]
    assert cards(Client()) == []


@pytest.mark.usefixtures("public")
def test_a_guest_sees_the_labels_of_this_browser(campaign: Campaign) -> None:
    guest = Visitor()
    image = new_image(campaign)
    guest.post("/api/campaigns/navcam/next/")
    guest.post("/api/labels/", submission(image))

    assert cards(guest) == [image.product_id]
    assert cards(Client()) == []


def test_the_states_in_words(campaign: Campaign, client: Client, vera: Labeler) -> None:
    thrown_out = accept(new_image(campaign), "00..", "....", labeler=vera)
    labels.reject(ACTOR, thrown_out)
    accept(new_image(campaign), "....", "....", labeler=vera)
    accept(new_image(campaign), "00..", "....", labeler=vera)
    draw(new_image(campaign), "00..", "....", labeler=vera)

    page = client.get("/drawings/")

    assert [str(card["state"]) for card in page.context["cards"]] == [
        "Being checked",
        "Included",
        "Nothing left",
        "Rejected by a reviewer",
    ]


def test_pages_and_campaigns(campaign: Campaign, client: Client, vera: Labeler) -> None:
    for _ in range(PAGE + 1):
        draw(new_image(campaign), "00..", "....", labeler=vera)
    other = new_image(new_campaign("other", name="Another one"))
    draw(other, "00..", "....", labeler=vera)

    assert len(cards(client)) == PAGE
    assert len(cards(client, "?page=2")) == 2
    assert len(cards(client, "?page=nonsense")) == PAGE
    assert cards(client, "?campaign=other") == [other.product_id]
    assert len(cards(client, "?campaign=navcam&page=2")) == 1
    assert len(cards(client, "?campaign=nonsense")) == PAGE
    assert (
        'href="?campaign=navcam&amp;page=2"'
        in client.get("/drawings/?campaign=navcam").content.decode()
    )


def test_one_page_of_labels_asks_the_database_little(
    campaign: Campaign, client: Client, vera: Labeler, django_assert_max_num_queries: object
) -> None:
    for _ in range(PAGE):
        draw(new_image(campaign), "00..", "....", labeler=vera)
    with django_assert_max_num_queries(14):
        client.get("/drawings/")


# -- one label -------------------------------------------------------------------------------------


def test_one_label_can_be_corrected(campaign: Campaign, client: Client, vera: Labeler) -> None:
    label = draw(new_image(campaign), "0011", "0011", labeler=vera)

    page = client.get(f"/drawings/{label.pk}/")

    assert page.context["correct_url"] == f"/c/navcam/draw/?correct={label.pk}"
    assert not page.context["crowd_is_ready"]
    legend = [(each["name"], each["count"]) for each in page.context["legend"]]
    assert legend == [("Soil", 1), ("Bedrock", 1)]


def test_the_classes_are_named_in_the_readers_language(
    campaign: Campaign, client: Client, vera: Labeler
) -> None:
    label = draw(new_image(campaign), "0011", "0011", labeler=vera)

    page = client.get(f"/drawings/{label.pk}/", headers={"accept-language": "es"})

    assert [each["name"] for each in page.context["legend"]] == ["Tierra", "Roca madre"]


def test_from_the_own_drawings_one_can_draw_on(
    campaign: Campaign, client: Client, vera: Labeler
) -> None:
    draw(new_image(campaign), "0011", "0011", labeler=vera)

    assert 'href="/c/navcam/draw/"' in client.get("/drawings/").content.decode()


def test_a_fixed_label_says_why(campaign: Campaign, client: Client, vera: Labeler) -> None:
    label = accept(new_image(campaign), "00..", "....", labeler=vera)
    labels.lock(ACTOR, label, Label.LockReason.RATED)

    page = client.get(f"/drawings/{label.pk}/")

    assert page.context["correct_url"] == ""
    assert "A reviewer has already rated this drawing" in page.content.decode()


def test_the_label_of_somebody_else_is_not_there(campaign: Campaign, client: Client) -> None:
    label = draw(new_image(campaign), "00..", "....")

    assert client.get(f"/drawings/{label.pk}/").status_code == 404
    assert client.get(f"/drawings/{uuid.uuid4()}/").status_code == 404
    assert Client().get(f"/drawings/{label.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"pool": Image.Pool.GOLD}, "belongs to the gold set"),
        ({"retired_at": timezone.now()}, "was removed from the project"),
        ({}, "Other people are still drawing"),
        ({"crowd_label_count": 2}, "All drawings of this picture are in"),
    ],
)
def test_what_is_said_of_the_others(
    campaign: Campaign, client: Client, vera: Labeler, fields: dict[str, object], sentence: str
) -> None:
    label = accept(new_image(campaign), "00..", "....", labeler=vera)
    Image.objects.update(**fields)

    assert sentence in client.get(f"/drawings/{label.pk}/").content.decode()


def test_a_class_that_was_taken_away_is_left_out(campaign: Campaign, vera: Labeler) -> None:
    label = draw(new_image(campaign), "01..", "....", labeler=vera)
    campaign.terrain_classes.filter(code=1).delete()

    assert len(drawing(Label.objects.get(pk=label.pk))["shapes"]) == 1


def test_numbers_in_pictures_have_no_comma(campaign: Campaign, client: Client) -> None:
    label = draw(new_image(campaign), "00..", "....")
    with translation.override("de"):
        assert "," not in drawing(label)["pattern_scale"]


# -- outlines --------------------------------------------------------------------------------------


def test_outlines_are_paths_of_all_rings() -> None:
    hole = {"class": 2, "rings": [[[0, 0], [9.25, 0], [9, 9]], [[1, 1], [2, 1], [2, 2]]]}

    assert outlines([hole]) == [Outline(2, "M0.0 0.0L9.2 0.0L9.0 9.0ZM1.0 1.0L2.0 1.0L2.0 2.0Z")]
    assert outlines([]) == []


def test_outlines_of_a_thumbnail_have_fewer_points() -> None:
    fine = {"class": 0, "rings": [[[x / 10, 0] for x in range(1000)] + [[99, 99]]]}

    [coarse] = outlines([fine], step=10)

    assert coarse.d.count("L") == 10
    assert coarse.d.endswith("L99.0 99.0Z")
    assert outlines([box(0, 0, 0, 1, 1)], step=5)[0].d == "M0.0 0.0Z"
