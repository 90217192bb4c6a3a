"""Deleting a campaign: only if it is empty, or after a confirmation."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from labeling.images.services import import_jobs
from labeling.models import Campaign, Image, Label, Labeler
from labeling.people.services.labelers import imported_labeler
from merging.masks.services.merges import merge_image
from merging.releases.services.requests import request_release
from tests.factories import (
    ACTOR,
    accept,
    give_score,
    new_account,
    new_admin,
    new_campaign,
    new_image,
)
from tests.merging.releases.building import build

pytestmark = pytest.mark.django_db


def files() -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


@pytest.fixture
def kept() -> Campaign:
    """Return another campaign, which must not change."""
    campaign = new_campaign("kept")
    accept(new_image(campaign, 1), "0000", "0000", labeler=imported_labeler(campaign, "vera"))
    return campaign


@pytest.fixture
def campaign(kept: Campaign) -> Campaign:
    campaign = new_campaign("gone")
    image = new_image(campaign, 1)
    give_score(accept(image, "0000", "0000", labeler=imported_labeler(campaign, "vera")), 0.5)
    merge_image(image.pk)
    import_jobs.stop(
        ACTOR, import_jobs.start(ACTOR, campaign, "", SimpleUploadedFile("x.zip", b"PK"))
    )
    return campaign


def is_complete(kept: Campaign) -> bool:
    call_command("check_files")
    return (
        list(Campaign.objects.all()) == [kept]
        and (Image.objects.count(), Label.objects.count(), Labeler.objects.count()) == (1, 1, 1)
        and all(f"campaign-{kept.pk}" in str(path) for path in files())
    )


def test_labels_are_deleted_only_when_confirmed(campaign: Campaign, kept: Campaign) -> None:
    before = len(files())
    for typed in ([], ["--confirm", "kept"]):
        with pytest.raises(CommandError, match="1 label, which will be deleted too"):
            call_command("delete_campaign", "gone", *typed)
    assert len(files()) == before
    assert Label.objects.count() == 2

    call_command("delete_campaign", "gone", "--confirm", "gone")

    assert is_complete(kept)


def test_without_labels_nothing_is_asked(kept: Campaign) -> None:
    new_image(new_campaign("empty"), 1)
    call_command("delete_campaign", "empty")
    assert is_complete(kept)
    with pytest.raises(CommandError, match="no campaign 'empty'"):
        call_command("delete_campaign", "empty")


def test_a_campaign_with_releases_is_kept(campaign: Campaign, tmp_path: Path) -> None:
    build(campaign, tmp_path, "1.0")
    with pytest.raises(CommandError, match=r"has releases \(1\.0\)"):
        call_command("delete_campaign", "gone", "--confirm", "gone")
    assert Label.objects.count() == 2


def test_an_unfinished_release_goes_and_an_import_under_way_is_in_the_way(
    campaign: Campaign, kept: Campaign
) -> None:
    request_release(ACTOR, campaign, "1.0")
    job = import_jobs.start(ACTOR, campaign, "somewhere")
    with pytest.raises(CommandError, match="being imported"):
        call_command("delete_campaign", "gone", "--confirm", "gone")
    import_jobs.stop(ACTOR, job)
    call_command("delete_campaign", "gone", "--confirm", "gone")
    assert is_complete(kept)


def test_a_file_that_an_earlier_version_gave_to_two_campaigns_stays(
    campaign: Campaign, kept: Campaign
) -> None:
    folder = Path(settings.MEDIA_ROOT) / "campaigns" / "navcam"
    folder.mkdir(parents=True)
    for name in ("both.jpg", "own.jpg"):
        (folder / name).write_bytes(b"x")
    Image.objects.filter(campaign=campaign).update(
        original="campaigns/navcam/both.jpg", display="campaigns/navcam/own.jpg"
    )
    Image.objects.filter(campaign=kept).update(thumbnail="campaigns/navcam/both.jpg")
    call_command("delete_campaign", "gone", "--confirm", "gone")
    assert [path.name for path in folder.iterdir()] == ["both.jpg"]


def test_the_page_asks_and_deletes(client: Client, campaign: Campaign, kept: Campaign) -> None:
    page = "/manage/gone/delete/"
    client.force_login(new_account("vera"))
    assert client.get(page).status_code == 403
    assert client.post(page, {"typed": "gone"}).status_code == 403
    client.force_login(new_admin())
    assert "To confirm, type gone" in client.get(page).content.decode()
    assert 'href="/manage/gone/delete/"' in client.get("/manage/gone/").content.decode()
    for typed in ("", "Gone"):
        answer = client.post(page, {"typed": typed})
        assert 'role="alert"' in answer.content.decode()
    assert Campaign.objects.count() == 2

    answer = client.post(page, {"typed": "gone"}, follow=True)

    assert "was deleted." in answer.content.decode()
    assert is_complete(kept)


def test_the_page_says_why_not(client: Client, campaign: Campaign, tmp_path: Path) -> None:
    build(campaign, tmp_path, "1.0")
    client.force_login(new_admin())
    said = client.get("/manage/gone/delete/").content.decode()
    assert "Close the campaign instead" in said
    assert "Delete permanently" not in said
    client.post("/manage/gone/delete/", {"typed": "gone"})
    assert Campaign.objects.count() == 2
