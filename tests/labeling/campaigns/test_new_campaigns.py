"""Campaigns created by an import: with the first image, and with a title; and dry runs."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from PIL import Image as Pillow

from labeling.campaigns.presets.missions import PRESETS, CampaignPreset
from labeling.models import Campaign, ImportJob
from tests.factories import new_campaign
from tests.served import ServedSite

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> list[str]:
    out = io.StringIO()
    call_command("import_images", *map(str, arguments), stdout=out)
    return out.getvalue().splitlines()


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Return a folder with two images (the second one twice), an invalid image, and notes."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    noise = np.random.default_rng(1)
    for name in ("b.jpg", "c.jpg"):
        pixels = noise.integers(0, 200, (60, 80), dtype=np.uint8)
        Pillow.fromarray(pixels).save(folder / name)
    (folder / "d.jpg").write_bytes((folder / "c.jpg").read_bytes())
    (folder / "a.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("hello")
    return folder


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    folder = tmp_path / "refused"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"no picture")
    return folder


def test_no_campaign_is_made_of_what_is_refused(refused: Path) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="no campaign was created"):
        call_command("import_images", str(refused), "--campaign=mars", stdout=out)
    assert not Campaign.objects.exists()
    assert not ImportJob.objects.exists()
    said = out.getvalue().splitlines()
    assert said[0].startswith("refused a.jpg: ")
    assert said[-1] == "0 images imported, 0 already there, 2 refused, 0 not used"


def test_a_campaign_that_is_there_takes_refusals(refused: Path) -> None:
    new_campaign("mars")
    assert run(refused, "--campaign=mars")[-1].startswith("0 images imported")
    assert ImportJob.objects.get().status == "complete"


def test_titles(mixed: Path) -> None:
    run(mixed, "--campaign=first", "--name=Jezero, sol 100")
    run(mixed, "--campaign=first", "--name=Jezero, sol 100")
    for slug in ("second", "third"):
        run(mixed, f"--campaign={slug}")
    titles = dict(Campaign.objects.values_list("slug", "name"))
    assert titles["first"] == "Jezero, sol 100"
    assert titles["third"] == f"{titles['second']} (third)", "two of one title are not told apart"
    said = run(mixed, "--campaign=second", "--name=Other")
    assert said[0].startswith("--name Other is not used: it is for a new campaign")
    for name in ("", "  ", "x" * 121):
        with pytest.raises(CommandError, match="1 to 120 characters"):
            run(mixed, "--campaign=fourth", f"--name={name}")
    assert Campaign.objects.count() == 3


def test_a_new_campaign_of_a_name_that_was_given_up_says_so(mixed: Path) -> None:
    before = new_campaign("mars", name="Before")
    before.slug = "mars-1"
    before.save()
    said = "\n".join(run(mixed, "--campaign=mars"))
    assert "The campaign mars-1 (Before) was called mars before" in said
    assert Campaign.objects.get(slug="mars").images.count() == 2


def is_read(sql: str) -> bool:
    return sql.split()[0] in {"SELECT", "PRAGMA", "SHOW"}


def state() -> object:
    """Return everything in the database and in storage."""
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        rows = {}
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}"')
            rows[table] = cursor.fetchall()
    media = Path(settings.MEDIA_ROOT)
    files = {str(path) for path in media.rglob("*")}
    return rows, files


@pytest.mark.parametrize("is_there", [False, True])
def test_a_dry_run_says_what_an_import_says_and_changes_nothing(
    mixed: Path, is_there: bool, tmp_path: Path
) -> None:
    if is_there:
        run(mixed, "--campaign=mars")
        pixels = np.random.default_rng(9).integers(0, 200, (60, 80), dtype=np.uint8)
        Pillow.fromarray(pixels).save(mixed / "e.jpg")
        Pillow.fromarray(255 - pixels).save(mixed / "b.jpg")
    before = state()

    with CaptureQueriesContext(connection) as queries:
        dry = run(mixed, "--campaign=mars", "--dry-run", "--report", tmp_path / "dry.csv")

    assert state() == before
    written = [query["sql"] for query in queries if not is_read(query["sql"])]
    assert written == []
    real = run(mixed, "--campaign=mars", "--report", tmp_path / "real.csv")
    assert dry[0] == "Dry run: nothing was changed. An import would report:"
    assert dry[1:] == [line for line in real if not line.startswith("Created the campaign")]
    expected = "1 images imported, 1 already there" if is_there else "2 images imported, 0 already"
    assert dry[-1].startswith(expected)
    assert (tmp_path / "dry.csv").read_text() == (tmp_path / "real.csv").read_text()


def test_a_dry_run_makes_no_database(mixed: Path, tmp_path: Path) -> None:
    site = ServedSite(tmp_path / "home")
    said = site.manage("import_images", str(mixed), "--campaign", "mars", "--dry-run")
    assert "2 images imported, 0 already there, 2 refused, 1 not used" in said
    database = tmp_path / "home" / "ai4mars.sqlite3"
    assert not database.exists() or database.stat().st_size == 0
    assert not any(path.is_file() for path in (tmp_path / "home" / "media").rglob("*"))
    site.manage("import_images", str(mixed), "--campaign", "mars")
    before = hashlib.sha256(database.read_bytes()).hexdigest()
    site.manage("import_images", str(mixed), "--campaign", "mars", "--dry-run")
    assert hashlib.sha256(database.read_bytes()).hexdigest() == before


def test_the_name_and_the_description_are_in_spanish_too(mixed: Path) -> None:
    run(mixed, "--campaign", "one")
    run(mixed, "--campaign", "two")
    run(mixed, "--campaign", "three", "--name", "Quarry")

    one, two, three = (Campaign.objects.get(slug=slug) for slug in ("one", "two", "three"))
    with translation.override("es"):
        assert [one.local_name, two.local_name] == ["Fotos del suelo", "Fotos del suelo (two)"]
        assert three.local_name == "Quarry", "nobody has translated it"
        assert three.local_description.startswith("¿Sobre qué se puede conducir?")
    with translation.override("en"):
        assert one.local_name == "Pictures of the ground"
    assert "Fotos del suelo" in Client().get("/", headers={"accept-language": "es"}).text


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_is_in_spanish(preset: CampaignPreset) -> None:
    assert preset.name_es
    assert preset.description_es != preset.description
