"""Pseudonyms are the same throughout a release, and new after a person was erased."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from labeling.models import Campaign, Label
from labeling.people.services.erasing import erase_account, erase_labeler
from labeling.people.services.labelers import labeler_of_user
from merging.formats.contents.raw_labels import pseudonym
from merging.models import Publishing, Release
from merging.releases.services import builder, parts, pseudonyms, requests
from merging.releases.services.builder import claim
from merging.releases.services.requests import ReleaseRequest, request_release
from tests.factories import (
    ACTOR,
    accept,
    campaign_to_release,
    new_account,
    new_admin,
    new_campaign,
    new_image,
)
from tests.merging.releases.building import build, files_in

pytestmark = pytest.mark.django_db

WANTED = ReleaseRequest(formats=("zooniverse",), released_on=date(2026, 6, 1))


TRAIN = "NLA_397000001EDR_F0010008AUT_04096M1"


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign with labels of guests and of Vera, who has an account."""
    made = campaign_to_release()
    vera = labeler_of_user(new_account("vera"))
    accept(made.images.get(product_id=TRAIN), "3333", "3313", labeler=vera)
    return made


def names_in(tree: Path) -> dict[str, list[str]]:
    """Return the pseudonyms in a release, by image."""
    found = {}
    for path in sorted((tree / "raw" / "labels").iterdir()):
        said = json.loads(path.read_bytes())
        found[said["image"]] = [label["labeler"] for label in said["labels"]]
    return found


def everybody(tree: Path) -> set[str]:
    return {name for names in names_in(tree).values() for name in names}


def test_erasing_a_person_changes_pseudonyms_only_in_the_next_release(
    campaign: Campaign, tmp_path: Path
) -> None:
    first = build(campaign, tmp_path / "first", "0.1", WANTED)
    same = build(campaign, tmp_path / "same", "0.2", WANTED)
    assert names_in(first) == names_in(same)

    erase_account(ACTOR, User.objects.get(username="vera"))

    again = builder.rebuild_folder(Release.objects.get(version="0.1"), tmp_path / "again", 1, None)
    assert files_in(again) == files_in(first)
    following = build(campaign, tmp_path / "next", "0.3", WANTED)
    assert everybody(following).isdisjoint(everybody(first))
    assert len(everybody(following)) == len(everybody(first)) == 5
    # And those stay, until the next person is erased.
    assert names_in(build(campaign, tmp_path / "later", "0.4", WANTED)) == names_in(following)


def test_releases_before_can_be_made_again_from_labels_alone(
    campaign: Campaign, tmp_path: Path
) -> None:
    first = build(campaign, tmp_path / "first", "0.1", WANTED)
    erase_labeler(ACTOR, Label.objects.filter(role="crowd")[0].labeler)
    build(campaign, tmp_path / "next", "0.2", WANTED)
    shutil.rmtree(parts.store().folder)

    again = builder.rebuild_folder(Release.objects.get(version="0.1"), tmp_path / "again", 1, None)

    assert files_in(again) == files_in(first)


def test_other_campaigns_keep_their_pseudonyms(campaign: Campaign, tmp_path: Path) -> None:
    other = new_campaign("other")
    accept(new_image(other, 50), "00..", "....")
    keys = {each.pk: pseudonyms.key_of(ACTOR, each) for each in (campaign, other)}

    erase_labeler(ACTOR, Label.objects.filter(image__campaign=campaign)[0].labeler)

    assert pseudonyms.key_of(ACTOR, other) == keys[other.pk]
    assert pseudonyms.key_of(ACTOR, campaign) != keys[campaign.pk]


def test_a_release_that_was_stopped_goes_on_with_other_pseudonyms(
    campaign: Campaign, tmp_path: Path
) -> None:
    """Otherwise its remaining parts would have the old ones."""
    release = claim(request_release(ACTOR, campaign, "0.1", WANTED).pk)
    assert release is not None
    builder.make_parts(release, 1, None)
    made = {
        name for part in release.parts.all() for names in part.labelers.values() for name in names
    }
    assert requests.stop(ACTOR, release)
    erase_labeler(ACTOR, Label.objects.filter(role="crowd")[0].labeler)

    assert requests.resume(ACTOR, release)
    resumed = claim(release.pk)
    assert resumed is not None
    tree = builder.build_folder(resumed, tmp_path, 1, None)

    assert made
    assert everybody(tree).isdisjoint(made)


def test_who_is_named_how_is_in_no_release(campaign: Campaign, tmp_path: Path) -> None:
    tree = build(campaign, tmp_path, "0.1", WANTED)
    release = Release.objects.get()
    labelers = {label.labeler_id for label in Label.objects.filter(image__retired_at=None)}

    assert everybody(tree) == {pseudonym(release.pseudonym_key, each) for each in labelers}
    for name, content in files_in(tree).items():
        assert release.pseudonym_key.encode() not in content, name
        assert b"vera" not in content, name


def test_admins_may_ask_for_other_pseudonyms(campaign: Campaign, client: Client) -> None:
    key = pseudonyms.key_of(ACTOR, campaign)
    client.force_login(new_admin())

    answer = client.post(
        "/admin/merging/publishing/",
        {"action": "forget_pseudonyms", "_selected_action": [campaign.pk]},
    )

    assert answer.status_code == 302
    assert Publishing.objects.get().pseudonym_key == pseudonyms.key_of(ACTOR, campaign) != key
