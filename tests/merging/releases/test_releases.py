"""Releases: the released tree exactly, built once, never partly, never changed."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import uuid
import zipfile
from datetime import date
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pillow

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.jobs import ClaimLost
from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.images.ingest.product_ids import parse_product_id
from labeling.models import Campaign
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.documents import DOCUMENTS
from merging.formats.storage import archive, checksums
from merging.formats.tree import ai4mars_tree
from merging.masks.services import merges
from merging.models import Release
from merging.releases import tasks
from merging.releases.services import builder, parts
from merging.releases.services.builder import claim
from merging.releases.services.requests import ReleaseRefused, ReleaseRequest, request_release
from tests.factories import (
    ACTOR,
    accept,
    campaign_to_release,
    new_account,
    new_campaign,
    new_expert,
    new_image,
    rows,
)
from tests.merging.releases.building import build, files_in, lose

pytestmark = pytest.mark.django_db

TRAIN = "NLA_397000001EDR_F0010008AUT_04096M1"
GOLD = "NLA_397000002EDR_F0010008AUT_04096M1"
BARE = "NLA_397000003EDR_F0010008AUT_04096M1"


@pytest.fixture
def campaign() -> Campaign:
    return campaign_to_release()


def pixels(path: Path) -> list[str]:
    with Pillow.open(path) as picture:
        assert (picture.format, picture.mode, picture.getpalette()) == ("PNG", "L", None)
        return rows(np.asarray(picture))


# -- the tree --------------------------------------------------------------------------------------


def test_every_name_of_the_tree(campaign: Campaign, tmp_path: Path) -> None:
    tree = build(campaign, tmp_path)

    assert tree == tmp_path / "ai4mars-dataset-merged-0.1"
    gold = (
        "msl/labels/test/masked-gold-min{}-100agree/NLA_397000002EDR_F0010008AUT_04096M1_merged.png"
    )
    assert set(files_in(tree)) == {
        "SHA256SUMS",
        "msl/images/edr/NLA_397000001EDR_F0010008AUT_04096M1.JPG",
        "msl/images/edr/NLA_397000002EDR_F0010008AUT_04096M1.JPG",
        "msl/images/edr/NLA_397000003EDR_F0010008AUT_04096M1.JPG",
        "msl/images/mxy/NLA_397000001MXY_F0010008AUT_04096M1.png",
        "msl/images/mxy/NLA_397000002MXY_F0010008AUT_04096M1.png",
        "msl/images/mxy/NLA_397000003MXY_F0010008AUT_04096M1.png",
        "msl/images/rng-30m/NLA_397000001RNG_F0010008AUT_04096M1.png",
        "msl/images/rng-30m/NLA_397000002RNG_F0010008AUT_04096M1.png",
        "msl/images/rng-30m/NLA_397000003RNG_F0010008AUT_04096M1.png",
        "msl/labels/train/NLA_397000001EDR_F0010008AUT_04096M1.png",
        *(gold.format(minimum) for minimum in (1, 2, 3)),
        *(f"raw/labels/{name}.json" for name in (TRAIN, GOLD, BARE)),
        "CITATION.cff",
        "DATASHEET.md",
        "LICENSE.txt",
        "changelog.md",
        "croissant.json",
        "datacite.json",
        "info.md",
        "label_keys.json",
        "manifest.json",
    }
    assert list(tmp_path.iterdir()) == [tree], "nothing else is left behind"


def test_every_pixel_of_the_tree(campaign: Campaign, tmp_path: Path) -> None:
    msl = build(campaign, tmp_path) / "msl"

    assert pixels(msl / f"images/mxy/{TRAIN.replace('EDR', 'MXY')}.png") == ["0000", "1100"]
    assert pixels(msl / f"images/rng-30m/{TRAIN.replace('EDR', 'RNG')}.png") == ["1111", "0000"]
    # Loaders rely on a mask for each image: where there is none it is all 0.
    assert pixels(msl / f"images/mxy/{BARE.replace('EDR', 'MXY')}.png") == ["0000", "0000"]
    assert pixels(msl / f"images/rng-30m/{BARE.replace('EDR', 'RNG')}.png") == ["0000", "0000"]
    assert pixels(msl / f"labels/train/{TRAIN}.png") == ["....", "..13"]
    gold = {
        minimum: pixels(msl / f"labels/test/masked-gold-min{minimum}-100agree/{GOLD}_merged.png")
        for minimum in (1, 2, 3)
    }
    assert gold == {1: ["01..", "...."], 2: ["....", "...."], 3: ["....", "...."]}
    image = campaign.images.get(product_id=TRAIN)
    with image.original.open("rb") as original:
        assert (msl / f"images/edr/{TRAIN}.JPG").read_bytes() == original.read()


def test_an_unknown_rover_mask_is_said_to_be_unknown(campaign: Campaign, tmp_path: Path) -> None:
    tree = build(campaign, tmp_path)

    entries = {
        each["id"]: each for each in json.loads((tree / "manifest.json").read_bytes())["images"]
    }
    unknown = campaign.images.usable().filter(rover_mask="").values_list("product_id", flat=True)
    assert BARE in unknown
    assert {name for name, each in entries.items() if each["rover_mask"] == "unknown"} == {*unknown}
    assert entries[TRAIN]["rover_mask"] == "product"
    # The file is there all the same: loaders need one for each image.
    assert (tree / entries[BARE]["files"]["rover_mask"]).is_file()
    said = (tree / "DATASHEET.md").read_text()
    assert f"| curiosity | navcam-left | {len(unknown)} |" in said
    assert "`rover_mask: unknown`" in said


def test_the_sums_verify(campaign: Campaign, tmp_path: Path) -> None:
    tree = build(campaign, tmp_path)

    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tree, capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stderr
    assert len(checked.stdout.splitlines()) == len(files_in(tree)) - 1
    sums = (tree / "SHA256SUMS").read_bytes()
    release = Release.objects.get()
    assert release.sums_sha256 == hashlib.sha256(sums).hexdigest()
    assert (release.status, release.done, release.total, release.percent) == ("complete", 3, 3, 100)
    assert release.completed_at is not None


def test_gold_is_never_in_train(campaign: Campaign, tmp_path: Path) -> None:
    """Not even if the crowd labeled the image before it became gold."""
    gold = campaign.images.get(product_id=GOLD)
    for _ in range(3):
        accept(gold, "0000", "0000")
    late = campaign.images.get(product_id=TRAIN)
    assign_gold(ACTOR, late, [new_expert("eva")])

    files = files_in(build(campaign, tmp_path))

    assert not [name for name in files if name.startswith("msl/labels/train/")]
    assert len([name for name in files if name.startswith("msl/labels/test/")]) == 6


NAVCAM = ai4mars_tree.CAMERA_PATHS[ai4mars_tree.Layout.V0_1]["curiosity", "navcam"]


def places(name: str, *, is_gold: bool = False) -> dict[str, list[str]]:
    return ai4mars_tree.paths(NAVCAM, name, is_gold=is_gold, labelers=3)


def test_only_the_type_of_a_name_is_replaced() -> None:
    name = "NLB_517261274EDR_F0541610CCAM15900M1"
    assert places(name)["rover_mask"] == ["msl/images/mxy/NLB_517261274MXY_F0541610CCAM15900M1.png"]
    assert places("NLA_397000001EDR_F0010008EDR_04096M1")["range_mask"] == [
        "msl/images/rng-30m/NLA_397000001RNG_F0010008EDR_04096M1.png"
    ]


def test_the_names_are_those_of_the_released_sample(real_data: Path) -> None:
    sample = real_data / "ai4mars" / "v0.1-sample"
    released = {path.relative_to(sample).as_posix() for path in sample.rglob("*") if path.is_file()}
    frames = [path.stem for path in (sample / "msl/images/edr").iterdir()]
    assert len(frames) == 10
    for name in frames:
        known = places(name)
        assert {*known["frame"], *known["rover_mask"], *known["range_mask"]} <= released
    for path in (sample / "msl/labels/train").iterdir():
        assert places(path.stem)["train"][0] in released
    for path in (sample / "msl/labels/test/masked-gold-min2-100agree").iterdir():
        gold = places(path.stem.removesuffix("_merged"), is_gold=True)
        assert {gold[variant][0] for variant in GOLD_VARIANTS} <= released


def test_the_names_of_v0_6_are_those_of_the_released_manifest(real_data: Path) -> None:
    """Every image and label in the released lists, for all missions."""
    homes = ai4mars_tree.CAMERA_PATHS[ai4mars_tree.Layout.V0_6]
    checked = 0
    for listed in sorted((real_data / "ai4mars" / "metadata").glob("v0.6_*.csv")):
        with listed.open(newline="") as file:
            for row in csv.DictReader(file):
                image, mask = row["dataset_relative_image_path"], row["dataset_relative_mask_path"]
                name = PurePosixPath(image).stem
                known = parse_product_id(name)
                # Perseverance's Mastcam-Z and the geology labels have no home in this layout yet.
                if known is None or (known.rover, known.family) not in homes or "/GEO/" in mask:
                    continue
                labelers = re.search(r"_merged(\d+)\.png", mask)
                found = ai4mars_tree.paths(
                    homes[known.rover, known.family],
                    name,
                    is_gold="/test/" in mask,
                    labelers=int(labelers[1]) if labelers else 0,
                )
                assert image in found["frame"]
                assert [mask] in found.values()
                checked += 1
    assert checked > 500


# -- again, and changed ----------------------------------------------------------------------------


def test_the_same_version_again_is_the_same_bytes(campaign: Campaign, tmp_path: Path) -> None:
    first = build(campaign, tmp_path / "first")
    completed_at = Release.objects.get().completed_at

    second = builder.rebuild_folder(
        Release.objects.get(), tmp_path / "second", 1, lambda items, total: iter(items)
    )

    assert files_in(second) == files_in(first)
    assert Release.objects.get().completed_at == completed_at


def test_another_version_of_the_same_labels_differs_in_what_it_says_of_itself(
    campaign: Campaign, tmp_path: Path
) -> None:
    one, two = (files_in(build(campaign, tmp_path, version)) for version in ("0.1", "0.2"))
    differing = {name for name in one if one[name] != two[name]}
    assert differing == {"SHA256SUMS", "manifest.json", *DOCUMENTS} - {"label_keys.json"}


def test_masks_that_were_merged_before_give_the_same_bytes(
    campaign: Campaign, tmp_path: Path
) -> None:
    """One release merges and has the masks in memory; the other reads their files."""
    wanted = ReleaseRequest(released_on=date(2026, 11, 1))
    first = build(campaign, tmp_path / "first", wanted=wanted)
    Release.objects.all().delete()
    shutil.rmtree(parts.store().folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merges, "merge_planes", None)
        second = build(campaign, tmp_path / "second", wanted=wanted)

    assert files_in(first) == files_in(second)


def test_what_is_stale_is_found_with_as_many_queries_for_few_images_as_for_many(
    campaign: Campaign,
) -> None:
    counts = []
    for number in (10, 11, 12, 13):
        accept(new_image(campaign, number), "0000", "0000")
        release = claim(request_release(ACTOR, campaign, f"0.{number}").pk)
        assert release is not None
        builder.make_parts(release, 1, None)
        with CaptureQueriesContext(connection) as captured:
            assert parts.update_stale_parts(release) == []
        counts.append(len(captured))
    assert len(set(counts)) == 1


def test_a_complete_release_is_written_again_whatever_has_changed(
    campaign: Campaign, tmp_path: Path
) -> None:
    first = build(campaign, tmp_path / "first")
    labels.reject(ACTOR, campaign.images.get(product_id=TRAIN).labels.accepted()[0])

    second = builder.rebuild_folder(Release.objects.get(), tmp_path / "second", 1, None)

    assert files_in(second) == files_in(first)


@pytest.mark.parametrize("change", ["label", "gold"])
def test_what_has_changed_is_not_released_under_an_old_version(
    campaign: Campaign, tmp_path: Path, change: str
) -> None:
    """Where the files to rebuild it are gone."""
    build(campaign, tmp_path / "first")
    shutil.rmtree(parts.store().folder)
    train = campaign.images.get(product_id=TRAIN)
    if change == "label":
        labels.reject(ACTOR, train.labels.accepted()[0])
    else:
        assign_gold(ACTOR, train, [new_expert("eva")])

    with pytest.raises(ReleaseRefused, match="A release never changes: choose a new version"):
        builder.rebuild_folder(
            Release.objects.get(), tmp_path / "second", 1, lambda items, total: iter(items)
        )

    assert not (tmp_path / "second").exists()
    assert Release.objects.get().status == "complete"


# -- builds that fail ------------------------------------------------------------------------------


def test_a_build_that_fails_leaves_no_folder_and_says_why(
    campaign: Campaign, tmp_path: Path
) -> None:
    Path(campaign.images.get(product_id=BARE).original.path).unlink()

    with pytest.raises(ReleaseRefused, match=r"A file of .* is missing: .* Restore it"):
        build(campaign, tmp_path)

    assert list(tmp_path.iterdir()) == []
    release = Release.objects.get()
    assert (release.status, release.sums_sha256, release.completed_at) == ("failed", "", None)
    # Equal pictures share a file.
    assert f"A file of {TRAIN} is missing" in release.message


def test_an_interrupted_build_leaves_no_folder(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(job: object) -> dict[str, str]:
        raise KeyboardInterrupt

    monkeypatch.setattr(builder, "make_part", interrupted)

    with pytest.raises(KeyboardInterrupt):
        build(campaign, tmp_path)

    assert list(tmp_path.iterdir()) == []
    release = Release.objects.get()
    assert (release.status, release.message) == ("failed", "KeyboardInterrupt")


def test_a_failed_version_may_be_asked_for_again(campaign: Campaign, tmp_path: Path) -> None:
    original = Path(campaign.images.get(product_id=BARE).original.path)
    content = original.read_bytes()
    original.unlink()
    with pytest.raises(ReleaseRefused, match=r"A file of .* is missing: .* Restore it"):
        build(campaign, tmp_path)
    original.write_bytes(content)

    build(campaign, tmp_path)

    release = Release.objects.get()
    assert (release.status, release.message) == ("complete", "")


def test_something_else_in_the_way_is_left_alone(campaign: Campaign, tmp_path: Path) -> None:
    mine = tmp_path / "ai4mars-dataset-merged-0.1" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("do not lose this")

    with pytest.raises(ReleaseRefused, match="already exists"):
        build(campaign, tmp_path)

    assert mine.read_text() == "do not lose this"
    assert Release.objects.get().status == "failed"


# -- requesting and claiming -----------------------------------------------------------------------


def test_a_version_is_announced_once(campaign: Campaign) -> None:
    request_release(Actor.of_user(new_account("ada")), campaign, "0.1")

    with pytest.raises(ReleaseRefused, match="already requested"):
        request_release(ACTOR, campaign, "0.1")

    assert Release.objects.get().created_by is not None


def test_the_layout_has_no_place_for_other_rovers() -> None:
    campaign = new_campaign("mer", "mer-navcam")
    new_image(campaign, 1, rover="spirit")

    with pytest.raises(ReleaseRefused, match=r"curiosity navcam only; 1 of"):
        request_release(ACTOR, campaign, "0.1")

    assert not Release.objects.exists()


def test_a_campaign_without_images_has_nothing_to_release() -> None:
    with pytest.raises(ReleaseRefused, match="no images yet"):
        request_release(ACTOR, new_campaign(), "0.1")


def test_a_release_has_one_builder(campaign: Campaign) -> None:
    release = request_release(ACTOR, campaign, "0.1")

    assert claim(release.pk) is not None
    assert claim(release.pk) is None


def test_an_interrupted_release_is_taken_over(campaign: Campaign, tmp_path: Path) -> None:
    release = request_release(ACTOR, campaign, "0.1")
    dead = claim(release.pk)
    assert dead is not None
    lose(release)

    successor = claim(release.pk)

    assert successor is not None
    assert successor.claim != dead.claim
    builder.build_folder(successor, tmp_path, 1, lambda items, total: iter(items))
    assert Release.objects.get().status == "complete"


def test_who_was_taken_over_stops_and_leaves_the_heir_alone(
    campaign: Campaign, tmp_path: Path
) -> None:
    release = request_release(ACTOR, campaign, "0.1")
    slow = claim(release.pk)
    assert slow is not None
    lose(release)
    successor = claim(release.pk)

    with pytest.raises(ClaimLost, match="taken over"):
        builder.build_folder(slow, tmp_path, 1, lambda items, total: iter(items))

    assert list(tmp_path.iterdir()) == []
    assert Release.objects.get() == successor
    assert Release.objects.get().status == "building"


def test_a_settled_release_is_not_claimed(campaign: Campaign, tmp_path: Path) -> None:
    build(campaign, tmp_path)
    release = Release.objects.get()

    assert claim(release.pk) is None
    Release.objects.update(status="failed", completed_at=None)
    assert claim(release.pk) is None
    assert claim(0) is None


# -- the archive -----------------------------------------------------------------------------------


def packed(campaign: Campaign, version: str = "0.1") -> Release:
    tasks.build_release(request_release(ACTOR, campaign, version).pk)
    return Release.objects.get(version=version)


def test_the_archive_holds_the_tree(campaign: Campaign, tmp_path: Path) -> None:
    release = packed(campaign)
    tree = builder.rebuild_folder(release, tmp_path, 1, None)

    assert release.status == "complete"
    assert release.size == release.archive.size
    with zipfile.ZipFile(release.archive.path) as opened:
        assert opened.testzip() is None
        found = {
            name.removeprefix("ai4mars-dataset-merged-0.1/"): opened.read(name)
            for name in opened.namelist()
        }
    assert found == files_in(tree)


def test_the_same_tree_makes_the_same_archive(tmp_path: Path) -> None:
    for folder, when in [("one", 1_000_000_000), ("two", 1_700_000_000)]:
        tree = tmp_path / folder / "release"
        (tree / "b").mkdir(parents=True)
        # In another order and at another time
        for name in ("a.png", "b/c.png") if folder == "one" else ("b/c.png", "a.png"):
            (tree / name).write_bytes(name.encode())
            os.utime(tree / name, (when, when))
        list(archive.pack(tree, tmp_path / f"{folder}.zip"))

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_a_failed_archive_is_not_offered(campaign: Campaign, home: Path) -> None:
    Path(campaign.images.get(product_id=BARE).original.path).unlink()

    packed(campaign)

    release = Release.objects.get()
    assert (release.status, release.archive.name, release.size) == ("failed", "", None)
    assert list((home / "scratch").iterdir()) == []
    assert not list((home / "media").rglob("*.zip"))


def test_sums_are_ordered_and_empty_when_there_is_nothing() -> None:
    assert checksums.sums_text({"b": "2", "a": "1"}) == "1  a\n2  b\n"
    assert checksums.sums_text({}) == ""


def test_a_release_says_how_far_it_is() -> None:
    assert Release(status="building", done=1, total=3).percent == 33
    assert Release(status="building").percent == 0
    assert Release(status="complete").percent == 100
    assert Release(status="failed", done=3, total=4, claim=uuid.uuid4()).percent == 75
