"""The managers' pages of releases: the form, stopping and resuming, and downloads."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from labeling.models import Campaign
from merging.formats.exports import EXPORTS
from merging.models import Publishing, Release
from merging.releases import tasks, views
from merging.releases.names import FORMATS, LAYOUTS, READERS
from merging.releases.services.builder import build_folder, claim
from merging.releases.services.requests import request_release
from tests.factories import ACTOR, accept, new_admin, new_campaign, new_expert, new_image

pytestmark = pytest.mark.django_db

WANTED = {"version": "0.1", "layout": "v0.1", "method": "votes"}


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=3)


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the releases whose build was enqueued."""
    asked: list[int] = []
    monkeypatch.setattr(views, "enqueue", lambda task, release_id: asked.append(release_id))
    return asked


def test_asking_for_a_release(campaign: Campaign, admin: Client, enqueued: list[int]) -> None:
    new_image(campaign)

    response = admin.post("/manage/navcam/releases/", WANTED)

    assert response.status_code == 302
    release = Release.objects.get()
    assert (release.status, str(release.created_by)) == ("queued", "ada")
    assert enqueued == [release.pk]

    again = admin.post("/manage/navcam/releases/", WANTED)
    assert again.status_code == 200
    assert "already requested" in again.context["form"].errors["version"][0]
    assert (Release.objects.count(), enqueued) == (1, [release.pk])


@pytest.mark.parametrize("version", ["", "../x", "a b", ".x", "x" * 41])
def test_a_version_that_cannot_be(
    campaign: Campaign, admin: Client, enqueued: list[int], version: str
) -> None:
    new_image(campaign)

    response = admin.post("/manage/navcam/releases/", {**WANTED, "version": version})

    assert (response.status_code, Release.objects.count(), enqueued) == (200, 0, [])


def test_a_release_while_it_is_built_and_after(campaign: Campaign, admin: Client) -> None:
    image = new_image(campaign)
    for _ in range(3):
        accept(image, "00..", "....")
    release = request_release(ACTOR, campaign, "0.1")
    progress, download = (f"/releases/{release.pk}/{page}/" for page in ("progress", "download"))

    assert admin.get(progress).json() == {
        "status": "queued",
        "done": 0,
        "total": 0,
        "percent": 0,
        "message": "",
        "download_url": None,
        "changes": [],
        "empty_masks": [],
        "sha256": "",
        "size": "",
    }
    assert admin.get(download).status_code == 404

    tasks.build_release(release.pk)

    state = admin.get(progress).json()
    assert (state["status"], state["done"], state["total"], state["percent"]) == (
        "complete",
        1,
        1,
        100,
    )
    response = admin.get(state["download_url"])
    assert 'filename="ai4mars-dataset-merged-0.1.zip"' in response["Content-Disposition"]
    content = b"".join(response.streaming_content)
    release.refresh_from_db()
    assert (content[:2], len(content)) == (b"PK", release.size)
    page = admin.get("/manage/navcam/releases/").content.decode()
    assert release.sums_sha256 in page
    assert "downloaded 1 time" in page


def test_one_of_the_command_line_has_nothing_to_download(
    campaign: Campaign, admin: Client, tmp_path: Path
) -> None:
    new_image(campaign)
    release = claim(request_release(ACTOR, campaign, "0.1").pk)
    assert release is not None
    build_folder(release, tmp_path, 1, None)

    assert admin.get(f"/releases/{release.pk}/progress/").json()["download_url"] is None
    page = admin.get("/manage/navcam/releases/").content.decode()
    assert re.search(r"data-download\s+hidden", page)
    assert re.search(r"data-elsewhere\s*>", page)


# -- the form --------------------------------------------------------------------------------------


def test_what_is_usual_is_filled_in(campaign: Campaign, admin: Client) -> None:
    new_image(campaign)

    form = admin.get("/manage/navcam/releases/").context["form"]

    assert {name: form[name].value() for name in form.fields} == {
        "version": "0.1",
        "layout": "v0.1",
        "released_on": timezone.localdate(),
        "method": "votes",
        "formats": None,
    }
    request_release(ACTOR, campaign, "1.9")
    assert admin.get("/manage/navcam/releases/").context["form"]["version"].value() == "1.10"


def test_a_layout_with_a_place_for_all_images_is_proposed(
    campaign: Campaign, admin: Client, enqueued: list[int]
) -> None:
    new_image(campaign)
    new_image(campaign, rover="perseverance")

    assert admin.get("/manage/navcam/releases/").context["form"]["layout"].value() == "v0.6"
    refused = admin.post("/manage/navcam/releases/", WANTED)
    said = refused.context["form"].errors["layout"][0]
    assert "supports curiosity navcam only; 1 of this" in said
    assert said.endswith("Choose layout v0.6.")
    assert (Release.objects.count(), enqueued) == (0, [])


@pytest.mark.parametrize("camera", ["", "chemcam"])
def test_where_nothing_can_be_released_it_is_said_instead(
    campaign: Campaign, admin: Client, camera: str
) -> None:
    said = "Import some first"
    if camera:
        new_image(campaign, camera=camera)
        said = "Retire these images"

    answer = admin.get("/manage/navcam/releases/")

    assert said in answer.context["refusal"]
    assert said in answer.content.decode()
    assert "Build release" not in answer.content.decode()


def test_all_that_can_be_chosen(campaign: Campaign, admin: Client, enqueued: list[int]) -> None:
    new_image(campaign)
    wanted = {
        "version": "2026-11",
        "layout": "v0.6",
        "released_on": "2026-11-03",
        "method": "random",
        "formats": ["parquet", "geojson"],
    }

    assert admin.post("/manage/navcam/releases/", wanted).status_code == 302

    release = Release.objects.get()
    assert (release.version, release.layout, str(release.released_on), release.formats) == (
        "2026-11",
        "v0.6",
        "2026-11-03",
        ["geojson", "parquet"],
    )
    assert release.method["kind"] == "random"


@pytest.mark.parametrize(
    ("field", "value"),
    [("formats", ["netcdf"]), ("method", "skill"), ("method", "by-eye"), ("released_on", "soon")],
)
def test_a_mistake_in_a_further_choice_is_shown_where_it_is(
    campaign: Campaign, admin: Client, enqueued: list[int], field: str, value: object
) -> None:
    """Including a missing skill estimate."""
    new_image(campaign)

    answer = admin.post("/manage/navcam/releases/", {**WANTED, field: value})

    assert set(answer.context["form"].errors) == {field}
    assert '<details class="quiet-details" open>' in answer.content.decode()
    assert (Release.objects.count(), enqueued) == (0, [])


def test_every_format_and_layout_has_a_name() -> None:
    assert set(FORMATS) == set(READERS) == set(EXPORTS)
    assert set(LAYOUTS) == set(Release.Layout.values)


# -- stopping and going on -------------------------------------------------------------------------


@pytest.fixture
def release(campaign: Campaign) -> Release:
    """Return a queued release."""
    new_image(campaign)
    return request_release(ACTOR, campaign, "0.1")


def put(release: Release, status: str) -> None:
    """Put a release into a state, as its builder would."""
    if status == "complete":
        tasks.build_release(release.pk)
    elif status != "queued":
        now = timezone.now()
        Release.objects.update(status=status, claim=uuid.uuid4(), heartbeat_at=now, message="?")


@pytest.mark.parametrize(
    ("status", "after"),
    [
        ("queued", "stopped"),
        ("building", "stopped"),
        ("stopped", "stopped"),
        ("failed", "failed"),
        ("complete", "complete"),
    ],
)
def test_what_is_under_way_is_stopped(
    release: Release, admin: Client, status: str, after: str
) -> None:
    put(release, status)

    for _ in range(2):
        answer = admin.post(f"/releases/{release.pk}/stop/", follow=True)

        release.refresh_from_db()
        assert release.status == after
        assert answer.redirect_chain == [("/manage/navcam/releases/", 302)]
    # The second time there was nothing to stop, and nothing is said.
    assert "was stopped" not in answer.content.decode()


@pytest.mark.parametrize(
    ("status", "after"),
    [
        ("queued", "queued"),
        ("building", "building"),
        ("stopped", "queued"),
        ("failed", "queued"),
        ("complete", "complete"),
    ],
)
def test_what_is_unfinished_goes_on(
    release: Release, admin: Client, enqueued: list[int], status: str, after: str
) -> None:
    put(release, status)

    for _ in range(2):
        answer = admin.post(f"/releases/{release.pk}/resume/", follow=True)

        release.refresh_from_db()
        assert release.status == after
        assert answer.status_code == 200
    goes_on = status != after
    assert enqueued == [release.pk] * goes_on
    assert release.message == ("" if goes_on or status in ("queued", "complete") else "?")


def test_one_that_was_stopped_is_built_after_all(release: Release, admin: Client) -> None:
    admin.post(f"/releases/{release.pk}/stop/")
    tasks.build_release(release.pk)
    release.refresh_from_db()
    assert release.status == "stopped"

    admin.post(f"/releases/{release.pk}/resume/")
    tasks.build_release(release.pk)
    release.refresh_from_db()
    assert release.status == "complete"


@pytest.mark.parametrize("action", ["stop", "resume"])
def test_stopping_and_going_on_are_for_admins(release: Release, action: str) -> None:
    put(release, "building" if action == "stop" else "stopped")
    volunteer = Client()
    volunteer.force_login(new_expert().user)
    before = Release.objects.get().status
    url = f"/releases/{release.pk}/{action}/"

    assert Client().post(url).status_code == 302
    assert volunteer.post(url).status_code == 403
    assert Release.objects.get().status == before


def test_stopping_and_going_on_are_asked_for_by_post(release: Release, admin: Client) -> None:
    for action in ("stop", "resume"):
        assert admin.get(f"/releases/{release.pk}/{action}/").status_code == 405
        assert admin.post(f"/releases/{release.pk + 1}/{action}/").status_code == 404
    assert Release.objects.get().status == "queued"


# -- what releases say of themselves ---------------------------------------------------------------

SAID = {
    "title": "Sands of Gale",
    "creators": "Swan, R. Michael\nThe volunteers",
    "license": "CC0-1.0",
    "credits": "NASA/JPL-Caltech",
    "homepage": "example.org/sands",
}


def test_what_releases_say_is_changed_for_the_next(
    campaign: Campaign, admin: Client, enqueued: list[int]
) -> None:
    new_image(campaign)
    assert admin.get("/manage/navcam/releases/").context["terms"]["creators"] == [
        f"The labelers of {campaign.name}"
    ]
    before = request_release(ACTOR, campaign, "0.1")
    key = Publishing.objects.get().pseudonym_key

    assert admin.get("/manage/navcam/publishing/").status_code == 200
    assert admin.post("/manage/navcam/publishing/", SAID).status_code == 302

    assert Publishing.objects.get().pseudonym_key == key
    page = admin.get("/manage/navcam/releases/")
    assert page.context["terms"] == {
        "title": "Sands of Gale",
        "creators": ["Swan, R. Michael", "The volunteers"],
        "license": "Creative Commons Zero v1.0 Universal",
        "credits": "NASA/JPL-Caltech",
        "homepage": "https://example.org/sands",
    }
    admin.post("/manage/navcam/releases/", {**WANTED, "version": "0.2"})
    after = Release.objects.get(version="0.2")
    assert (after.title, after.license) == ("Sands of Gale", "CC0-1.0")
    before.refresh_from_db()
    assert (before.title, before.license) == (campaign.name, "CC-BY-4.0")


@pytest.mark.parametrize(
    ("field", "value"), [("license", ""), ("license", "do what you like"), ("homepage", "no way")]
)
def test_what_a_release_cannot_say(
    campaign: Campaign, admin: Client, field: str, value: str
) -> None:
    answer = admin.post("/manage/navcam/publishing/", {**SAID, field: value})

    assert set(answer.context["form"].errors) == {field}
    assert not Publishing.objects.exists()


def test_what_releases_say_is_for_admins(campaign: Campaign) -> None:
    volunteer = Client()
    volunteer.force_login(new_expert().user)

    assert volunteer.post("/manage/navcam/publishing/", SAID).status_code == 403
    assert Client().get("/manage/navcam/publishing/").status_code == 302
    assert not Publishing.objects.exists()


# -- who may ---------------------------------------------------------------------------------------


def test_a_release_is_for_admins(campaign: Campaign) -> None:
    new_image(campaign)
    release = request_release(ACTOR, campaign, "0.1")
    volunteer = Client()
    volunteer.force_login(new_expert().user)

    for page in ("progress", "download"):
        url = f"/releases/{release.pk}/{page}/"
        assert Client().get(url).status_code == 302
        assert volunteer.get(url).status_code == 403
    for url in ("/manage/navcam/releases/", "/manage/navcam/gold/"):
        assert volunteer.post(url, {**WANTED, "version": "0.2"}).status_code == 403
        assert Client().post(url, {}).status_code == 302
    assert Release.objects.count() == 1
