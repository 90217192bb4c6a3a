"""Importing through the command, as a manager does: a second import of the same tree."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from labeling.images.preparation.pictures import jpeg_bytes
from tests.bench.figures import Figure

FRAMES = 2000
REPOSITORY = Path(__file__).resolve().parents[2]


def write_tree(folder: Path) -> None:
    """Write many uniformly gray frames, so that everything except image processing is timed."""
    frames = folder / "msl" / "images" / "edr"
    frames.mkdir(parents=True)
    content = jpeg_bytes(np.full((64, 64), 90, dtype=np.uint8))
    for number in range(FRAMES):
        name = f"NLA_{397_000_000 + number}EDR_F0010008AUT_04096M1.JPG"
        (frames / name).write_bytes(content)


def run_command(home: Path, *command: str) -> None:
    """Run a `manage.py` command on the embedded database of `home`."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "CACHE_URL"}
    }
    subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=REPOSITORY,
        env={**environment, "AI4MARS_HOME": str(home)},
        check=True,
        capture_output=True,
    )


def seconds_of_import(home: Path, tree: Path) -> float:
    began = time.perf_counter()
    run_command(home, "import_images", str(tree), "--campaign", "bench", "--workers", "2")
    return time.perf_counter() - began


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        home, tree = Path(folder) / "home", Path(folder) / "tree"
        write_tree(tree)
        first = seconds_of_import(home, tree)
        second = seconds_of_import(home, tree)
    return [
        Figure("importing: 2,000 tiny frames through the command", FRAMES / first, "/s"),
        Figure("importing: the same tree again", FRAMES / second, "/s", 500, True),
    ]
