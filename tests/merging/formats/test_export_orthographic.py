"""The export of orthographic views: its files, its geometry, and repeated runs."""

from __future__ import annotations

import io
import json
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image as Pillow

from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.images.services.imports import import_product
from labeling.models import Campaign, Image, Label, Role
from labeling.people.services.labelers import new_guest
from merging.models import MergedMask
from simulation.demo import product_of
from simulation.scenes.scene import Scene, make_scene
from terrain.camera import CameraModel
from terrain.masks import NO_LABEL, mask_to_regions
from tests.factories import ACTOR, new_campaign, new_expert, new_image, product_id
from tests.merging.releases.test_releases import build
from tests.served import REPOSITORY

pytestmark = pytest.mark.django_db

SIZE = 128
SEEDS = (0, 2, 5)
GOLD_SEED = 5
VIEW = ("--meters-per-pixel=0.2", "--farthest=20", "--half-width=10")


@pytest.fixture(scope="module")
def scenes() -> dict[int, Scene]:
    return {seed: make_scene(seed, SIZE) for seed in SEEDS}


@pytest.fixture
def campaign(scenes: dict[int, Scene]) -> Campaign:
    """Return a campaign: scene 0 has three labels like its truth, 2 none, 5 is gold; one image has
    no camera model.
    """
    made = new_campaign(merge_minimum=1)
    for seed, scene in scenes.items():
        import_product(ACTOR, made, product_of(scene, seed))
    regions = mask_to_regions(scenes[0].truth)
    first = made.images.get(product_id=scenes[0].product_id)
    for _ in range(3):
        labels.store(ACTOR, first, new_guest(), Role.CROWD, regions, uuid.uuid4())
    gold = made.images.get(product_id=scenes[GOLD_SEED].product_id)
    expert = new_expert()
    assign_gold(ACTOR, gold, [expert])
    drawn = mask_to_regions(scenes[GOLD_SEED].truth)
    labels.store(ACTOR, gold, expert, Role.EXPERT, drawn, uuid.uuid4())
    new_image(made, 7)
    return made


def export(out: Path, *options: str) -> str:
    said = io.StringIO()
    call_command(
        "export_orthographic", "--campaign=navcam", f"--out={out}", *VIEW, *options, stdout=said
    )
    return said.getvalue()


def picture(path: Path) -> npt.NDArray[np.uint8]:
    with Pillow.open(path) as opened:
        assert opened.mode == "L"
        return np.asarray(opened)


def geometry(out: Path, scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "geometry" / f"{scene.product_id}.json").read_text())
    return found


def test_every_image_with_a_camera_is_exported(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    said = export(tmp_path).splitlines()

    bare = product_id(7)
    assert said == [
        f"skipped {bare}: The image has no camera model, so the ground in its pixels is unknown.",
        "3 images exported, 0 already there, 1 skipped",
    ]
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    crowd, unlabeled, gold = (scenes[seed].product_id for seed in SEEDS)
    assert names == (
        {f"geometry/{name}.json" for name in (crowd, unlabeled, gold)}
        | {f"images/{name}.png" for name in (crowd, unlabeled, gold)}
        | {f"labels/train/{crowd}.png"}
        | {f"labels/gold-min{n}/{gold}.png" for n in (1, 2, 3)}
    )
    assert not MergedMask.objects.filter(image__product_id=unlabeled).exists()


def test_the_geometry_leads_from_a_cell_to_the_pixel_it_shows(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    """From the JSON alone: a cell shows the pixel that the camera sees at its ground position."""
    scene = scenes[0]
    Image.objects.update(range_map_source=Image.RangeSource.ESTIMATED)
    export(tmp_path)
    found = geometry(tmp_path, scene)
    view = picture(tmp_path / "images" / f"{scene.product_id}.png")
    assert view.shape == (found["rows"], found["columns"]) == (100, 100)
    assert found["ground"] == "plane"
    across, _, _, down, first_right, first_ahead = found["world_file"]
    row, column = np.indices(view.shape)
    frame = {name: np.array(found["frame"][name]) for name in ("foot", "ahead", "right", "up")}
    place = (
        frame["foot"]
        + (first_ahead + down * row)[..., None] * frame["ahead"]
        + (first_right + across * column)[..., None] * frame["right"]
    )
    image = campaign.images.get(product_id=scene.product_id)
    x, y = np.moveaxis(CameraModel.from_json(image.camera_model).project(place), -1, 0)
    inside = (x >= 0) & (x < SIZE) & (y >= 0) & (y < SIZE)
    with image.original.open("rb") as file, Pillow.open(file) as opened:
        original = np.asarray(opened)
    with image.range_mask.open("rb") as file, Pillow.open(file) as opened:
        shown = np.asarray(opened) == 0
    shown &= ~scene.rover_mask
    inside[inside] &= shown[y[inside].astype(int), x[inside].astype(int)]
    assert inside.sum() > 500
    assert (view[inside] == original[y[inside].astype(int), x[inside].astype(int)]).all()
    assert (view[~inside] == 0).all()


def test_a_range_map_is_used_where_it_was_measured(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    export(tmp_path)
    assert {geometry(tmp_path, scene)["ground"] for scene in scenes.values()} == {"range map"}


def test_labels_are_those_of_the_ground(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    export(tmp_path)
    view = picture(tmp_path / "labels" / "train" / f"{scenes[0].product_id}.png")
    seen = picture(tmp_path / "images" / f"{scenes[0].product_id}.png") > 0
    codes = set(np.unique(view).tolist())
    assert codes <= {0, 1, 2, 3, NO_LABEL}
    assert len(codes) > 2
    assert (view[~seen] == NO_LABEL).all()
    assert (view[seen] != NO_LABEL).mean() > 0.95


def test_a_second_export_writes_only_what_has_changed(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    export(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}
    assert export(tmp_path).endswith("0 images exported, 3 already there, 1 skipped\n")
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*")}

    for label in Label.objects.crowd():
        labels.reject(ACTOR, label)
    assert export(tmp_path).endswith("1 images exported, 2 already there, 1 skipped\n")
    assert export(tmp_path, "--tile=3").endswith("3 images exported, 0 already there, 1 skipped\n")


@pytest.mark.parametrize("lost", ["geometry", "images"])
def test_an_export_that_was_killed_goes_on(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path, lost: str
) -> None:
    export(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    (victim,) = (tmp_path / lost).glob(f"{scenes[0].product_id}.*")
    victim.unlink()
    assert export(tmp_path).endswith("1 images exported, 2 already there, 1 skipped\n")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.*")}


def test_half_a_geometry_is_written_again(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    export(tmp_path)
    path = tmp_path / "geometry" / f"{scenes[0].product_id}.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert export(tmp_path).startswith("skipped")
    assert path.read_bytes() == whole


def test_tiles_are_cut_out_of_image_and_label(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    export(tmp_path, "--cut-tiles")
    scene = scenes[0]
    tiles = geometry(tmp_path, scene)["tiles"]
    assert len(tiles) > 5
    image = campaign.images.get(product_id=scene.product_id)
    with image.original.open("rb") as file, Pillow.open(file) as opened:
        original = np.asarray(opened)
    folder = tmp_path / "tiles" / scene.product_id
    for number, tile in enumerate(tiles):
        window = slice(tile["top"], tile["bottom"]), slice(tile["left"], tile["right"])
        assert (picture(folder / f"{number:03d}.png") == original[window]).all()
        label = picture(folder / "labels" / "train" / f"{number:03d}.png")
        assert label.shape == original[window].shape
    assert len(list(folder.glob("*.png"))) == len(tiles)

    export(tmp_path, "--cut-tiles", "--tile=5")
    assert len(list(folder.glob("*.png"))) == len(geometry(tmp_path, scene)["tiles"]) < len(tiles)


def test_labels_of_a_release_are_taken_from_its_tree(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    tree = build(campaign, tmp_path / "releases")
    crowd = scenes[0].product_id
    spoiled = tree / "msl" / "labels" / "train" / f"{crowd}.png"
    Pillow.fromarray(np.full((SIZE, SIZE), 2, dtype=np.uint8)).save(spoiled)
    foreign = spoiled.with_name("NLA_999999999EDR_F0010008AUT_04096M1.png")
    foreign.write_bytes(spoiled.read_bytes())

    said = export(tmp_path / "out", f"--release={tree}").splitlines()

    assert said[-2] == "2 images exported, 0 already there, 0 skipped"
    assert said[-1].startswith("1 labels of the release were not exported")
    view = picture(tmp_path / "out" / "labels" / "train" / f"{crowd}.png")
    assert set(np.unique(view).tolist()) == {2, NO_LABEL}


def test_a_label_of_another_size_is_skipped(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    tree = build(campaign, tmp_path / "releases")
    spoiled = tree / "msl" / "labels" / "train" / f"{scenes[0].product_id}.png"
    Pillow.fromarray(np.zeros((4, 5), dtype=np.uint8)).save(spoiled)
    said = export(tmp_path / "out", f"--release={tree}")
    assert f"{scenes[0].product_id}.png is 5 x 4 pixels" in said


def test_an_unknown_camera_is_skipped(
    campaign: Campaign, scenes: dict[int, Scene], tmp_path: Path
) -> None:
    campaign.images.filter(product_id=scenes[2].product_id).update(camera="hazcam")
    assert "The height of hazcam on curiosity is unknown" in export(tmp_path)


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--meters-per-pixel=0", "needs a size"),
        ("--farthest=-1", "empty"),
        ("--tile=0", "--tile 2"),
        ("--release=/nowhere", "no release at"),
        (f"--release={REPOSITORY / 'docs'}", "no labels in"),
    ],
)
def test_options_without_sense_are_refused(
    campaign: Campaign, tmp_path: Path, option: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        export(tmp_path, option)
    assert not list(tmp_path.iterdir())


def test_a_campaign_without_images_is_refused(tmp_path: Path) -> None:
    new_campaign()
    with pytest.raises(CommandError, match="Nothing to export"):
        export(tmp_path)
