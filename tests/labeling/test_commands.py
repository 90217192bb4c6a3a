"""The labeling commands: their output, and that running them again is harmless."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from labeling.images.preparation.pictures import jpeg_bytes, png_bytes
from labeling.management.commands.import_images import LISTED
from labeling.models import Campaign, Label
from tests.factories import mask, new_campaign, new_image, product_id

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: object) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a released tree with two frames, and a file that is not a JPEG."""
    frames = tmp_path / "msl" / "images" / "edr"
    frames.mkdir(parents=True)
    gray = np.full((1024, 1024), 60, dtype=np.uint8)
    for number in (1, 2):
        (frames / f"{product_id(number)}.JPG").write_bytes(jpeg_bytes(gray))
    (frames / f"{product_id(3)}.JPG").write_bytes(b"no picture")
    return tmp_path


def test_import_images_makes_the_campaign_and_counts(tree: Path) -> None:
    said = run("import_images", tree, "--campaign", "navcam").splitlines()

    assert said[0] == "Created the campaign navcam (Curiosity, navigation cameras)."
    assert re.match(rf"refused msl/images/edr/{product_id(3)}.JPG: .*\.$", said[1])
    assert said[2] == "2 images imported, 0 already there, 1 refused, 0 not used"
    assert Campaign.objects.get().images.count() == 2

    again = run("import_images", tree, "--campaign", "navcam").splitlines()
    assert again[-1] == "0 images imported, 2 already there, 1 refused, 0 not used"
    assert Campaign.objects.get().images.count() == 2


def test_an_option_that_is_for_a_new_campaign_is_named(tree: Path) -> None:
    assert "--preset" not in run("import_images", tree, "--campaign=mars", "--preset=msl-navcam")
    said = run("import_images", tree, "--campaign=mars", "--preset=mer-navcam")
    assert "--preset mer-navcam is not used: it is for a new campaign" in said
    assert "mars already exists" in said


def test_import_images_lists_a_bounded_part_and_reports_all(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for number in range(LISTED + 2):
        (tree / f"{number:03d}.txt").write_text("x")
    table = tmp_path_factory.mktemp("out") / "report.csv"
    said = run("import_images", tree / "msl", "--campaign", "navcam").splitlines()
    assert said[-1].endswith("1 refused, 0 not used"), "what lies outside was not asked for"

    said = run("import_images", tree, "--campaign", "navcam", "--report", table).splitlines()

    assert sum(line.startswith("not used ") for line in said) == LISTED
    assert said[-2].startswith("... and 2 more not used. All are listed by --report FILE")
    assert said[-1] == f"0 images imported, 2 already there, 1 refused, {LISTED + 2} not used"
    rows = list(csv.reader(table.read_text().splitlines()))
    assert len(rows) == 1 + 3 + LISTED + 2
    for path in (table.parent / "no" / "r.csv", table.parent):
        with pytest.raises(CommandError, match=r"written: its folder does|it is a folder"):
            run("import_images", tree, "--campaign", "other", "--report", path)
    assert not Campaign.objects.filter(slug="other").exists(), "it is said before the import"


def test_import_images_from_nowhere(tmp_path: Path) -> None:
    for source in (tmp_path / "missing", tmp_path):
        with pytest.raises(CommandError, match="released AI4Mars tree"):
            run("import_images", source, "--campaign", "navcam")
    assert not Campaign.objects.exists(), "a campaign is made only for what there is"


@pytest.mark.parametrize("slug", ["a/b", "", "a b", "../x"])
def test_a_campaign_name_that_cannot_be_one(tree: Path, slug: str) -> None:
    with pytest.raises(CommandError, match="use letters, digits, - and _"):
        run("import_images", tree, f"--campaign={slug}")


def test_import_labels(tmp_path: Path) -> None:
    campaign = new_campaign()
    image = new_image(campaign, 1)
    for labeler in ("vera", "viktor"):
        (tmp_path / labeler).mkdir()
        path = tmp_path / labeler / f"{image.product_id}.png"
        path.write_bytes(png_bytes(mask("00..", "....")))
    (tmp_path / "vera" / f"{product_id(2)}.png").write_bytes(png_bytes(mask("0")))

    arguments = ("import_labels", tmp_path, "--campaign", "navcam", "--format", "masks")
    said = run(*arguments).splitlines()

    assert said == [
        f"refused vera/{product_id(2)}.png: The campaign has no image {product_id(2)}. "
        "Import the images first.",
        "2 labels imported, 0 already there, 1 refused",
    ]
    assert run(*arguments).splitlines()[-1] == "0 labels imported, 2 already there, 1 refused"
    assert Label.objects.count() == 2

    (tmp_path / "stray.png").write_bytes(b"")
    (tmp_path / "vera" / "notes.txt").write_text("hello")
    (tmp_path / "vera" / ".hidden").write_text("hello")
    assert run(*arguments).splitlines()[:2] == [
        "skipped stray.png: it is not a PNG in the folder of a labeler",
        "skipped vera/notes.txt: it is not a PNG in the folder of a labeler",
    ]


def test_import_labels_of_a_name_that_is_too_long(tmp_path: Path) -> None:
    image = new_image(new_campaign(), 1)
    folder = tmp_path / ("v" * 101)
    folder.mkdir()
    (folder / f"{image.product_id}.png").write_bytes(png_bytes(mask("00..", "....")))

    said = run("import_labels", tmp_path, "--campaign", "navcam")

    assert "at most 100 characters" in said
    assert not Label.objects.exists()


def test_import_labels_into_no_campaign(tmp_path: Path) -> None:
    new_campaign()
    with pytest.raises(CommandError, match=r"no campaign 'venus'\. Campaigns: navcam\."):
        run("import_labels", tmp_path, "--campaign", "venus")


def test_import_labels_from_nowhere(tmp_path: Path) -> None:
    new_campaign()
    with pytest.raises(CommandError, match="no masks"):
        run("import_labels", tmp_path, "--campaign", "navcam")


@pytest.mark.parametrize("workers", ["0", "-1", "two"])
def test_workers_are_a_positive_number(tree: Path, workers: str) -> None:
    with pytest.raises(CommandError, match="--workers"):
        run("import_images", tree, "--campaign", "navcam", "--workers", workers)
