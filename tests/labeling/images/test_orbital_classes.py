"""Attaching orbital terrain classes to a campaign's images."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign, Image
from tests.factories import new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def images() -> list[Image]:
    campaign = new_campaign()
    return [new_image(campaign, n, site=5, drive=n * 100) for n in (1, 2, 3)]


def run(*arguments: object) -> str:
    out = io.StringIO()
    call_command("attach_orbital_classes", "--campaign=navcam", *map(str, arguments), stdout=out)
    return out.getvalue()


def classes() -> list[str]:
    return list(Image.objects.order_by("pk").values_list("orbital_class", flat=True))


def test_from_ranges_of_drives(images: list[Image], tmp_path: Path) -> None:
    table = tmp_path / "ranges.csv"
    table.write_text(
        "site_from,drive_from,site_to,drive_to,class\n5,0,5,150,Smooth\n5,160,5,250,Sand Dunes\n"
    )
    for _ in range(2):
        said = run("--ranges", table)
        assert classes() == ["Smooth", "Sand Dunes", ""]
    assert "(no class known)" in said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_a_spreadsheet(images: list[Image], encoding: str, tmp_path: Path) -> None:
    """With a byte order mark, semicolons and decimal commas."""
    ranges = tmp_path / "ranges.csv"
    ranges.write_text(
        "site_from;drive_from;site_to;drive_to;class\r\n5;0;5;150;Smooth\r\n", encoding=encoding
    )
    run("--ranges", ranges)
    assert classes() == ["Smooth", "", ""]

    square = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    area = {"type": "Polygon", "coordinates": [square]}
    feature = {"type": "Feature", "properties": {"class": "Pitted"}, "geometry": area}
    terrain = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (tmp_path / "map.json").write_text(terrain, encoding=encoding)
    (tmp_path / "positions.csv").write_text("site;drive;x;y\n5;200;2,5;9,75\n", encoding=encoding)
    run("--map", tmp_path / "map.json", "--positions", tmp_path / "positions.csv")
    assert classes() == ["Smooth", "Pitted", ""]


def test_from_a_map_and_positions(images: list[Image], tmp_path: Path) -> None:
    square = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    feature = {
        "type": "Feature",
        "properties": {"unit": "Pitted"},
        "geometry": {"type": "Polygon", "coordinates": [square]},
    }
    (tmp_path / "map.json").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    (tmp_path / "positions.csv").write_text("site,drive,x,y\n5,100,2,2\n5,200,20,2\n")
    run("--map", tmp_path / "map.json", "--positions", tmp_path / "positions.csv", "--key=unit")
    assert classes() == ["Pitted", "", ""]


def test_a_class_that_is_known_is_not_taken_away(images: list[Image], tmp_path: Path) -> None:
    Campaign.objects.get().images.update(orbital_class="Ridged")
    (tmp_path / "ranges.csv").write_text(
        "site_from,drive_from,site_to,drive_to,class\n5,0,5,150,Smooth\n"
    )
    run("--ranges", tmp_path / "ranges.csv")
    assert classes() == ["Smooth", "Ridged", "Ridged"]


def test_a_class_that_is_not_of_the_preset(images: list[Image], tmp_path: Path) -> None:
    table = tmp_path / "ranges.csv"
    table.write_text("site_from,drive_from,site_to,drive_to,class\n5,0,5,150,Smoth\n")
    with pytest.raises(CommandError, match="'Smoth' is not one of the classes Smooth, Ridged"):
        run("--ranges", table, "--preset", "msl")
    assert classes() == ["", "", ""]


@pytest.mark.parametrize("arguments", [[], ["--map=x"], ["--ranges=nowhere.csv"]])
def test_what_cannot_be_read(images: list[Image], arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run(*arguments)
    assert classes() == ["", "", ""]


def test_why_a_table_cannot_be_read_is_told_in_words(images: list[Image], tmp_path: Path) -> None:
    table = tmp_path / "ranges.csv"
    table.write_bytes(b"\x8a\x00site_from")
    with pytest.raises(CommandError, match=r"cannot be read: It is not text in UTF-8\.$"):
        call_command("attach_orbital_classes", "--campaign=navcam", f"--ranges={table}")
    with pytest.raises(CommandError, match=r"cannot be read: No such file or directory\.$"):
        call_command("attach_orbital_classes", "--campaign=navcam", f"--ranges={table}x")


def test_an_option_that_means_nothing_here_is_refused(images: list[Image], tmp_path: Path) -> None:
    table = tmp_path / "ranges.csv"
    table.write_text("site_from,drive_from,site_to,drive_to,class\n31,0,31,2000,smooth\n")
    with pytest.raises(CommandError, match="--key is for --map"):
        run("--ranges", table, "--key", "name")
    assert set(classes()) == {""}
