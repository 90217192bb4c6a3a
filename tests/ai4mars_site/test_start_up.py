"""Which modules a process loads at start, a cost that every command and web process pays."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tests.served import REPOSITORY

#: Large libraries that most processes never use. Functions that need them import them.
RARELY_USED = ("boto3", "pdr", "pyarrow", "rasterio", "scipy")

#: Prints for each library that was loaded the files and lines that led to its import.
PROGRAM = """
import json, os, sys, traceback

class Watcher:
    def __init__(self, libraries):
        self.libraries, self.found = libraries, {}

    def find_spec(self, name, path=None, target=None):
        if name in self.libraries and name not in self.found:
            self.found[name] = [
                f"{frame.filename}:{frame.lineno}"
                for frame in traceback.extract_stack()
                if "importlib" not in frame.filename
            ]

watcher = Watcher(sys.argv[2:])
sys.meta_path.insert(0, watcher)
exec(sys.argv[1])
loaded = [name for name in sys.argv[2:] if name in sys.modules]
print(json.dumps({name: watcher.found.get(name, []) for name in loaded}))
"""

URLCONF = """
import django
django.setup()
from django.urls import resolve
resolve("/")
"""


def loaded_by(
    program: str, home: Path, libraries: tuple[str, ...] = RARELY_USED
) -> dict[str, list[str]]:
    """Return which of the libraries a program loads in a new process, with the chain of imports.

    A chain is a list of `file:line` in this repository, from the outermost to the import.
    """
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM, program, *libraries],
        cwd=REPOSITORY,
        env={"AI4MARS_HOME": str(home), "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings"},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    inside = f"{REPOSITORY}/"
    return {
        name: [
            step.removeprefix(inside)
            for step in way
            if step.startswith(inside) and "/site-packages/" not in step
        ]
        for name, way in json.loads(said).items()
    }


def explain(loaded: dict[str, list[str]]) -> str:
    """Return, for each library, the line that imported it and the chain that led there."""
    return "Import these in the functions that use them:\n" + "\n".join(
        f"{name}, imported by {' <- '.join(reversed(way))}" for name, way in loaded.items()
    )


def test_the_site_starts_without_libraries_that_it_rarely_uses(tmp_path: Path) -> None:
    loaded = loaded_by(URLCONF, tmp_path)
    assert not loaded, explain(loaded)


def test_commands_start_without_them(tmp_path: Path) -> None:
    program = """
import django
django.setup()
from django.conf import settings
from django.core.management import get_commands, load_command_class
for name, app in get_commands().items():
    if (settings.BASE_DIR / app).is_dir():
        load_command_class(app, name)
"""
    loaded = loaded_by(program, tmp_path)
    assert not loaded, explain(loaded)


def test_commands_collect_garbage_again_once_they_are_loaded(tmp_path: Path) -> None:
    program = "import gc; print(gc.isenabled(), gc.get_freeze_count())"
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", program],
        cwd=REPOSITORY,
        env={"AI4MARS_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    is_enabled, frozen = said.split()
    assert is_enabled == b"True"
    assert int(frozen) > 50_000


def test_workers_start_without_them_too(tmp_path: Path) -> None:
    program = "from ai4mars_site.celery import app\napp.loader.import_default_modules()"
    loaded = loaded_by(program, tmp_path)
    assert not loaded, explain(loaded)


def test_the_masks_of_an_image_are_read_without_gdal(tmp_path: Path) -> None:
    """A web process reads them whenever it compares a practice attempt."""
    program = f"""{URLCONF}
import numpy as np
from django.core.files.base import ContentFile
from labeling.annotation.services.postprocessing import stored_mask
from labeling.images.preparation.pictures import png_bytes
assert stored_mask(ContentFile(png_bytes(np.ones((4, 4), np.bool_)), "mask.png")).removes.all()
"""
    loaded = loaded_by(program, tmp_path)
    assert not loaded, explain(loaded)


def test_an_import_is_found_with_the_line_that_makes_it(tmp_path: Path) -> None:
    loaded = loaded_by("import labeling.images.ingest.buckets", tmp_path)
    assert list(loaded) == ["boto3"]
    assert re.fullmatch(r"labeling/images/ingest/buckets.py:\d+", loaded["boto3"][-1])
    assert "boto3, imported by labeling/images/ingest/buckets.py:" in explain(loaded)


def test_an_import_in_a_function_is_found_when_it_is_called(tmp_path: Path) -> None:
    program = """
import numpy as np
from terrain.geometry.areas import connected_areas
from terrain.masks import mask_to_regions
mask = np.zeros((2, 2), np.uint8)
"""
    assert loaded_by(program, tmp_path) == {}
    assert list(loaded_by(program + "connected_areas(mask)", tmp_path)) == ["scipy"]
    loaded = loaded_by(program + "mask_to_regions(mask)", tmp_path)
    assert loaded["rasterio"][-1].startswith("terrain/masks.py:")
