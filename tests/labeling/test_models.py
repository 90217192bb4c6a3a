"""Querysets and small methods of the labeling models."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from labeling.campaigns.presets.missions import PRESETS
from labeling.campaigns.services.creation import campaign_from_preset
from labeling.models import ASSIGNMENT_HOLD, Assignment, Campaign, Image, Label, Labeler
from labeling.people.services.labelers import (
    adopt_guest,
    imported_labeler,
    labeler_of_user,
    new_guest,
)
from tests.factories import ACTOR, accept, assign, draw, new_account, new_campaign, new_image

pytestmark = pytest.mark.django_db


def test_a_preset_makes_a_campaign_with_classes_and_tutorial() -> None:
    campaign, created = campaign_from_preset(ACTOR, "navcam", "msl-navcam")

    assert created
    assert campaign.class_codes() == (0, 1, 2, 3)
    assert [terrain.name for terrain in campaign.terrain_classes.all()] == [
        "Soil",
        "Bedrock",
        "Sand",
        "Big rock",
    ]
    assert campaign.tutorial_steps.count() == len(PRESETS["msl-navcam"].steps)
    # Paper 3.1 and 3.3
    assert (campaign.target_labels, campaign.merge_minimum, campaign.merge_percent) == (10, 3, 65)


def test_a_campaign_that_exists_keeps_what_its_admin_changed() -> None:
    Campaign.objects.filter(pk=new_campaign().pk).update(name="Mine", scale_bar_m=0.3)

    campaign, created = campaign_from_preset(ACTOR, "navcam", "mer-navcam")

    assert not created
    assert (campaign.name, campaign.scale_bar_m) == ("Mine", 0.3)
    assert campaign.terrain_classes.count() == 4


def test_an_unknown_preset_makes_nothing() -> None:
    with pytest.raises(KeyError):
        campaign_from_preset(ACTOR, "navcam", "venus")
    assert not Campaign.objects.exists()


def test_closed_campaigns_are_not_open() -> None:
    campaign = new_campaign()
    for each in (campaign, new_campaign("closed", is_open=False)):
        new_image(each)

    assert list(Campaign.objects.open()) == [campaign]


def test_class_codes_need_not_be_contiguous() -> None:
    campaign = new_campaign()
    campaign.terrain_classes.filter(code=1).update(code=40)

    assert campaign.class_codes() == (0, 2, 3, 40)


def test_in_pool_leaves_out_retired_gold_and_finished_images() -> None:
    campaign = new_campaign(target_labels=2)
    wanted = new_image(campaign, crowd_label_count=1)
    new_image(campaign, crowd_label_count=2)
    new_image(campaign, crowd_label_count=3)
    new_image(campaign, pool=Image.Pool.GOLD)
    new_image(campaign, retired_at=timezone.now())

    assert list(Image.objects.in_pool()) == [wanted]


def test_unseen_by_forgets_nothing_a_labeler_was_ever_given() -> None:
    campaign = new_campaign()
    labeler, somebody_else = new_guest(), new_guest()
    fresh, opened, skipped = (new_image(campaign) for _ in range(3))
    assign(opened, labeler)
    assignment = assign(skipped, labeler)
    Assignment.objects.filter(pk=assignment.pk).update(
        status=Assignment.Status.SKIPPED, closed_at=timezone.now()
    )

    assert list(Image.objects.unseen_by(labeler)) == [fresh]
    assert Image.objects.unseen_by(somebody_else).count() == 3


def test_a_place_is_taken_by_labels_and_by_those_who_draw_now() -> None:
    campaign = new_campaign(target_labels=2)
    image = new_image(campaign, crowd_label_count=1)
    assert image in Image.objects.with_free_place()

    assignment = assign(image, new_guest())
    assert image not in Image.objects.with_free_place()

    # Whoever opened a page and left gives the place back after a while.
    long_ago = timezone.now() - ASSIGNMENT_HOLD - timedelta(seconds=1)
    Assignment.objects.filter(pk=assignment.pk).update(served_at=long_ago)
    assert image in Image.objects.with_free_place()


def test_experts_take_no_place_of_the_crowd() -> None:
    image = new_image(new_campaign(target_labels=1))
    assign(image, new_guest(), role="expert")

    assert image in Image.objects.with_free_place()


def test_label_querysets_by_status_and_role() -> None:
    image = new_image(new_campaign())
    accepted = accept(image, "00..", "....")
    expert = accept(image, "11..", "....", role="expert")
    received = draw(image, "00..", "....")

    assert list(Label.objects.received()) == [received]
    assert set(Label.objects.accepted()) == {accepted, expert}
    assert set(Label.objects.crowd()) == {accepted, received}
    assert list(Label.objects.expert()) == [expert]


def test_a_sort_key_is_drawn_for_each_image() -> None:
    campaign = new_campaign()
    keys = {new_image(campaign).sort_key for _ in range(5)}

    assert len(keys) == 5
    assert all(0 <= key < 1 for key in keys)


def test_an_account_has_one_labeler_named_after_it() -> None:
    user = new_account("vera")

    assert labeler_of_user(user) == labeler_of_user(user)
    assert str(labeler_of_user(user)) == "vera"


def test_a_guest_without_a_name_is_still_called_something() -> None:
    guest = new_guest()
    assert str(guest) == f"Guest {guest.pk}"


def test_an_imported_name_is_one_person_per_campaign() -> None:
    one, two = new_campaign(), new_campaign("two")

    assert imported_labeler(one, "vera") == imported_labeler(one, "vera")
    assert imported_labeler(one, "vera") != imported_labeler(two, "vera")


def test_a_guest_who_signs_up_keeps_the_labels() -> None:
    guest = new_guest()
    label = draw(new_image(new_campaign()), "00..", "....", labeler=guest)
    user = new_account("vera")

    labeler = adopt_guest(ACTOR, guest, user)

    label.refresh_from_db()
    assert (label.labeler, labeler.user, labeler.guest_key) == (labeler, user, None)
    assert str(labeler) == "vera"


def test_a_guest_of_somebody_with_labels_stays_apart() -> None:
    image = new_image(new_campaign())
    user = new_account("vera")
    own, guest = labeler_of_user(user), new_guest()
    draw(image, "00..", "....", labeler=own)
    # The same image as before, this time without having signed in
    draw(image, "11..", "....", labeler=guest)

    assert adopt_guest(ACTOR, guest, user) == own
    assert Label.objects.count() == 2
    assert Labeler.objects.get(pk=guest.pk).guest_key is not None


def test_a_class_keeps_its_code_once_there_are_labels() -> None:
    image = new_image(new_campaign())
    sand = image.campaign.terrain_classes.get(code=2)
    sand.code = 7
    sand.clean()

    draw(image, "00..", "....")
    with pytest.raises(ValidationError, match="its code stays 2"):
        sand.clean()
