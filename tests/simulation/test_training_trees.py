"""Simulated releases for training: names like real ones, and the content of the labels."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image

from merging.formats.storage import archive
from merging.formats.tree.tree_files import open_tree
from merging.formats.tree.trees import listing
from simulation.scenes.scene import make_scene
from simulation.training_trees import KINDS, make_trees, tree_of
from terrain.masks import NO_LABEL

SIZE, TRAIN, TEST, LABELS = 64, 4, 2, 6


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trees")
    assert len(list(make_trees(folder, TRAIN, TEST, SIZE, LABELS))) == TRAIN + TEST
    return folder


def read(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as file:
        assert file.mode == "L"
        return np.asarray(file)


def test_trees_have_the_names_of_a_release_and_sums_that_are_true(out: Path) -> None:
    for kind in KINDS:
        tree = tree_of(out, kind)
        assert archive.sums_of(tree)
        found = listing(open_tree(tree).names())
        names = [make_scene(seed, SIZE).product_id for seed in range(TRAIN + TEST)]
        assert set(found.train) == set(names[:TRAIN])
        assert {gold.product_id for gold in found.gold} == set(names[TRAIN:])
        assert {path.stem for path in (tree / "msl/images/edr").iterdir()} == set(names)


def test_trees_differ_in_their_train_labels_only(out: Path) -> None:
    contents = [
        {
            path.relative_to(tree_of(out, kind)): path.read_bytes()
            for path in tree_of(out, kind).rglob("*.*")
            if "train" not in path.parts
        }
        for kind in KINDS
    ]
    assert contents[0] == contents[1] == contents[2]


def test_labels_lie_in_what_is_known_and_merged_ones_are_the_truest(out: Path) -> None:
    right: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for seed in range(TRAIN):
        scene = make_scene(seed, SIZE)
        for kind in KINDS:
            label = read(tree_of(out, kind) / f"msl/labels/train/{scene.product_id}.png")
            known = label != NO_LABEL
            assert (scene.truth[known] != NO_LABEL).all()
            right[kind].append(float((label == scene.truth)[known].mean()))
    assert right["true"] == [1.0] * TRAIN
    assert np.mean(right["merged"]) > np.mean(right["random"])


def test_the_truth_of_test_scenes_covers_their_gold_masks(out: Path) -> None:
    gold = tree_of(out, "merged") / "msl/labels/test/masked-gold-min1-100agree"
    for path in gold.iterdir():
        mask, truth = read(path), read(out / "truth" / path.name.replace("_merged", ""))
        known = mask != NO_LABEL
        assert known.any()
        assert (truth[known] != NO_LABEL).all()
        assert (mask == truth)[known].mean() > 0.8


def test_the_same_trees_again(out: Path, tmp_path: Path) -> None:
    list(make_trees(tmp_path, TRAIN, TEST, SIZE, LABELS))
    for kind in KINDS:
        assert archive.sums_of(tree_of(tmp_path, kind)) == archive.sums_of(tree_of(out, kind))


@pytest.mark.django_db
def test_the_command(tmp_path: Path) -> None:
    said = io.StringIO()
    options = ("--train=1", "--test=1", "--size=64", "--labels=3")
    call_command("create_training_trees", f"--out={tmp_path}", *options, stdout=said)
    assert said.getvalue().splitlines() == [str(tree_of(tmp_path, kind)) for kind in KINDS]
    with pytest.raises(CommandError, match="25 is too many"):
        call_command("create_training_trees", f"--out={tmp_path}", "--labels=25")
