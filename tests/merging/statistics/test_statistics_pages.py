"""Statistics of a campaign and of a release, from the database or from an archive."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.images.preparation.pictures import png_bytes
from labeling.models import Campaign, Image, Label, Role
from merging.formats.statistics.counts import CameraCounts, Statistics
from merging.masks.services import merges
from merging.models import Release, ReleaseStatistics
from merging.releases import tasks as releases_tasks
from merging.releases.services.requests import request_release
from merging.statistics import services
from merging.statistics import tasks as statistics_tasks
from tests.factories import (
    ACTOR,
    accept,
    give_score,
    mask,
    new_account,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_cached() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign with two train images (one merged), a gold one, an unlabeled one, and a
    retired one.
    """
    campaign = new_campaign()
    for number, camera in ((1, "navcam-left"), (2, "navcam-right")):
        train = new_image(campaign, number, camera=camera)
        for _ in range(3):
            accept(train, "3333", "001.")
    give_score(Label.objects.filter(role=Role.CROWD)[0], 0.9)
    gold = new_image(campaign, 3, orbital_class="Ridged")
    experts = [new_expert(name) for name in ("eva", "erik", "emil")]
    assign_gold(ACTOR, gold, experts)
    for expert, rows in zip(experts, (("0011",), ("001.",), ("00..",)), strict=True):
        accept(gold, *rows, "....", labeler=expert, role=Role.EXPERT)
    new_image(campaign, 4, rover="spirit", camera="navcam-left", orbital_class="Smooth")
    accept(new_image(campaign, 5, retired_at=timezone.now()), "0000", "0000")
    for image in merges.mergeable(campaign):
        merges.merge_image(image.pk)
    return campaign


EXPECTED_PIXELS = {
    "train": {0: 4, 1: 2, 3: 8},
    "gold-min1": {0: 2, 1: 2},
    "gold-min2": {0: 2, 1: 1},
    "gold-min3": {0: 2},
}


def pixels_of(totals: Statistics) -> dict[str, dict[int, int]]:
    return {variant: dict(+pixels) for variant, pixels in totals.pixels.items()}


def test_a_campaign_is_added_up_by_the_database(
    campaign: Campaign, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_max_num_queries(12):
        totals = services.campaign_statistics(campaign).totals

    assert totals.table_1() == [
        ("curiosity", "navcam", CameraCounts(3, 2, 6, 1, 3)),
        ("spirit", "navcam", CameraCounts(1, 0, 0, 0, 0)),
    ]
    assert totals.table_2() == [("Ridged", 1)]
    assert pixels_of(totals) == EXPECTED_PIXELS
    assert (sum(totals.scores["crowd"]), totals.scores["crowd"][28]) == (1, 1)


def test_a_rejected_label_does_not_count_and_the_numbers_are_kept_for_a_while(
    campaign: Campaign,
) -> None:
    before = services.campaign_statistics(campaign)
    labels.reject(ACTOR, Label.objects.crowd().accepted()[0])

    assert services.campaign_statistics(campaign).totals == before.totals
    cache.clear()
    assert services.campaign_statistics(campaign).totals.total().train_labels == 5


def test_the_page_of_a_campaign(campaign: Campaign) -> None:
    admin = Client()
    admin.force_login(new_admin())
    url = reverse("statistics:campaign_statistics", args=(campaign.slug,))

    page = admin.get(url).text

    # Figure 3: 8 of 14 labeled pixels are big rock, and its weight is the rest.
    assert "57.14%" in page
    assert "0.4286" in page
    # Figure 6: of the bedrock pixels half are of one expert, half of two.
    assert "50.00%" in page
    assert "Big rock" in page
    assert "unknown" not in page
    new_image(campaign, 9, rover="", camera="")
    cache.clear()
    assert "unknown" in admin.get(url).text, "no row without a name"
    assert "Roca grande" in admin.get(url, headers={"accept-language": "es"}).text
    assert Client().get(url).status_code == 302
    other = Client()
    other.force_login(new_account("otto"))
    assert other.get(url).status_code == 403


def test_the_files_of_a_campaign(campaign: Campaign) -> None:
    admin = Client()
    admin.force_login(new_admin())

    def file(name: str, kind: str) -> Any:
        return admin.get(
            reverse("statistics:campaign_statistics_file", args=(campaign.slug, name, kind)),
            follow=False,
        )

    def table(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(file(name, "csv").text)))

    assert table("cameras")[0]["train_labels"] == "6"
    assert table("terrain") == [{"orbital_class": "Ridged", "images": "1"}]
    rock = table("composition")[3]
    assert (rock["class"], rock["pixels_train"]) == ("Big rock", "8")
    assert float(rock["class_weight"]) == pytest.approx(1 - 8 / 14)
    assert [row["pixels_1"] for row in table("agreement")] == ["0", "1", "0", "0"]
    assert sum(int(row["crowd"]) for row in table("scores")) == 1
    for name in ("composition", "scores", "agreement"):
        picture = file(name, "svg")
        assert picture["Content-Type"] == "image/svg+xml"
        assert ElementTree.fromstring(picture.content).tag.endswith("svg")
    assert file("cameras", "svg").status_code == 404
    assert file("nonsense", "csv").status_code == 404


def test_an_empty_campaign_has_an_empty_page() -> None:
    campaign = new_campaign("empty")
    admin = Client()
    admin.force_login(new_admin())

    page = admin.get(reverse("statistics:campaign_statistics", args=(campaign.slug,))).text

    assert "No masks have been merged yet." in page
    assert "There are no gold images." in page
    assert "No gold masks have been merged yet." in page


# -- releases --------------------------------------------------------------------------------------


@pytest.fixture
def release(campaign: Campaign) -> Release:
    Image.objects.filter(rover="spirit").delete()
    built = request_release(ACTOR, campaign, "0.1")
    releases_tasks.build_release(built.pk)
    built.refresh_from_db()
    return built


def test_a_release_is_counted_once_by_a_worker(release: Release) -> None:
    ReleaseStatistics.objects.all().delete()
    admin = Client()
    admin.force_login(new_admin())
    url = reverse("statistics:release_statistics", args=(release.pk,))
    file = reverse("statistics:release_statistics_file", args=(release.pk, "composition", "csv"))
    assert "Not counted yet" in admin.get(url).text
    assert admin.get(file).status_code == 404

    statistics_tasks.count_release(release.pk)

    counted = services.release_statistics(release)
    assert counted is not None
    assert pixels_of(counted.totals) == EXPECTED_PIXELS
    assert counted.totals.table_1() == [("curiosity", "navcam", CameraCounts(3, 2, None, 1, None))]
    assert counted.totals.table_2() == [("Ridged", 1)]
    assert "57.14%" in admin.get(url).text
    assert "Big rock" in admin.get(file).text
    at = counted.at
    statistics_tasks.count_release(release.pk)
    again = services.release_statistics(release)
    assert again is not None
    assert again.at == at


def test_what_the_builder_counted_stays(release: Release) -> None:
    ReleaseStatistics.objects.all().delete()
    totals = Statistics()
    totals.count_pixels("train", {0: 1})

    services.store(release, totals)
    services.store(release, Statistics())
    statistics_tasks.count_release(release.pk)

    counted = services.release_statistics(release)
    assert counted is not None
    assert counted.totals == totals


# -- the command -----------------------------------------------------------------------------------


def said_of(release: Path, *arguments: str) -> str:
    said = io.StringIO()
    call_command("release_statistics", str(release), *arguments, stdout=said)
    return said.getvalue()


def test_the_command_counts_a_folder_and_a_zip(release: Release, tmp_path: Path) -> None:
    archive = Path(release.archive.path)

    said = said_of(archive, "--csv", str(tmp_path / "tables"))

    assert "57.14 %" in said
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    assert names == {"cameras.csv", "terrain.csv", "composition.csv", "agreement.csv"}
    assert "3,Big rock" not in said
    assert "3,big rock,8" in (tmp_path / "tables" / "composition.csv").read_text()


def test_the_command_takes_what_the_releases_metadata_tell(tmp_path: Path) -> None:
    real = ("NLA_1EDR_x", "curiosity", "navcam-left", "Smooth", "7")
    folder = tmp_path / "release"
    (folder / "metadata").mkdir(parents=True)
    (folder / "metadata" / "images.csv").write_text(
        "product_id,rover,camera,orbital_class,labels\n" + ",".join(real) + "\n"
    )
    (folder / "msl" / "labels" / "train").mkdir(parents=True)
    (folder / "msl" / "labels" / "train" / "NLA_1EDR_x.png").write_bytes(png_bytes(mask("0.")))

    assert "curiosity  navcam       0             1             7" in said_of(folder)


def test_the_command_refuses_what_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no labels of a release"):
        said_of(tmp_path)
    with pytest.raises(CommandError, match="There is no release"):
        said_of(tmp_path / "none")
    label = tmp_path / "msl" / "labels" / "train" / "a.png"
    label.parent.mkdir(parents=True)
    label.write_bytes(b"spoiled")
    with pytest.raises(CommandError, match="The release is damaged"):
        said_of(tmp_path)


def test_the_command_on_real_masks(real_data: Path) -> None:
    said = said_of(real_data / "ai4mars" / "v0.1-sample", "--workers", "2")

    assert "curiosity  navcam      10            10             -           10            -" in said
    assert "soil       264,156   506,558  3,787,798   5.79 %  11.11 %  83.09 %" in said
