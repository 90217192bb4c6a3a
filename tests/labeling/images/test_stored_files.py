"""Files do not depend on names that can change, are never overwritten, and can be checked."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from PIL import Image as Pillow

from labeling.annotation.services import label_imports
from labeling.campaigns.services.creation import campaign_from_preset
from labeling.images import files
from labeling.images.lesson_pictures import url_of
from labeling.images.preparation.pictures import png_bytes
from labeling.images.services import import_jobs
from labeling.images.tasks import sweep_files
from labeling.models import Campaign, FormerSlug, Image, Label, Labeler, Role
from labeling.people.services.labelers import imported_labeler
from tests.factories import ACTOR, accept, mask, new_admin, new_campaign, new_image, product_id

pytestmark = pytest.mark.django_db


def write_frame(folder: Path, name: str, seed: int, size: tuple[int, int] = (400, 300)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed)
    coarse = noise.integers(0, 200, (6, 8), dtype=np.uint8)
    Pillow.fromarray(coarse).resize(size).save(folder / name, quality=90)
    return folder


def import_into(slug: str, folder: Path) -> Image:
    call_command("import_images", str(folder), "--campaign", slug)
    return Campaign.objects.get(slug=slug).images.get()


def rename(campaign: Campaign, slug: str) -> Campaign:
    campaign.slug = slug
    campaign.save()
    return campaign


def shown(client: Client, image: Image) -> list[bytes]:
    """Return the files of an image that a browser gets: display image, copies, thumbnail."""
    urls = [f"/images/{image.pk}/display/", f"/images/{image.pk}/thumbnail/"]
    urls += [f"/images/{image.pk}/display/{width}/" for width in image.display_widths]
    answers = [client.get(url) for url in urls]
    assert all(answer.status_code == 200 for answer in answers)
    return [b"".join(answer.streaming_content) for answer in answers]


def check(*options: str) -> int:
    try:
        call_command("check_files", *options)
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


# -- campaigns that change their names -------------------------------------------------------------


def test_a_campaign_of_a_name_that_was_given_up_overwrites_nothing(
    tmp_path: Path, client: Client
) -> None:
    first = import_into("mars-test", write_frame(tmp_path / "a", "u0000.jpg", 1))
    before = (shown(client, first), Path(first.original.path).read_bytes())
    assert first.display_widths
    rename(first.campaign, "mars-2")

    second = import_into("mars-test", write_frame(tmp_path / "b", "u0000.jpg", 2))

    first.refresh_from_db()
    assert (shown(client, first), Path(first.original.path).read_bytes()) == before
    assert shown(client, second) != before[0]
    assert check() == 0


def test_other_content_under_a_name_is_refused(tmp_path: Path) -> None:
    name = files.keep(1, "display", b"one", ".jpg")
    copy = files.put(files.copy_name(name, 320), b"small")
    assert files.put(copy, b"small") == copy
    with pytest.raises(FileExistsError):
        files.put(copy, b"other")
    assert files.keep(1, "display", b"two", ".jpg") != name
    assert files.keep(2, "display", b"one", ".jpg") != name
    # What a power cut left under the name of a content is replaced by that content.
    path = Path(settings.MEDIA_ROOT) / name
    path.write_bytes(b"o")
    assert files.keep(1, "display", b"one", ".jpg") == name
    assert path.read_bytes() == b"one"


def test_the_same_masks_go_to_two_campaigns_of_one_name(tmp_path: Path) -> None:
    first = new_campaign("navcam")
    image = new_image(first, 1)
    path = tmp_path / "vera" / f"{image.product_id}.png"
    path.parent.mkdir()
    path.write_bytes(png_bytes(mask("00..", "....")))

    def take_in(campaign: Campaign) -> list[str]:
        masks = label_imports.find_masks(tmp_path)
        outcomes = label_imports.import_masks(ACTOR, campaign, masks, Role.CROWD)
        return [outcome.status for outcome in outcomes]

    assert take_in(first) == ["imported"]
    rename(first, "earlier")
    assert take_in(first) == ["present"], "a renamed campaign knows its people"
    second = new_campaign("navcam")
    new_image(second, 1)
    assert take_in(second) == ["imported"]
    assert (Label.objects.count(), Labeler.objects.count()) == (2, 2)


def test_labelers_of_earlier_imports_keep_their_campaign() -> None:
    campaign = new_campaign("navcam")
    with_labels = Labeler.objects.create(imported_from="before/vera", name="vera")
    without = Labeler.objects.create(imported_from="navcam/viktor", name="viktor")
    unknown = Labeler.objects.create(imported_from="gone/vlad", name="vlad")
    accept(new_image(campaign, 1), "0000", "0000", labeler=with_labels)
    migration = importlib.import_module("labeling.migrations.0014_former_slugs")

    migration.name_labelers_by_campaign_key(apps, None)
    migration.name_labelers_by_campaign_key(apps, None)

    assert imported_labeler(campaign, "vera") == with_labels
    assert imported_labeler(campaign, "viktor") == without
    unknown.refresh_from_db()
    assert unknown.imported_from == "gone/vlad"


def test_labels_of_the_demo_were_not_imported() -> None:
    demo, navcam = new_campaign("renamed-demo"), new_campaign("navcam")
    simulated = new_image(demo, 1, original="campaigns/demo/original/1.JPG")
    for image in (simulated, new_image(navcam, 2)):
        accept(image, "0000", "0000", labeler=imported_labeler(image.campaign, "vera"))
    drawn = accept(new_image(navcam, 3), "0000", "0000")
    migration = importlib.import_module("labeling.migrations.0019_label_import_source")

    migration.mark_imported(apps, None)

    assert Label.objects.get(image=simulated).import_source == ""
    assert Label.objects.get(image__product_id=product_id(2)).import_source == "an unknown source"
    drawn.refresh_from_db()
    assert drawn.import_source == ""


def test_a_lesson_picture_of_an_earlier_version_stays(client: Client) -> None:
    campaign = new_campaign("navcam")
    step = campaign.tutorial_steps.all()[0]
    step.picture = "own/navcam/0123456789abcdef.webp"
    step.save()
    path = Path(settings.MEDIA_ROOT) / "campaigns/navcam/lessons/0123456789abcdef.webp"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"picture")
    rename(campaign, "other")

    answer = client.get(url_of(step.picture))

    assert b"".join(answer.streaming_content) == b"picture"
    assert check() == 0, "and is no orphan"


def test_an_upload_is_not_stored_under_its_name() -> None:
    campaign = new_campaign()
    job = import_jobs.start(ACTOR, campaign, "", SimpleUploadedFile("../Ätna;rm.zip", b"PK"))
    assert job.source == "Ätna;rm.zip"
    assert "rm" not in str(job.upload.name)


# -- former addresses ------------------------------------------------------------------------------


def test_old_addresses_lead_to_the_renamed_campaign(client: Client) -> None:
    campaign = new_campaign("navcam")
    new_image(campaign, 1)
    rename(rename(campaign, "second"), "third")

    for slug in ("navcam", "second"):
        answer = client.get(f"/c/{slug}/tutorial/?step=2")
        assert (answer.status_code, answer["Location"]) == (301, "/c/third/tutorial/?step=2")
        assert "no-store" in answer["Cache-Control"], "another campaign may take the slug"
    posted = client.post("/api/campaigns/navcam/next/", {}, content_type="application/json")
    assert (posted.status_code, posted["Location"]) == (308, "/api/campaigns/third/next/")
    assert client.get("/c/never/tutorial/").status_code == 404


def test_old_addresses_of_admins_pages(client: Client) -> None:
    rename(new_campaign("navcam"), "second")
    client.force_login(new_admin())
    answer = client.get("/manage/navcam/imports/")
    assert (answer.status_code, answer["Location"]) == (301, "/manage/second/imports/")


def test_a_campaign_that_has_the_slug_now_comes_first(client: Client) -> None:
    first = new_campaign("navcam", name="First")
    new_image(first, 1)
    rename(first, "second")
    taken = new_campaign("navcam", name="Taken")
    new_image(taken, 1)
    assert client.get("/c/navcam/tutorial/").status_code == 200

    rename(taken, "third")
    assert client.get("/c/navcam/tutorial/")["Location"] == "/c/third/tutorial/"
    rename(taken, "navcam")
    assert client.get("/c/navcam/tutorial/").status_code == 200
    assert client.get("/c/third/tutorial/")["Location"] == "/c/navcam/tutorial/"
    assert FormerSlug.campaign_of("navcam") is None


# -- checking --------------------------------------------------------------------------------------


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return import_into("navcam", write_frame(tmp_path / "a", "u0000.jpg", 1))


def test_files_that_are_right_pass(image: Image) -> None:
    accept(image, *["0" * 400] * 300)
    assert check() == 0


@pytest.mark.parametrize("field", ["original", "display", "thumbnail", "copy"])
@pytest.mark.parametrize("damage", ["missing", "changed"])
def test_damage_is_found(
    image: Image, field: str, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = (
        files.copy_name(str(image.display.name), image.display_widths[0])
        if field == "copy"
        else getattr(image, field).name
    )
    path = Path(settings.MEDIA_ROOT) / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-100])

    assert check() == 1

    said = capsys.readouterr().out
    assert f"{damage} {name} (image {image.pk}, {field})" in said
    assert f"1 {damage}" in said


def move_to(image: Image, original: str, content: bytes) -> None:
    """Turn an image's original into one of an earlier version, under the campaign's slug."""
    path = Path(settings.MEDIA_ROOT) / original
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    Image.objects.filter(pk=image.pk).update(original=original)


def test_what_an_earlier_version_overwrote_is_found(
    image: Image, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = import_into("second", write_frame(tmp_path / "b", "u0000.jpg", 2))
    name = "campaigns/navcam/original/u0000.JPG"
    content = Path(other.original.path).read_bytes()
    move_to(image, name, content)
    move_to(other, name, content)

    assert check() == 1

    said = capsys.readouterr().out
    assert f"overwritten {name} (image {image.pk}, original): image {other.pk}" in said
    assert f"changed {name} (image {image.pk}, original): It shows another picture" in said
    assert f"changed {name} (image {other.pk}" not in said


def test_an_original_of_an_earlier_version_is_compared_with_its_frame(image: Image) -> None:
    content = Path(image.original.path).read_bytes()
    old = Path(image.original.path)
    move_to(image, "campaigns/navcam/original/u0000.JPG", content)
    old.unlink()
    assert check() == 0
    Image.objects.update(source_sha256="0" * 64)
    assert check() == 0, "encoded again, it shows the same"


def test_orphans_are_listed_and_only_old_ones_deleted(
    image: Image, aged: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    young = Path(settings.MEDIA_ROOT) / files.keep(image.campaign_id, "merged", b"young", ".png")
    old = Path(settings.MEDIA_ROOT) / files.keep(image.campaign_id, "merged", b"old", ".png")
    aged(old)

    assert check() == 3
    assert "2 files" in capsys.readouterr().out
    assert old.exists()
    assert check("--delete-orphans") == 3
    assert young.exists()
    assert not old.exists()
    assert Path(image.original.path).exists()


@pytest.fixture
def aged() -> Callable[[Path], None]:
    def make_old(path: Path) -> None:
        before = time.time() - 3 * 24 * 3600
        os.utime(path, (before, before))

    return make_old


def test_what_a_killed_process_left_is_swept(aged: Callable[[Path], None]) -> None:
    folder = Path(settings.MEDIA_ROOT) / files.UNFINISHED
    folder.mkdir()
    (folder / "now").write_bytes(b"x")
    (folder / "old").write_bytes(b"x")
    aged(folder / "old")

    sweep_files()

    assert [path.name for path in folder.iterdir()] == ["now"]
    assert check() == 0, "one that is being written is no orphan"


def test_a_preset_makes_no_file() -> None:
    campaign_from_preset(ACTOR, "navcam", "msl-navcam")
    assert check() == 0
