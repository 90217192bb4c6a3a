"""`verify_release`: a correct release passes, and each violated rule is reported with its path."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image as Pillow

from labeling.images.preparation.pictures import jpeg_bytes, png_bytes
from merging.formats.contents import manifest, raw_labels
from merging.formats.contents.facts import Mask, ReleasedLabel
from merging.formats.exports import EXPORTS
from merging.formats.storage import checksums
from merging.formats.tree.ai4mars_tree import Layout
from merging.formats.verification.plan import spread
from merging.releases.services.builder import build_folder, claim
from merging.releases.services.requests import ReleaseRequest, request_release
from terrain.aggregation.majority import PAPER_RULE
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.masks import NO_LABEL
from tests.factories import ACTOR, campaign_to_release, product_id
from tests.merging.releases import released

TRAIN, GOLD = product_id(1), product_id(2)
TRAIN_MASK = f"msl/labels/train/{TRAIN}.png"
RAW = f"raw/labels/{TRAIN}.json"
FRAME = f"msl/images/edr/{TRAIN}.JPG"
ROVER = f"msl/images/mxy/{TRAIN.replace('EDR', 'MXY')}.png"
SIZE = 8


def gold_path(minimum: int) -> str:
    return f"msl/labels/test/masked-gold-min{minimum}-100agree/{GOLD}_merged.png"


def box(code: int, left: int, right: int) -> dict[str, Any]:
    """Return a polygon of all rows, from column `left` up to column `right`."""
    ring = [[left, 0], [right, 0], [right, SIZE], [left, SIZE]]
    return {"class": code, "rings": [ring]}


def columns(*codes: int) -> Mask:
    """Return a mask with one code per column."""
    return np.tile(np.array(codes, dtype=np.uint8), (SIZE, 1))


def drawn(number: int, *polygons: dict[str, Any], **fields: Any) -> ReleasedLabel:
    return released.drawn_by(f"{number:016x}", polygons, **fields)


N = NO_LABEL
#: Three draw soil to column 4; of bedrock two are sure, one of them also on the rover.
CROWD = (
    drawn(1, box(0, 0, 4), box(1, 4, 8)),
    drawn(2, box(0, 0, 4), box(1, 4, 6)),
    drawn(3, box(0, 0, 4), ratings=(4,)),
    drawn(4),
)
EXPERTS = tuple(
    drawn(number, box(2, 0, right), role="expert") for number, right in ((5, 6), (6, 4), (7, 2))
)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Return a release of a train and a gold image; the last two columns of each are rover."""
    root = tmp_path / "ai4mars-dataset-merged-1"
    rover = columns(0, 0, 0, 0, 0, 0, 1, 1)
    shared: dict[str, Any] = {
        "frame": jpeg_bytes(np.zeros((SIZE, SIZE), dtype=np.uint8)),
        "rover_mask": rover,
    }
    images = [
        released.released(1, {"train": columns(0, 0, 0, 0, N, N, N, N)}, labels=CROWD, **shared),
        released.released(
            2,
            released.gold(
                columns(2, 2, 2, 2, 2, 2, N, N),
                columns(2, 2, 2, 2, N, N, N, N),
                columns(2, 2, N, N, N, N, N, N),
            ),
            labels=EXPERTS,
            **shared,
        ),
    ]
    files = released.tree(images)
    for image in images:
        files[raw_labels.path_of(image.product_id)] = raw_labels.to_bytes(image)
    released.write(files, root)
    entries = [
        manifest.Entry(
            image.product_id,
            image.split,
            len(image.labels),
            "0" * 64,
            {**image.paths, "raw": raw_labels.path_of(image.product_id)},
        )
        for image in images
    ]
    facts = released.facts(images, parameters=MergeMethod(Kind.VOTES, PAPER_RULE).to_json())
    (root / manifest.NAME).write_bytes(b"".join(manifest.pieces(facts, [], entries)))
    sign(root)
    return root


def sign(root: Path) -> None:
    """Write SHA256SUMS of the files present."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    sums = {
        path.relative_to(root).as_posix(): checksums.sha256(path.read_bytes())
        for path in files
        if path.name != checksums.NAME
    }
    (root / checksums.NAME).write_text(checksums.sums_text(sums))


def told_of(root: Path, **options: Any) -> tuple[str, str]:
    """Return the output of the command: the problems, and the rest."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("verify_release", str(root), stdout=out, stderr=err, **options)
    except CommandError as error:
        return err.getvalue() + str(error), out.getvalue()
    return err.getvalue(), out.getvalue()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_sound_release(release: Path, workers: int) -> None:
    problems, said = told_of(release, workers=workers)

    assert problems == ""
    assert "2 images are correct. The masks of 2 images were merged again" in said


def write_mask(root: Path, path: str, mask: Mask) -> None:
    (root / path).write_bytes(png_bytes(mask))


def write_palette(root: Path) -> None:
    picture = Pillow.fromarray(columns(0, 0, 0, 0, 0, 0, 0, 0)).convert("P")
    picture.save(root / TRAIN_MASK)


def write_gold_into_train(root: Path) -> None:
    write_mask(root, f"msl/labels/train/{GOLD}.png", columns(N, N, N, N, N, N, N, N))


def write_raw(root: Path, change: Callable[[dict[str, Any]], None]) -> None:
    told = json.loads((root / RAW).read_bytes())
    change(told)
    (root / RAW).write_text(json.dumps(told))


BREAKS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "palette": (write_palette, f"{TRAIN_MASK}: It is not an 8-bit grayscale PNG."),
    "no picture at all": (
        lambda root: (root / TRAIN_MASK).write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x08\x00" * 20),
        f"{TRAIN_MASK}: It cannot be read",
    ),
    "size": (
        lambda root: write_mask(root, TRAIN_MASK, np.full((4, 8), N, dtype=np.uint8)),
        f"{TRAIN_MASK}: Its size is 8 x 4 pixels, but its image has 8 x 8.",
    ),
    "values": (
        lambda root: write_mask(root, TRAIN_MASK, columns(0, 0, 0, 9, N, N, N, N)),
        f"{TRAIN_MASK}: It has the values 9, which are not class codes.",
    ),
    "values of a rover mask": (
        lambda root: write_mask(root, ROVER, columns(0, 0, 0, 0, 0, 0, 255, 255)),
        f"{ROVER}: It has the values 255, which are not class codes.",
    ),
    "nesting": (
        lambda root: write_mask(root, gold_path(3), columns(2, 1, N, N, N, N, N, N)),
        f"{gold_path(3)}: 8 pixels have a label that is not in min2.",
    ),
    "nesting of min2": (
        lambda root: write_mask(root, gold_path(2), columns(2, 2, 2, 1, N, N, N, N)),
        f"{gold_path(2)}: 8 pixels have a label that is not in min1.",
    ),
    "both splits": (
        write_gold_into_train,
        f"msl/labels/train/{GOLD}.png: The image {GOLD} is in both test and train.",
    ),
    "under the rover": (
        lambda root: write_mask(root, TRAIN_MASK, columns(0, 0, 0, 0, N, N, N, 1)),
        f"{TRAIN_MASK}: 8 pixels under the rover or range mask have a label.",
    ),
    "gold of two": (
        lambda root: (root / gold_path(2)).unlink(),
        f"{gold_path(2)}: This gold mask is missing. Each gold image has three.",
    ),
    "no frame": (
        lambda root: (root / FRAME).unlink(),
        f"{TRAIN_MASK}: The frame of {TRAIN} is missing.",
    ),
    "frame": (
        lambda root: (root / FRAME).write_bytes(b"JPEG"),
        f"{FRAME}: The image cannot be read",
    ),
    "other labels": (
        lambda root: write_raw(root, lambda told: told["labels"][0]["polygons"].pop(0)),
        f"{TRAIN_MASK}: 32 pixels differ from the mask that its labels give.",
    ),
    "fewer labels": (
        lambda root: write_raw(root, lambda told: told["labels"].pop()),
        f"{RAW}: It has 3 labels, the manifest says 4.",
    ),
    "no labels": (
        lambda root: (root / RAW).write_text("{}"),
        f"{RAW}: Its labels cannot be read",
    ),
    "another file in the manifest": (
        lambda root: (root / RAW).unlink(),
        f"{RAW}: It is missing, although the manifest lists it for {TRAIN}.",
    ),
    "no manifest": (
        lambda root: (root / manifest.NAME).write_text('{"method": {}}'),
        f"{manifest.NAME}: It is not a manifest of a release",
    ),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_each_rule_broken_once(release: Path, broken: str) -> None:
    how, sentence = BREAKS[broken]
    how(release)
    sign(release)

    problems, _ = told_of(release)

    assert sentence in problems
    assert "with the release." in problems


def test_files_that_are_not_those_of_the_sums(release: Path) -> None:
    (release / "more.txt").write_text("more")
    (release / FRAME).unlink()
    write_mask(release, ROVER, columns(0, 0, 0, 0, 0, 0, 0, 1))
    with (release / checksums.NAME).open("a") as sums:
        sums.write("nonsense\n")

    problems, _ = told_of(release)

    assert "more.txt: The file is not in SHA256SUMS." in problems
    assert f"{FRAME}: The file is missing." in problems
    assert f"{ROVER}: It was changed: its checksum differs from SHA256SUMS." in problems
    assert "is not a checksum and a path." in problems


def test_without_sums_a_release_is_not_whole(release: Path) -> None:
    (release / checksums.NAME).unlink()

    problems, said = told_of(release)

    assert "SHA256SUMS: It is missing." in problems
    assert "changed files cannot be detected" in said


def test_without_sums_pictures_that_are_not_looked_at_are_told(release: Path) -> None:
    """Otherwise nothing would report that masks in another folder were not checked."""
    (release / checksums.NAME).unlink()
    assert "were not verified" not in told_of(release)[1]
    (release / "msl/labels/test-gold-min3").mkdir()
    write_mask(release, "msl/labels/test-gold-min3/NLA_1.png", columns(9, 9, 9, 9, 9, 9, 9, 9))
    assert (
        "1 other image files, such as msl/labels/test-gold-min3/NLA_1.png, do not have the name "
        "of a frame or mask. They were not verified."
    ) in told_of(release)[1]


def test_all_problems_are_counted(release: Path) -> None:
    for number in range(30):
        (release / f"more-{number:02}.txt").write_text("more")

    problems, _ = told_of(release)

    assert problems.count("is not in SHA256SUMS") == 20
    assert ".: 10 more" in problems
    assert "30 problems with the release." in problems


def test_labels_weighed_by_their_ratings(release: Path) -> None:
    told = json.loads((release / manifest.NAME).read_bytes())
    rule = replace(PAPER_RULE, minimum=1)
    told["method"] = MergeMethod(Kind.RATINGS, rule).to_json()
    (release / manifest.NAME).write_text(json.dumps(told))
    # Bedrock has nobody against it, where no other label is.
    write_mask(release, TRAIN_MASK, columns(0, 0, 0, 0, 1, 1, N, N))
    sign(release)

    problems, said = told_of(release)

    assert problems == ""
    assert "The masks of 2 images were merged again" in said


def test_a_lot_cannot_be_drawn_again(release: Path) -> None:
    told = json.loads((release / manifest.NAME).read_bytes())
    told["method"] = MergeMethod(Kind.RANDOM, seed=3).to_json()
    (release / manifest.NAME).write_text(json.dumps(told))
    sign(release)

    problems, said = told_of(release)

    assert problems == ""
    assert "So only gold masks were merged again." in said
    assert "The masks of 1 images were merged again" in said


def test_a_release_of_an_earlier_version(release: Path) -> None:
    """Before 0.2.0 a manifest spelled the license key differently and did not name the software."""
    told = json.loads((release / manifest.NAME).read_bytes())
    del told["software"]
    told["licence"] = told.pop("license")
    (release / manifest.NAME).write_text(json.dumps(told))
    sign(release)

    problems, said = told_of(release, all=True)

    assert problems == ""
    assert "The masks of 2 images were merged again" in said


def test_a_sample_is_spread_evenly() -> None:
    assert spread(list(range(10)), 5) == [0, 2, 4, 6, 8]
    assert spread([3, 4], 5) == [3, 4]
    assert len(set(spread(list(range(3500)), 50))) == 50


def test_what_is_no_release(tmp_path: Path) -> None:
    assert "is empty" in told_of(tmp_path)[0]
    assert "There is no release" in told_of(tmp_path / "none")[0]


@pytest.mark.django_db
@pytest.mark.parametrize("layout", list(Layout))
def test_a_release_as_it_is_built(tmp_path: Path, layout: Layout) -> None:
    wanted = ReleaseRequest(layout=layout, formats=tuple(EXPORTS))
    release = claim(request_release(ACTOR, campaign_to_release(), "0.1", wanted).pk)
    assert release is not None
    tree = build_folder(release, tmp_path / "out", 1, lambda items, total: iter(items))

    problems, said = told_of(tree, all=True)

    assert problems == ""
    assert "3 images are correct. The masks of 2 images were merged again" in said


def test_the_real_release(real_data: Path) -> None:
    problems, said = told_of(real_data / "ai4mars" / "v0.1-sample")

    assert problems == ""
    assert "There is no manifest.json" in said
    assert "There is no SHA256SUMS" in said
    assert "images have masks and no frame" in said
    assert "0 checksums and 21 images are correct" in said
