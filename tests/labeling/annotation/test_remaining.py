"""What a campaign still has for a labeler: new images, and skipped ones."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from labeling.annotation.services.assignments import assign_gold, next_assignment, skip
from labeling.annotation.services.independence import give_up
from labeling.annotation.services.remaining import (
    Remaining,
    other_campaigns,
    remaining,
    reopen_skipped,
)
from labeling.models import Assignment, Campaign, Image, Labeler, Role
from labeling.people.services.labelers import labeler_of_user, new_guest
from tests.factories import ACTOR, assign, draw, new_account, new_campaign, new_expert, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=2)


def skip_all(campaign: Campaign, labeler: Labeler) -> None:
    while (assignment := next_assignment(campaign, labeler)) is not None:
        skip(ACTOR, assignment)


def test_a_new_visitor_can_draw_where_images_need_labels(campaign: Campaign) -> None:
    assert remaining(campaign, None) == Remaining(has_new=False, skipped=0)
    new_image(campaign)
    assert remaining(campaign, None) == Remaining(has_new=True, skipped=0)


def test_skipped_images_come_last_and_only_on_request(campaign: Campaign) -> None:
    images = {new_image(campaign).pk for _ in range(3)}
    labeler = new_guest()
    first = next_assignment(campaign, labeler)
    assert first is not None
    draw(first.image, "00..", "....", labeler=labeler)
    assert remaining(campaign, labeler) == Remaining(has_new=True, skipped=0)
    skip_all(campaign, labeler)
    assert remaining(campaign, labeler) == Remaining(has_new=False, skipped=2)

    assert reopen_skipped(ACTOR, campaign, labeler) == 2

    assert remaining(campaign, labeler) == Remaining(has_new=True, skipped=0)
    again = next_assignment(campaign, labeler)
    assert again is not None
    assert again.image_id in images - {first.image_id}
    assert reopen_skipped(ACTOR, campaign, labeler) == 0


def test_images_that_need_no_label_of_this_person_do_not_come_back(campaign: Campaign) -> None:
    labeler = new_guest()
    for fields in (
        {"crowd_label_count": 2},
        {"retired_at": timezone.now()},
        {"set_aside_at": timezone.now()},
        {"pool": Image.Pool.GOLD},
    ):
        skip(ACTOR, assign(new_image(campaign, **fields), labeler))
    skip(ACTOR, assign(new_image(new_campaign("other")), labeler))
    skip(ACTOR, assign(new_image(campaign), new_guest()))
    skip(ACTOR, assign(new_image(campaign, pool=Image.Pool.PRACTICE), labeler, Role.PRACTICE))

    assert remaining(campaign, labeler).skipped == 0
    assert reopen_skipped(ACTOR, campaign, labeler) == 0


def test_a_gold_image_comes_back_unless_the_expert_gave_it_up(campaign: Campaign) -> None:
    expert = new_expert()
    kept, given_up = new_image(campaign), new_image(campaign)
    for image in (kept, given_up):
        assign_gold(ACTOR, image, [expert])
        skip(ACTOR, Assignment.objects.get(image=image))
    give_up(ACTOR, Assignment.objects.get(image=given_up))

    assert reopen_skipped(ACTOR, campaign, expert) == 1
    assert Assignment.objects.open().get().image == kept


def test_other_campaigns_are_open_and_have_new_images(campaign: Campaign) -> None:
    labeler = new_guest()
    new_image(new_campaign("complete"), crowd_label_count=99)
    new_image(new_campaign("closed", is_open=False))
    skip(ACTOR, assign(new_image(new_campaign("skipped")), labeler))
    new_image(new_campaign("other"))

    assert [other.slug for other in other_campaigns(campaign, labeler)] == ["other"]
    assert {other.slug for other in other_campaigns(campaign, None)} == {"other", "skipped"}


def test_the_front_page_leads_to_a_campaign_with_new_images(campaign: Campaign) -> None:
    user = new_account("vera")
    Campaign.objects.filter(pk=campaign.pk).update(name="A")
    new_image(campaign)
    new_image(new_campaign("other", name="B"))
    client = Client()
    client.force_login(user)
    assert client.get("/").context["first"]["slug"] == "navcam"

    skip_all(campaign, labeler_of_user(user))

    context = client.get("/").context
    assert context["first"]["slug"] == "other"
    assert [(card["has_new"], card["skipped"]) for card in context["campaigns"]] == [
        (False, 1),
        (True, 0),
    ]
    assert b"You skipped one picture" in client.get("/").content
