"""Every file found is a frame, belongs to one, or is named with the reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from labeling.images.ingest import leftovers, places
from labeling.images.ingest.buckets import Bucket
from labeling.images.ingest.products import NotUsed, Source
from labeling.images.ingest.sources import open_source

GRAY = np.tile(np.arange(0, 200, 4, dtype=np.uint8), (40, 1))
FRAME = "NLA_397681339EDR_F0020000AUT_04096M1"


def save(path: Path, pixels: Any = GRAY) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)
    return path


def unused(source: Source) -> dict[str, str]:
    return {each.name: each.reason for each in source.unused()}


def counted(source: Source) -> Counter[str]:
    return Counter(each.reason for each in source.unused())


# -- plain folders ---------------------------------------------------------------------------------


def test_a_plain_folder_names_what_it_does_not_read(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg")
    for name in ("b.zip", "c.tar.gz", "d.heic", "notes", ".b.jpg", ".git/config", "e.LBL"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "elsewhere").symlink_to("/", target_is_directory=True)
    (tmp_path / "manifest.csv").write_text("file\na.jpg\n")
    source = open_source(tmp_path)

    assert [candidate.name for candidate in source.candidates()] == ["a.jpg"]
    archive = "It is an archive in a folder. Import it separately, or unpack it first."
    other = leftovers.why_unused("x")
    assert unused(source) == {
        ".b.jpg": places.HIDDEN_FILE,
        ".git/": places.HIDDEN_FOLDER,
        "elsewhere/": places.LINKED_FOLDER,
        "b.zip": archive,
        "c.tar.gz": archive,
        "d.heic": other,
        "notes": other,
        "e.LBL": "It is a label without its .IMG file.",
    }


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """Return a readable folder with an unreadable folder in it."""
    root = Path(tempfile.mkdtemp())
    save(root / "a.jpg")
    save(root / "secret" / "b.jpg")
    root.chmod(0o755)
    (root / "secret").chmod(0)
    yield root
    (root / "secret").chmod(0o755)
    shutil.rmtree(root)


def test_a_folder_that_cannot_be_read_is_named(closed_folder: Path) -> None:
    """In a process without superuser rights, which could read everything."""
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from labeling.images.ingest.places import Folder\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"
        "print(Folder(Path(sys.argv[1])).left_out())"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(closed_folder)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ).stdout
    assert "name='secret/', reason='The folder cannot be read: Permission denied.'" in said


def test_masks_are_no_pictures(real_data: Path) -> None:
    labels = real_data / "ai4mars" / "v0.1-sample" / "msl" / "labels"
    source = open_source(labels)
    candidates = source.candidates()
    assert len(candidates) == sum(path.is_file() for path in labels.rglob("*")) == 40
    for candidate in candidates:
        with pytest.raises(NotUsed, match="import_labels"):
            source.load(candidate)


def test_what_is_a_mask(tmp_path: Path) -> None:
    few = (np.arange(2000) % 5).astype(np.uint8).reshape(40, 50)
    for name in ("labels/a.png", "train_masks/b.png", "rng-30m/c.png", "pictures/d.png"):
        save(tmp_path / name, few)
    save(tmp_path / "labels" / "e.png")  # many values: a picture, wherever it lies
    save(tmp_path / "labels" / "f.jpg", few)  # no mask is a JPEG
    source = open_source(tmp_path)
    masks = []
    for candidate in source.candidates():
        try:
            source.load(candidate)
        except NotUsed:
            masks.append(candidate.name)
    assert sorted(masks) == ["labels/a.png", "rng-30m/c.png", "train_masks/b.png"]

    (tmp_path / "manifest.csv").write_text("file\nlabels/a.png\n")
    source = open_source(tmp_path)
    (listed,) = [c for c in source.candidates() if c.name == "labels/a.png"]
    assert source.load(listed).linear.max() == 4, "the manifest says that it is a picture"


# -- released trees --------------------------------------------------------------------------------


def test_a_released_tree_names_all_that_is_no_frame(real_data: Path) -> None:
    sample = real_data / "ai4mars" / "v0.1-sample"
    source = open_source(sample)
    assert counted(source) == {
        "It is a mask of a frame that does not exist here.": 2,
        leftovers.MASK: 40,
    }
    frames = len(source.candidates())
    assert frames == 10
    files = sum(path.is_file() for path in sample.rglob("*"))
    assert files == frames + 2 * frames + len(source.unused()), "each frame has two masks"


def test_gold_frames_that_are_there_twice(tmp_path: Path) -> None:
    name = "2N292280938EFFB100P0703L0M1.JPG"
    save(tmp_path / "mer" / "images" / "eff" / name)
    save(tmp_path / "mer" / "images" / "test" / name)
    save(tmp_path / "mer" / "images" / "other" / name)
    assert unused(open_source(tmp_path)) == {
        f"mer/images/test/{name}": "It is the same frame as the one with this name in images/eff.",
        f"mer/images/other/{name}": "It is in no folder of frames of the released tree, such as "
        "images/edr.",
    }


def test_a_folder_of_frames_answers_for_itself_alone(real_data: Path) -> None:
    images = real_data / "ai4mars" / "v0.1-sample" / "msl" / "images"
    assert open_source(images / "edr").unused() == []


# -- PDS products ----------------------------------------------------------------------------------


def test_pds_products_name_the_pictures_beside_them(real_data: Path) -> None:
    products = real_data / "pds"
    source = open_source(products)
    files = [
        path.relative_to(products).as_posix() for path in products.rglob("*") if path.is_file()
    ]
    reasons = unused(source)
    labels = {"msl/navcam-edr/" + path.name for path in (products / "msl/navcam-edr").glob("*.LBL")}
    candidates = {candidate.name for candidate in source.candidates()}
    assert len(labels) == 2
    assert set(files) == candidates | labels | set(reasons), "nothing without a word"
    pictures = [name for name in reasons if leftovers.is_picture(name)]
    assert len(pictures) == 11
    assert all("Import a folder of pictures separately" in reasons[name] for name in pictures)
    assert sum("label without its .IMG" in reason for reason in reasons.values()) == 11


def test_a_companion_whose_frame_is_not_there(real_data: Path, tmp_path: Path) -> None:
    frame = real_data / "pds" / "msl" / "navcam-edr" / "NLB_517261274EDR_F0541610CCAM15900M1.IMG"
    for name in (
        "NLB_517261274EDR_F0541610CCAM15900M1.IMG",
        "NLB_517261274RNG_F0541610CCAM15900M1.IMG",
        "NLB_516721703RNG_F0540992CCAM15900M1.IMG",
    ):
        (tmp_path / name).symlink_to(frame)
    assert unused(open_source(tmp_path)) == {
        "NLB_516721703RNG_F0540992CCAM15900M1.IMG": "It belongs to a frame that does "
        "not exist here (range, points or mask)."
    }


# -- buckets ---------------------------------------------------------------------------------------


def test_hidden_objects_of_a_bucket(s3: Any, tmp_path: Path) -> None:
    for name in ("a/.b.jpg", "a/c.jpg", "a/.git/d", "a/folder/"):
        s3.put_object(Bucket="mars", Key=name, Body=b"x")
    left_out = Bucket.at("s3://mars/a", tmp_path).left_out()
    assert [each.name for each in left_out] == [".b.jpg", ".git/d"]
