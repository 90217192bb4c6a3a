"""An import that is killed repeatedly gives the same result as an undisturbed one."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from labeling.images.files import UNFINISHED
from tests.factories import product_id
from tests.served import REPOSITORY

FRAMES = 40


def write_tree(folder: Path) -> Path:
    frames = folder / "msl" / "images" / "edr"
    frames.mkdir(parents=True)
    noise = np.random.default_rng(3)
    for number in range(1, FRAMES + 1):
        picture = noise.integers(0, 200, (256, 256), dtype=np.uint8)
        Pillow.fromarray(picture).save(frames / f"{product_id(number)}.JPG")
    (frames / f"{product_id(0)}.JPG").write_bytes(b"no picture")
    return folder


def start_import(home: Path, tree: Path) -> subprocess.Popen[bytes]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "CACHE_URL"}
    }
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_images", str(tree), "--campaign=killed"],
        cwd=REPOSITORY,
        env={**environment, "AI4MARS_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    database = sqlite3.connect(home / "ai4mars.sqlite3")
    found = sorted(database.execute(query).fetchall())
    database.close()
    return found


def images_in(home: Path) -> int:
    try:
        [[count]] = rows(home, "SELECT count(*) FROM labeling_image")
    except sqlite3.OperationalError:
        return 0
    return int(str(count))


def files_in(home: Path) -> dict[str, str]:
    """Return SHA-256 by path, without unfinished files, which the nightly sweep deletes."""
    media = home / "media"
    return {
        path.relative_to(media).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in media.rglob("*")
        if path.is_file() and path.parent.name != UNFINISHED
    }


def test_three_kills_change_nothing(tmp_path: Path) -> None:
    tree = write_tree(tmp_path / "tree")
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    assert start_import(calm, tree).wait(120) == 0

    random = np.random.default_rng()
    for _ in range(3):
        before = images_in(killed)
        running = start_import(killed, tree)
        # Somewhere in the middle of the work, wherever that is.
        deadline = time.monotonic() + 60
        while images_in(killed) < min(before + 3, FRAMES) and time.monotonic() < deadline:
            if running.poll() is not None:
                break
            time.sleep(0.005)
        time.sleep(float(random.uniform(0, 0.15)))
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert start_import(killed, tree).wait(120) == 0

    images = "SELECT product_id, content_sha256, width, original, display FROM labeling_image"
    # A run that was killed after its end is followed by a new job, which finds everything there.
    items = (
        "SELECT DISTINCT name, status IN ('imported', 'present'), reason FROM labeling_importitem"
    )
    assert images_in(killed) == FRAMES
    assert rows(killed, images) == rows(calm, images)
    assert rows(killed, items) == rows(calm, items)
    assert files_in(killed) == files_in(calm)
