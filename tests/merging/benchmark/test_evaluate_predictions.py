"""The command that evaluates predictions, on a built release and on real gold masks."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image as Pillow

from labeling.annotation.services.assignments import assign_gold
from labeling.images.preparation.pictures import png_bytes
from labeling.models import Role
from merging.formats.tree.tree_files import Unreadable, open_tree
from merging.formats.tree.trees import GoldFiles, classes_of, listing
from tests.factories import ACTOR, accept, mask, new_campaign, new_expert, new_image, product_id

GOLD = "labels/test/masked-gold-min{}-100agree"


@pytest.fixture
def tree(db: None, tmp_path: Path) -> Path:
    """Return a release with two gold images, each with labels of three experts."""
    campaign = new_campaign()
    experts = [new_expert(name) for name in ("eva", "erik", "emil")]
    drawn = {1: (("0011", "22.."), ("001.", "2..."), ("00..", "3...")), 2: (("3333", "...."),) * 3}
    for number, labels in drawn.items():
        image = new_image(campaign, number)
        assign_gold(ACTOR, image, experts)
        for expert, rows in zip(experts, labels, strict=True):
            accept(image, *rows, labeler=expert, role=Role.EXPERT)
    accept(new_image(campaign, 3), "0000", "0000")
    call_command(
        "build_release",
        *("--campaign", "navcam", "--version=0.1", "--out", str(tmp_path)),
        stdout=io.StringIO(),
    )
    return tmp_path / "ai4mars-dataset-merged-0.1"


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """Return predictions of both gold images: one named like the image, one like its gold masks."""
    folder = tmp_path / "predictions"
    folder.mkdir()
    write(folder / f"{product_id(1)}.png", "0101", "2.03")
    write(folder / "more" / f"{product_id(2)}_merged.png", "3300", "0000")
    return folder


def write(path: Path, *rows: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(png_bytes(mask(*rows)))


def evaluated(release: Path, predictions: Path, *arguments: str) -> str:
    said = io.StringIO()
    call_command(
        "evaluate_predictions",
        *("--release", str(release), "--predictions", str(predictions), *arguments),
        stdout=said,
        stderr=said,
    )
    return said.getvalue()


def refused(release: Path, predictions: Path, *arguments: str) -> tuple[str, str]:
    """Return the output of the command, and its error message; it ends with status 1."""
    said = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command(
            "evaluate_predictions",
            *("--release", str(release), "--predictions", str(predictions), *arguments),
            stdout=said,
            stderr=said,
        )
    assert error.value.returncode == 1
    return said.getvalue(), str(error.value)


def test_a_known_matrix_comes_back_from_a_release(
    tree: Path, predictions: Path, tmp_path: Path
) -> None:
    said = evaluated(tree, predictions, "--name", "Net 3", "--json", str(tmp_path / "found.json"))

    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["name"], found["images"], found["problems"]) == ("Net 3", 2, [])
    matrices = {name: each["confusion"] for name, each in found["evaluations"].items()}
    # Image 1 in min1: 0 0 1 1 and 2 at [1, 1]; at [1, 0] the experts do not agree.
    assert matrices["min1"] == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [2, 0, 0, 2, 0],
    ]
    assert matrices["min2"] == [[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0] * 5, [2, 0, 0, 2, 0]]
    assert matrices["min3"] == [[1, 1, 0, 0, 0], [0] * 5, [0] * 5, [2, 0, 0, 2, 0]]
    assert found["evaluations"]["min3"]["accuracy"][0] == 0.5
    assert found["evaluations"]["min3"]["miou"][0] == pytest.approx((1 / 4 + 0 + 2 / 4) / 3)
    assert "2 of 2 gold images" in said
    assert "overall accuracy 50.00 %" in said


def test_two_workers_and_a_zip_give_the_same(tree: Path, predictions: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "release"), "zip", tree.parent, tree.name)

    said = evaluated(tree, predictions)

    assert evaluated(Path(archive), predictions) == said
    assert evaluated(Path(archive), predictions, "--workers", "2") == said


def color(path: Path, mode: str) -> None:
    Pillow.new(mode, (4, 2)).save(path)


def strange_codes(path: Path) -> None:
    path.write_bytes(png_bytes(np.array([[0, 1, 2, 3], [4, 5, 255, 200]], dtype=np.uint8)))


SPOILED: dict[str, tuple[Callable[[Path], Any], str]] = {
    "wrong size": (lambda path: write(path, "00", "00"), "is 2 x 2 pixels, but its image is 4 x 2"),
    "color": (lambda path: color(path, "RGB"), "is a color image; it must be 8-bit grayscale"),
    "palette": (lambda path: color(path, "P"), "is a palette image"),
    "16 bits": (lambda path: color(path, "I;16"), "must be 8-bit grayscale"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:50]), "is truncated or damaged"),
    "cut off in its header": (
        lambda path: path.write_bytes(path.read_bytes()[:20]),
        "is truncated or damaged",
    ),
    "cut off in its first bytes": (lambda path: path.write_bytes(b"\x89PN"), "is truncated"),
    "a damaged header": (
        lambda path: path.write_bytes(path.read_bytes()[:16] + bytes(40)),
        "is truncated or damaged",
    ),
    "empty file": (lambda path: path.write_bytes(b""), "is empty: it has no bytes"),
    "no PNG": (lambda path: path.write_text("hello"), "is not a PNG image"),
    "codes": (strange_codes, "has the codes 4, 5, 200, which are not classes. Use 0, 1, 2, 3"),
    "missing": (lambda path: path.unlink(), f"Name it {product_id(1)}.png"),
    "twice": (
        lambda path: shutil.copy(path, path.with_name(f"{product_id(1)}_merged.png")),
        "predicts the same image as",
    ),
    "unknown": (
        lambda path: shutil.copy(path, path.with_name("NLA_1.png")),
        "The release has no gold mask of this name",
    ),
    "of a train image": (
        lambda path: shutil.copy(path, path.with_name(f"{product_id(3)}.png")),
        "The release has no gold mask of this name",
    ),
    "other file": (lambda path: path.with_name("notes.txt").write_text("hello"), "It is not a PNG"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_does_not_fit_is_said_and_not_guessed(
    tree: Path, predictions: Path, tmp_path: Path, what: str
) -> None:
    spoil, sentence = SPOILED[what]
    spoil(predictions / f"{product_id(1)}.png")
    json_file = tmp_path / "found.json"

    said, last = refused(tree, predictions, "--json", str(json_file))

    assert sentence in said
    assert last.startswith("1 problem with the predictions.")
    assert "accuracy" not in said
    assert last.endswith(f"{json_file} was not written.")
    assert not json_file.exists()


def test_every_problem_is_said_and_a_partial_table_only_if_asked(
    tree: Path, predictions: Path, tmp_path: Path
) -> None:
    color(predictions / f"{product_id(1)}.png", "RGB")
    (predictions / "notes.txt").write_text("hello")

    said, last = refused(
        tree, predictions, "--allow-missing", "--json", str(tmp_path / "found.json")
    )

    assert last == "2 problems with the predictions."
    assert "1 of 2 gold images were compared" in said
    found = json.loads((tmp_path / "found.json").read_text())
    assert {problem["kind"] for problem in found["problems"]} == {"refused", "unknown"}
    assert found["evaluations"]["min1"]["confusion"][3] == [2, 0, 0, 2, 0]
    assert found["gold_images"] == 2


def test_what_is_no_release(tree: Path, predictions: Path, tmp_path: Path) -> None:
    assert "There is no release" in refused(tmp_path / "none", predictions)[1]
    assert "no gold masks to compare" in refused(predictions, predictions)[1]
    assert "is not a folder" in refused(tree, tmp_path / "none")[1]
    notes = tmp_path / "notes.txt"
    notes.write_text("hello")
    assert "cannot be read as a zip" in refused(notes, predictions)[1]


def test_a_damaged_release_is_not_taken_for_bad_predictions(tree: Path, predictions: Path) -> None:
    gold = tree / "msl" / GOLD.format(2) / f"{product_id(1)}_merged.png"
    gold.write_bytes(png_bytes(mask("1111", "....")))
    assert "different classes" in refused(tree, predictions)[1]

    gold.unlink()
    assert "no gold mask min2" in refused(tree, predictions)[1]


def test_label_keys_name_the_classes(tmp_path: Path) -> None:
    keys = tmp_path / "label_keys.json"
    tree = open_tree(tmp_path)

    assert classes_of(tree, []) == {0: "soil", 1: "bedrock", 2: "sand", 3: "big rock"}
    keys.write_text('{"NAV": {"0": "soil", "255": null}, "M2020_GEO": {"1": "bedrock_layered"}}')
    assert classes_of(tree, ["label_keys.json"]) == {0: "soil"}
    keys.write_text('{"ICE": {"7": "ice", "255": null}}')
    assert classes_of(tree, ["label_keys.json"]) == {7: "ice"}
    keys.write_text("[]")
    with pytest.raises(Unreadable, match="no list of classes"):
        classes_of(tree, ["label_keys.json"])


def test_names_of_labels_lead_to_their_images() -> None:
    """Names in layout v0.6, and names in a campaign whose ids end in numbers."""
    mer = "1n129697839eff0338p1931l0m1"
    mastcam = "0174ML0009370000105185E01_DRCL"
    m2020 = "NLF_0013_0668099436_428ECM_N0030016NCAM00112_01_295J"
    gold = [f"mer/{GOLD.format(k)}/{mer}_16165_T0_merged.png" for k in (1, 2, 3)]
    ours = [f"msl/{GOLD.format(k)}/frame_00012_merged.png" for k in (1, 2, 3)]
    found = listing(
        [
            f"mer/images/eff/{mer}.JPG",
            f"mer/images/test/{mer}.JPG",
            *gold,
            *ours,
            "msl/images/edr/frame_00012.JPG",
            f"msl/mcam/images/{mastcam}.JPG",
            f"msl/mcam/labels/train/{mastcam}_15033_merged.png",
            f"m2020/labels/NAV/{m2020}_merged60.png",
            "mer/labels/train/merged-unmasked/1n1_merged8.png",
            "msl/images/mxy/frame_00012.png",
            "info.md",
        ]
    )

    assert found.frames == (mastcam, mer, "frame_00012")
    assert found.gold == (
        GoldFiles(mer, f"{mer}_16165_T0_merged", tuple(gold)),
        GoldFiles("frame_00012", "frame_00012_merged", tuple(ours)),
    )
    assert sorted(found.train) == sorted([mastcam, m2020, "1n1"])


def test_real_gold_masks_are_without_fault_against_themselves(
    real_data: Path, tmp_path: Path
) -> None:
    release = real_data / "ai4mars" / "v0.1-sample"

    evaluated(release, release / "msl" / GOLD.format(2), "--json", str(tmp_path / "found.json"))

    found = json.loads((tmp_path / "found.json").read_text())["evaluations"]
    assert found["min2"]["accuracy"] == found["min3"]["accuracy"] == [1.0, 1.0, 1.0]
    # What only one expert labeled has no label in min2: the last column.
    unlabeled = [row[-1] for row in found["min1"]["confusion"]]
    agreed = [sum(row[:-1]) for row in found["min1"]["confusion"]]
    assert sum(unlabeled) == 6_349_388 - 5_536_196
    assert agreed == [sum(row) for row in found["min2"]["confusion"]]
