"""Pages of campaigns that are closed, or have no images yet."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from labeling.models import Campaign, Draft
from labeling.people.services.labelers import labeler_of_user
from tests.factories import accept, assign, new_admin, new_campaign, new_image
from tests.labeling.annotation.test_drafts import body, url
from tests.visitors import Visitor

pytestmark = pytest.mark.django_db

PAGES = ("tutorial/", "draw/", "practice/", "guide/")


@pytest.fixture
def ready() -> Campaign:
    campaign = new_campaign("ready", name="Zebra crater")
    new_image(campaign, 1)
    return campaign


def without(what: str) -> Campaign:
    """Return an open campaign without classes, without images, or with only retired ones."""
    campaign = new_campaign("unready", name="Ares plain")
    if what == "classes":
        new_image(campaign, 1)
        campaign.guide_entries.all().delete()
        campaign.terrain_classes.all().delete()
    elif what == "usable pictures":
        new_image(campaign, 1, retired_at=timezone.now())
    return campaign


@pytest.mark.parametrize("what", ["classes", "pictures", "usable pictures"])
def test_a_campaign_with_nothing_to_draw_is_not_public(
    client: Client, ready: Campaign, what: str
) -> None:
    campaign = without(what)

    front = client.get("/").content.decode()
    assert campaign.name not in front
    assert '"/c/ready/draw/"' in front
    for page in PAGES:
        answer = client.get(f"/c/unready/{page}")
        said = answer.content.decode()
        assert answer.status_code == 404
        assert "is not ready yet" in said
        assert '"/c/ready/draw/"' in said
    for api in ("next/", "practice/next/"):
        answer = client.post(f"/api/campaigns/unready/{api}", {}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (404, "campaign_not_public")
    assert campaign.name not in client.get("/drawings/").content.decode()


def test_admins_see_a_campaign_before_it_is_public(client: Client, ready: Campaign) -> None:
    without("pictures")
    client.force_login(new_admin())
    assert client.get("/c/unready/tutorial/").status_code == 200
    assert "Not public yet" in client.get("/manage/").content.decode()
    assert "it has no images" in client.get("/manage/unready/").content.decode()
    assert "it has no" not in client.get("/manage/ready/").content.decode()


def test_a_closed_campaign_says_so_and_what_is_open(client: Client, ready: Campaign) -> None:
    closed = new_campaign("closed", name="Old crater")
    new_image(closed, 1)
    Campaign.objects.filter(pk=closed.pk).update(is_open=False)
    for page in PAGES:
        answer = client.get(f"/c/closed/{page}")
        said = answer.content.decode()
        assert answer.status_code == 410
        assert "no-store" in answer["Cache-Control"], "it may be opened again"
        assert "“Old crater” is closed" in said
        assert "All drawings that people sent are kept" in said
        assert '"/c/ready/draw/"' in said
        assert "outbox-config" not in said, "nobody knows this visitor"
    for api in ("next/", "practice/next/"):
        answer = client.post(f"/api/campaigns/closed/{api}", {}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (410, "campaign_closed")
    Campaign.objects.filter(pk=ready.pk).update(is_open=False)
    assert "No other project is open" in client.get("/c/closed/draw/").content.decode()
    assert client.get("/c/never/draw/").status_code == 404


def test_a_guest_without_a_label_is_told_how_long_a_drawing_is_kept(
    ready: Campaign,
) -> None:
    image, guest = ready.images.get(), Visitor()
    guest.post("/api/campaigns/ready/next/")
    assert guest.put(url(image), body()).status_code == 200
    Campaign.objects.filter(pk=ready.pk).update(is_open=False)

    said = guest.get("/c/ready/draw/").content.decode()

    assert "1 unfinished drawing is kept for 14 days" in said


def test_who_drew_in_a_closed_campaign_is_told_what_becomes_of_it(
    client: Client, ready: Campaign
) -> None:
    admin = new_admin()
    client.force_login(admin)
    labeler = labeler_of_user(admin)
    accept(ready.images.get(), "0000", "....", labeler=labeler)
    other = new_image(ready, 2)
    assign(other, labeler)
    Draft.objects.create(
        image=other, labeler=labeler, polygons=[], steps=[], format=1, writer="page"
    )
    Campaign.objects.filter(pk=ready.pk).update(is_open=False)

    said = client.get("/c/ready/draw/").content.decode()

    assert "You sent 1 drawing." in said
    assert "1 unfinished drawing is kept for 90 days" in said
    assert Draft.objects.exists()
    assert "outbox-config" in said
    assert "closed.js" in said


def test_a_campaign_whose_pictures_were_all_retired_is_over(
    client: Client, ready: Campaign
) -> None:
    over = new_campaign("over", name="Old crater")
    image = new_image(over, 7)
    accept(image, "00..", "....")
    image.retired_at = timezone.now()
    image.save()

    page = client.get("/c/over/draw/")
    assert page.status_code == 410
    assert "is not ready yet" not in page.content.decode()
    answer = client.post("/api/campaigns/over/next/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (410, "campaign_closed")


def test_a_campaign_cannot_have_the_address_of_another_page() -> None:
    with pytest.raises(ValidationError, match="address of another page"):
        Campaign(slug="feedback", name="Old crater").full_clean()
