"""A release, imported into a new campaign and released again: the same images and masks."""

from __future__ import annotations

import csv
import json
import shutil
import tarfile
import zipfile
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Pillow

from labeling.annotation.services import assignments, labels
from labeling.images.files import put
from labeling.images.preparation.pictures import jpeg_bytes, png_bytes, thumbnail_bytes
from labeling.models import Campaign, Image, Label, Role
from merging.formats.verification.plan import plan
from merging.masks.services import merges, progress
from merging.models import ImportedMask, MergedMask, Release
from merging.releases.services.requests import ReleaseRequest
from merging.statistics import services
from review.queue.services import queue
from tests.factories import ACTOR, accept, mask, new_campaign, new_expert
from tests.merging.releases.building import build, files_in

pytestmark = pytest.mark.django_db

WIDTH, HEIGHT = 96, 64


@dataclass(frozen=True)
class Mission:
    """Ids of a crowd image, a gold image, an image without labels, and more crowd images."""

    preset: str
    rover: str
    camera: str
    ids: tuple[str, ...]
    layout: str = "v0.6"
    is_color: bool = False


MISSIONS = {
    "navcam-v0.1": Mission(
        "msl-navcam",
        "curiosity",
        "navcam-left",
        tuple(f"NLA_39700000{number}EDR_F0010008AUT_04096M1" for number in range(3)),
        "v0.1",
    ),
    "navcam": Mission(
        "msl-navcam",
        "curiosity",
        "navcam-left",
        (
            *(f"NLA_39700000{number}EDR_F0010008AUT_04096M1" for number in range(3)),
            "NLB_517261274RADLF0541610CCAM15900M1",
        ),
    ),
    "mastcam": Mission(
        "msl-navcam",
        "curiosity",
        "mastcam-left",
        tuple(f"1150ML005200001050174{number}E01_XXXX" for number in range(3)),
        is_color=True,
    ),
    "mer": Mission(
        "mer-navcam",
        "opportunity",
        "navcam-left",
        (
            "1n128367857eff0200p1512l0m1",
            "1n129697839eff0338p1931l0m1",
            "1n157049695eff40a3p0785l0m1",
            "1n128367857ffl0200p1512l0m1",
            "1N491020376ILFCNY9P0706L0M1",
        ),
    ),
    "m2020": Mission(
        "m2020",
        "perseverance",
        "navcam-left",
        tuple(
            f"NLF_001{number}_0668099436_428ECM_N0030016NCAM00112_01_295J" for number in range(3)
        ),
        is_color=True,
    ),
}


def add_image(campaign: Campaign, mission: Mission, number: int) -> Image:
    name, chance = mission.ids[number], np.random.default_rng(number)
    shape = (HEIGHT, WIDTH, 3) if mission.is_color else (HEIGHT, WIDTH)
    frame = chance.integers(0, 255, shape, dtype=np.uint8)
    on_rover = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    on_rover[-2:, : 3 + number] = 1
    beyond = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    beyond[: 1 + number] = 1
    folder = f"campaigns/{campaign.slug}"
    files = {
        "original": put(f"{folder}/original/{name}.JPG", jpeg_bytes(frame)),
        "display": put(f"{folder}/display/{name}.jpg", jpeg_bytes(frame)),
        "thumbnail": put(f"{folder}/thumbnail/{name}.jpg", thumbnail_bytes(frame)),
    }
    if "mastcam" not in mission.camera and mission.rover != "perseverance":
        files["rover_mask"] = put(f"{folder}/rover-mask/{name}.png", png_bytes(on_rover))
        files["range_mask"] = put(f"{folder}/range-mask/{name}.png", png_bytes(beyond))
    return Image.objects.create(
        campaign=campaign,
        product_id=name,
        rover=mission.rover,
        camera=mission.camera,
        eye="left",
        width=WIDTH,
        height=HEIGHT,
        **files,
    )


def rows(*codes: int) -> list[str]:
    """Return a label: the codes side by side, in stripes of equal width."""
    return ["".join(str(code) * (WIDTH // len(codes)) for code in codes)] * HEIGHT


def campaign_of(mission: Mission) -> Campaign:
    """Return a campaign: the crowd labeled the first and later images, the second is gold."""
    campaign = new_campaign("first", mission.preset)
    for number in range(len(mission.ids)):
        image = add_image(campaign, mission, number)
        if number == 1:
            experts = [new_expert(f"expert-{place}") for place in range(3)]
            assignments.assign_gold(ACTOR, image, experts)
            for place, expert in enumerate(experts):
                accept(image, *rows(0, 1, place), labeler=expert, role=Role.EXPERT)
        elif number != 2:
            for last in (2, 2, 3, 2):
                accept(image, *rows(0, 3, last))
    return campaign


def run(*arguments: object) -> str:
    out = StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def released(campaign: Campaign, mission: Mission, out: Path, version: str = "0.1") -> Path:
    wanted = ReleaseRequest(layout=mission.layout, released_on=date(2026, 11, 30))
    return build(campaign, out, version, wanted)


def tree_files(tree: Path) -> dict[str, bytes]:
    """Return all image and mask files below the folder of a mission."""
    missions = ("msl/", "mer/", "m2020/")
    return {name: data for name, data in files_in(tree).items() if name.startswith(missions)}


def imported(tree: Path, mission: Mission, slug: str = "second") -> tuple[Campaign, list[str]]:
    campaign = new_campaign(slug, mission.preset)
    assert "0 refused" in run("import_images", tree, "--campaign", slug)
    said = run("import_labels", tree, "--campaign", slug).splitlines()
    return campaign, said


@pytest.mark.parametrize("name", MISSIONS)
def test_a_release_comes_back_to_the_byte(name: str, tmp_path: Path) -> None:
    mission = MISSIONS[name]
    first = released(campaign_of(mission), mission, tmp_path / "first")

    again, said = imported(first, mission)
    second = released(again, mission, tmp_path / "second")

    crowd = len(mission.ids) - 2
    assert said[-1] == f"{crowd + 1} images with masks imported, 0 already there, 0 refused"
    assert tree_files(second) == tree_files(first)
    assert set(again.images.values_list("product_id", flat=True)) == set(mission.ids)
    assert not Label.objects.filter(image__campaign=again).exists()
    counts = again.images.filter(pool="crowd").values_list("crowd_label_count", flat=True)
    assert set(counts) == {0}, "an imported mask is no label"
    run("verify_release", second, "--all")


@pytest.mark.parametrize(("name", "in_name"), [("mer", 4), ("navcam", None)])
def test_how_many_labels_were_merged_comes_back(
    name: str, in_name: int | None, tmp_path: Path
) -> None:
    """From the manifest, or, without one, from the file names if they contain it."""
    mission = MISSIONS[name]
    tree = released(campaign_of(mission), mission, tmp_path)

    again, _ = imported(tree, mission)
    (tree / "manifest.json").unlink()
    alone, _ = imported(tree, mission, "third")

    def counts(campaign: Campaign, split: str) -> set[int | None]:
        masks = ImportedMask.objects.filter(image__campaign=campaign, variant__startswith=split)
        assert set(masks.values_list("source", flat=True)) == {tree.name}
        return set(masks.values_list("labels", flat=True))

    assert (counts(again, "train"), counts(again, "gold")) == ({4}, {3})
    assert (counts(alone, "train"), counts(alone, "gold")) == ({in_name}, {None})
    merged = MergedMask.objects.filter(image__campaign=alone, variant="train")
    assert set(merged.values_list("labelers", flat=True)) == {in_name}
    third = released(alone, mission, tmp_path / "third")
    assert tree_files(third) == tree_files(tree)


def test_a_manifest_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    """Before 0.2.0 it spelled the license key differently and did not name the software."""
    mission = MISSIONS["navcam"]
    tree = released(campaign_of(mission), mission, tmp_path)
    told = json.loads((tree / "manifest.json").read_bytes())
    del told["software"]
    told["licence"] = told.pop("license")
    (tree / "manifest.json").write_text(json.dumps(told))

    imported(tree, mission)

    # The names of the files do not tell: they are of this manifest.
    train = ImportedMask.objects.filter(variant="train")
    assert set(train.values_list("labels", flat=True)) == {4}


def test_a_manifest_of_another_tool_tells_nothing_and_a_damaged_one_is_refused(
    tmp_path: Path,
) -> None:
    mission = MISSIONS["mastcam"]
    tree = released(campaign_of(mission), mission, tmp_path)
    (tree / "manifest.json").write_text('{"name": "a site"}')
    campaign, _ = imported(tree, mission)
    assert set(ImportedMask.objects.values_list("labels", flat=True)) == {None}

    (tree / "manifest.json").write_text('{"images": [{')
    with pytest.raises(
        CommandError, match=r"manifest\.json is damaged.*Download the release again\."
    ):
        run("import_labels", tree, "--campaign", campaign.slug)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "images/..", "labels"])
def test_a_release_is_taken_from_an_archive_or_a_part_of_it(kind: str, tmp_path: Path) -> None:
    mission = MISSIONS["mer"]
    tree = released(campaign_of(mission), mission, tmp_path)
    source = tree / "mer" / kind
    if kind == "zip":
        source = tmp_path / "release.zip"
        with zipfile.ZipFile(source, "w") as packed:
            for name, content in files_in(tree).items():
                packed.writestr(f"{tree.name}/{name}", content)
    elif kind == "tar.gz":
        source = tmp_path / "release.tar.gz"
        with tarfile.open(source, "w:gz") as packed_tar:
            packed_tar.add(tree, tree.name)
    campaign = new_campaign("second", mission.preset)
    run("import_images", tree, "--campaign", "second")

    said = run("import_labels", source, "--campaign", "second")

    assert "4 images with masks imported, 0 already there, 0 refused" in said
    assert ImportedMask.objects.filter(image__campaign=campaign).count() == 3 + 3


def test_a_second_import_changes_nothing_and_other_masks_are_refused(tmp_path: Path) -> None:
    mission = MISSIONS["mastcam"]
    tree = released(campaign_of(mission), mission, tmp_path)
    imported(tree, mission)
    before = list(ImportedMask.objects.values())

    said = run("import_labels", tree, "--campaign", "second")
    assert "0 images with masks imported, 2 already there, 0 refused" in said
    train = next((tree / "msl/mcam/labels/train").iterdir())
    train.write_bytes(png_bytes(np.full((HEIGHT, WIDTH), 1, dtype=np.uint8)))
    said = run("import_labels", tree, "--campaign", "second")

    assert f"{mission.ids[0]} already has another imported mask, from {tree.name}" in said
    assert list(ImportedMask.objects.values()) == before


def test_what_is_not_used_is_named_with_its_reason(tmp_path: Path) -> None:
    mission = MISSIONS["m2020"]
    tree = released(campaign_of(mission), mission, tmp_path)
    geology = tree / "m2020/labels/M2020_GEO" / f"{mission.ids[0]}_merged3.png"
    geology.parent.mkdir()
    shutil.copyfile(next((tree / "m2020/labels/NAV").iterdir()), geology)

    _, said = imported(tree, mission)

    assert (
        "Not used: 1 file in m2020/labels/M2020_GEO: masks of the geology classes, which differ "
        "from the navigation classes." in said
    )
    assert (
        "Not used: 3 files in m2020/images/ncam: images and their masks, which import_images "
        "imports." in said
    )
    assert "Not used: 10 files in the top folder: no masks." in said
    assert "Not used: 3 files in raw/labels: raw labels; their merged masks are imported." in said


# -- an imported mask and labels -------------------------------------------------------------------


def with_imported_masks(tmp_path: Path, name: str = "navcam") -> tuple[Campaign, Mission]:
    mission = MISSIONS[name]
    tree = released(campaign_of(mission), mission, tmp_path)
    campaign, _ = imported(tree, mission)
    return campaign, mission


def pixels(image: Image, variant: str = "train") -> set[int]:
    merged = merges.merge_image(image.pk)[variant]
    with merged.mask.open("rb") as file:
        return set(np.unique(np.asarray(Pillow.open(file))).tolist())


def test_an_imported_mask_stands_until_the_wanted_labels_are_drawn(tmp_path: Path) -> None:
    campaign, mission = with_imported_masks(tmp_path)
    campaign.target_labels = 3
    campaign.save()
    image = campaign.images.get(product_id=mission.ids[0])
    assert image in Image.objects.in_pool().filter(campaign=campaign), "it still wants labels"
    assert pixels(image) == {0, 2, 3, 255}

    drawn = [accept(image, *rows(1)) for _ in range(2)]
    assert pixels(image) == {0, 2, 3, 255}, "with two of three labels"
    drawn.append(accept(image, *rows(1)))
    assert pixels(image) == {1, 255}, "with all the labels that are wanted"
    assert MergedMask.objects.get(image=image).labelers == 3
    labels.reject(ACTOR, drawn[0])
    assert pixels(image) == {0, 2, 3, 255}, "when one of them was thrown out"


def test_a_mask_is_stale_when_the_wanted_labels_are_fewer_or_more(tmp_path: Path) -> None:
    """The images that pages list as stale are those that a merge would change."""
    campaign, mission = with_imported_masks(tmp_path)
    image = campaign.images.get(product_id=mission.ids[0])
    accept(image, *rows(1))
    campaign.merge_minimum = 1
    for target in (10, 1, 2):
        campaign.target_labels = target
        campaign.save()
        if target != 10:
            assert list(progress.stale_images(campaign)) == [image]
        merges.merge_image(image.pk)
        assert not progress.stale_images(campaign).exists()
        assert (MergedMask.objects.get(image=image).imported is None) == (target == 1)
    assert not progress.masks_of_other_rule(campaign).exists()


def test_imported_gold_masks_stand_until_three_experts_have_drawn(tmp_path: Path) -> None:
    campaign, mission = with_imported_masks(tmp_path)
    image = campaign.images.get(product_id=mission.ids[1])
    assert image.pool == Image.Pool.GOLD
    before = pixels(image, "gold-min3")
    experts = [new_expert(f"late-{place}") for place in range(3)]
    assignments.assign_gold(ACTOR, image, experts)

    for expert in experts[:2]:
        accept(image, *rows(2), labeler=expert, role=Role.EXPERT)
    assert pixels(image, "gold-min3") == before
    accept(image, *rows(2), labeler=experts[2], role=Role.EXPERT)
    assert pixels(image, "gold-min3") == {2, 255}


def test_the_released_mask_follows(tmp_path: Path) -> None:
    """Parts of an earlier release are not reused if labels have replaced the import."""
    campaign, mission = with_imported_masks(tmp_path)
    campaign.target_labels = 1
    campaign.merge_minimum = 1
    campaign.save()
    first = released(campaign, mission, tmp_path / "second")
    accept(campaign.images.get(product_id=mission.ids[0]), *rows(1))

    second = released(campaign, mission, tmp_path / "second", "0.2")

    changed = {
        name for name, content in tree_files(second).items() if content != tree_files(first)[name]
    }
    assert changed == {f"msl/ncam/labels/train/{mission.ids[0]}.png"}
    run("verify_release", second, "--all")


def test_a_deleted_import_leaves_the_image_to_its_labels(tmp_path: Path) -> None:
    campaign, mission = with_imported_masks(tmp_path)
    image = campaign.images.get(product_id=mission.ids[0])

    ImportedMask.objects.filter(image=image).delete()

    assert pixels(image) == {255}
    assert image not in merges.mergeable(campaign)


def test_no_count_takes_an_imported_mask_for_a_label(tmp_path: Path) -> None:
    campaign, mission = with_imported_masks(tmp_path)

    total = services.campaign_statistics(campaign).totals.total()
    assert (total.train_images, total.train_labels) == (2, 0)
    assert (total.test_images, total.test_labels) == (1, 0)
    assert queue.remaining(campaign) == 0
    tree = released(campaign, mission, tmp_path / "second")
    datasheet = (tree / "DATASHEET.md").read_text()
    today = ImportedMask.objects.all()[0].imported_at.date().isoformat()
    source = "ai4mars-dataset-merged-0.1"
    assert "from 0 accepted labels" in datasheet
    assert "Nobody drew labels for this version: all were imported." in datasheet
    assert "Each was compared with the others" not in datasheet
    assert "Imported masks were not changed." in datasheet
    assert (
        f"- Merged masks of 3 images were imported from {source} on {today}; they were merged "
        "from 11 labels." in datasheet
    )
    assert Release.objects.get(campaign=campaign).status == "complete"


@pytest.mark.parametrize("state", ["retired", "practice", "gold"])
def test_an_image_that_cannot_have_a_train_mask(state: str, tmp_path: Path) -> None:
    mission = MISSIONS["navcam"]
    tree = released(campaign_of(mission), mission, tmp_path)
    campaign = new_campaign("second", mission.preset)
    run("import_images", tree, "--campaign", "second")
    image = campaign.images.get(product_id=mission.ids[0])
    if state == "retired":
        image.retired_at = image.created_at
    else:
        image.pool = state
    image.save()

    said = run("import_labels", tree, "--campaign", "second")

    assert "2 images with masks imported, 0 already there, 1 refused" in said
    assert f"refused msl/ncam/labels/train/{mission.ids[0]}.png: The image" in said
    assert not ImportedMask.objects.filter(image=image).exists()


# -- the released dataset --------------------------------------------------------------------------


def test_the_real_sample_comes_back_to_the_byte(real_data: Path, tmp_path: Path) -> None:
    """Images, rover and range masks and train masks of the published dataset."""
    sample = real_data / "ai4mars" / "v0.1-sample"
    campaign = new_campaign("sample")
    assert "10 images imported" in run("import_images", sample, "--campaign", "sample")

    said = run("import_labels", sample, "--campaign", "sample", "--source-name", "AI4Mars 0.1")

    assert "9 images with masks imported, 0 already there, 11 refused" in said
    assert "labels/train/NLA_397681867EDR_F0020000AUT_04096M1.png: The campaign has no" in said
    tree = released(campaign, MISSIONS["navcam-v0.1"], tmp_path)
    found = tree_files(tree)
    given = {path.relative_to(sample).as_posix(): path for path in sample.rglob("*.*")}
    same = [name for name in found if name in given and found[name] == given[name].read_bytes()]
    assert len([name for name in same if "/labels/train/" in name]) == 9
    assert sorted(same) == sorted(found)
    assert "AI4Mars 0.1" in (tree / "DATASHEET.md").read_text()


def official(root: Path, name: str, codes: np.ndarray) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(codes).save(path)


def test_names_and_values_of_the_released_dataset(tmp_path: Path) -> None:
    """Ids in either letter case, all suffixes, and code 4 for no label in Mastcam masks."""
    codes = np.array([[0, 1, 2, 3], [255, 255, 255, 0]], dtype=np.uint8)
    mastcam = np.where(codes == 255, 4, codes).astype(np.uint8)
    campaign = new_campaign()
    ids = {
        "2N140670982EFF6904P1914L0M1": ("spirit", "navcam-left"),
        "1n129697839eff0338p1931l0m1": ("opportunity", "navcam-left"),
        "1150ML0052000010501746E01_XXXX": ("curiosity", "mastcam-left"),
        "NLF_0013_0668099436_428ECM_N0030016NCAM00112_01_295J": ("perseverance", "navcam-left"),
    }
    for name, (rover, camera) in ids.items():
        Image.objects.create(
            campaign=campaign, product_id=name, rover=rover, camera=camera, width=4, height=2
        )
    root = tmp_path / "ai4mars-dataset-merged-0.6"
    official(
        root, "mer/labels/train/merged-unmasked/2n140670982eff6904p1914l0m1_merged8.png", codes
    )
    for minimum in (1, 2, 3):
        folder = f"mer/labels/test/masked-gold-min{minimum}-100agree"
        official(root, f"{folder}/1n129697839eff0338p1931l0m1_16165_T0_merged.png", codes)
    official(root, "msl/mcam/labels/train/1150ML0052000010501746E01_XXXX_15033_merged.png", mastcam)
    name = "NLF_0013_0668099436_428ECM_N0030016NCAM00112_01_295J"
    official(root, f"m2020/labels/NAV/{name}_merged60.png", codes)

    said = run("import_labels", root, "--campaign", campaign.slug)

    assert said.endswith("4 images with masks imported, 0 already there, 0 refused\n")
    of_one = ImportedMask.objects.exclude(variant__in=("gold-min1", "gold-min2"))
    assert dict(of_one.values_list("image__product_id", "labels")) == {
        "2N140670982EFF6904P1914L0M1": 8,
        "1n129697839eff0338p1931l0m1": None,
        "1150ML0052000010501746E01_XXXX": None,
        name: 60,
    }
    for stored in ImportedMask.objects.all():
        with stored.mask.open("rb") as file:
            np.testing.assert_array_equal(np.asarray(Pillow.open(file)), codes)


def test_four_is_no_label_in_masks_of_mastcam_only(tmp_path: Path) -> None:
    campaign = new_campaign()
    Image.objects.create(
        campaign=campaign,
        product_id="NLA_397000001EDR_F0010008AUT_04096M1",
        rover="curiosity",
        camera="navcam-left",
        width=2,
        height=1,
    )
    codes = np.array([[4, 0]], dtype=np.uint8)
    official(tmp_path, "msl/labels/train/NLA_397000001EDR_F0010008AUT_04096M1.png", codes)

    said = run("import_labels", tmp_path, "--campaign", campaign.slug)

    assert "has the code 4, which is not a class of the campaign" in said
    assert "0 images with masks imported, 0 already there, 1 refused" in said


def test_masks_of_labelers_are_found_by_all_these_names(tmp_path: Path) -> None:
    campaign = new_campaign("mer", "mer-navcam")
    image = Image.objects.create(
        campaign=campaign,
        product_id="2N140670982EFF6904P1914L0M1",
        rover="spirit",
        camera="navcam-left",
        width=4,
        height=1,
    )
    name = "2n140670982eff6904p1914l0m1_16165_T0_merged.png"
    official(tmp_path, f"masks/vera/{name}", mask("01.."))

    said = run("import_labels", tmp_path / "masks", "--campaign", "mer")

    assert "1 labels imported" in said
    label = Label.objects.get(image=image)
    assert (label.import_source, label.labeler.name) == ("masks", "vera")


# -- the lists of the gold images of MER -----------------------------------------------------------


def gold_pairs(root: Path, minimum: int) -> list[tuple[Path, Path]]:
    """Return images and masks as a loader of the published dataset pairs them: by `test.csv`."""
    folder = root / f"mer/labels/test/masked-gold-min{minimum}-100agree"
    pairs = []
    with (folder / "test.csv").open(newline="") as listed:
        for stem, image in csv.reader(listed):
            [found] = folder.glob(f"{stem}*_merged.png")
            pairs.append((root / "mer/images/test" / image, found))
    return pairs


def test_a_loader_finds_the_gold_pairs_of_mer(tmp_path: Path) -> None:
    mission = MISSIONS["mer"]
    tree = released(campaign_of(mission), mission, tmp_path)

    for minimum in (1, 2, 3):
        [(image, found)] = gold_pairs(tree, minimum)
        assert image.name == f"{mission.ids[1]}.JPG"
        with Pillow.open(image) as frame, Pillow.open(found) as codes:
            assert frame.size == codes.size == (WIDTH, HEIGHT)
    assert (tree / "mer/labels/test/masked-gold-min3-100agree/test.csv").read_bytes() == (
        f"{mission.ids[1]},{mission.ids[1]}.JPG\n".encode()
    )


@pytest.mark.parametrize("damage", ["gone", "other"])
def test_a_list_that_is_not_true_is_a_problem(damage: str, tmp_path: Path) -> None:
    mission = MISSIONS["mer"]
    tree = released(campaign_of(mission), mission, tmp_path)
    listed = tree / "mer/labels/test/masked-gold-min2-100agree/test.csv"
    listed.unlink()
    if damage == "other":
        listed.write_text("2n140670982eff6904p1914l0m1,2n140670982eff6904p1914l0m1.JPG\n")

    problems = [str(problem) for problem in plan(tree).problems]

    said = {
        "gone": "It is missing. Loaders need it to find the gold images of MER.",
        "other": "It does not list the gold images of the release.",
    }[damage]
    assert f"{listed.relative_to(tree)}: {said}" in problems


@pytest.mark.parametrize("name", ["navcam-v0.1", "navcam", "mastcam", "m2020"])
def test_other_missions_have_no_such_list(name: str, tmp_path: Path) -> None:
    tree = released(campaign_of(MISSIONS[name]), MISSIONS[name], tmp_path)
    assert not list(tree.rglob("test.csv"))
