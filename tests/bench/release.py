"""A release of a campaign in PostgreSQL, through the command, with two workers.

It measures everything from polygons to the tree with its checksums: labels are rasterized, merged
and encoded, and all files are written. Images are labeled differently (`many_labels`), and each has
its own frame file; its pixels are the same, because a release copies frames without reading them.
Labels were post-processed before, as a site's workers do on arrival, which stores only their pixel
counts.

Then 1 % of the labels get other polygons, and the next version is built: first all labels of 1 % of
the images; then as many labels on random images, so that nearly a tenth of the images changes.

Run as a program on the database in DATABASE_URL: `fill IMAGES` makes the campaign, `correct WHICH`
corrects labels, `build VERSION DIR` builds a release and prints its cost.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import numpy as np
import rasterio
import rasterio.features
from PIL import Image as Pillow

from labeling.images.preparation.pictures import jpeg_bytes
from merging.formats.tree import ai4mars_tree
from terrain.masks import NO_LABEL
from tests import servers
from tests.bench import crowd, many_labels
from tests.bench.figures import Figure
from tests.bench.merging import Mask, plain_merge
from tests.served import REPOSITORY

FEW, MANY = 350, 3_500
WORKERS = 2
#: One in so many labels is corrected.
CORRECTED = 100
#: The reference goes through images one at a time, so it is timed on these and scaled.
SAMPLE = 5
#: What a correction changes once it is post-processed.
CORRECT = """
UPDATE labeling_label AS label
SET version = label.version + 1, polygons = other.polygons, sent_at = now()
FROM unnest(%s::uuid[], %s::uuid[]) AS chosen (label, other)
JOIN labeling_label AS other ON other.id = chosen.other
WHERE label.id = chosen.label
"""
TOGETHER, SCATTERED = "together", "scattered"


@dataclass(frozen=True, slots=True)
class Build:
    """The cost of building a release: seconds, CPU seconds, and peak memory in MiB."""

    seconds: float
    cpu: float
    builder: float
    worker: float


def fill(images: int) -> None:
    from labeling.images.files import keep
    from labeling.models import Image

    many_labels.fill(images)
    rng = np.random.default_rng(2021)
    # Of about 300 KB, as frames of the released dataset that show rocks and sand.
    frame = jpeg_bytes(rng.normal(90, 9, (crowd.SIZE, crowd.SIZE)).clip(0, 255).astype(np.uint8))
    rows = list(Image.objects.filter(campaign__slug=many_labels.SLUG))
    for image in rows:
        comment = image.product_id.encode()
        marker = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big")
        image.original = keep(
            image.campaign_id, "original", frame[:2] + marker + comment + frame[2:], ".JPG"
        )
    Image.objects.bulk_update(rows, ["original"], batch_size=1000)


def correct(which: str) -> None:
    """Give one in CORRECTED labels the polygons of another label of the same scene.

    The labels are those of consecutive images, or of random images. Prints the number of images.
    """
    from django.db import connection
    from django.db.models import F

    from labeling.models import Image, Label

    rows = Label.objects.filter(image__campaign__slug=many_labels.SLUG).order_by("image", "pk")
    labels = list(rows.values_list("pk", "image", "image__product_id"))
    count = len(labels) // CORRECTED
    rng = random.Random(2021)
    chosen = labels[:count] if which == TOGETHER else rng.sample(labels, count)
    drawings: dict[str, list[Any]] = {}
    known = Label.objects.filter(image__campaign__slug=many_labels.DRAWINGS).order_by("pk")
    for label, scene in known.values_list("pk", "image__product_id"):
        drawings.setdefault(scene, []).append(label)
    others = [rng.choice(drawings[many_labels.scene_of(name)]) for _, _, name in chosen]
    with connection.cursor() as cursor:
        cursor.execute(CORRECT, [[label for label, _, _ in chosen], others])
    images = {image for _, image, _ in chosen}
    Image.objects.filter(pk__in=images).update(labels_version=F("labels_version") + 1)
    print(len(images))


def build(version: str, folder: str) -> None:
    from django.core.management import call_command

    call_command(
        "build_release",
        campaign=many_labels.SLUG,
        release_version=version,
        workers=WORKERS,
        out=Path(folder),
        verbosity=0,
    )
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    print(
        json.dumps(
            {
                "cpu": sum(each.ru_utime + each.ru_stime for each in used),
                "builder": int(peak) / 1024,
                "worker": used[1].ru_maxrss / 1024,
            }
        )
    )


@dataclass(frozen=True, slots=True)
class Site:
    """A campaign in its own database, and commands that work on it."""

    database: str
    home: Path

    def program(self, *words: str) -> str:
        """Run a Python program on the site's data; return the last line of its output."""
        environment = {
            **os.environ,
            "AI4MARS_HOME": str(self.home),
            "DATABASE_URL": self.database,
            "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings",
        }
        done = subprocess.run(
            [sys.executable, *words],
            cwd=REPOSITORY,
            env=environment,
            check=True,
            capture_output=True,
        )
        return (done.stdout.decode().splitlines() or [""])[-1]

    def build(self, version: str) -> Build:
        began = time.perf_counter()
        said = self.program("-m", "tests.bench.release", "build", version, str(self.home / "out"))
        return Build(seconds=time.perf_counter() - began, **json.loads(said))

    def tree(self, version: str) -> Path:
        return self.home / "out" / ai4mars_tree.root(version)


def site(server: str, home: Path, images: int) -> Site:
    """Return a campaign with this number of images, ready to be released."""
    made = Site(servers.create_database(server, f"bench_release_{images}"), home)
    made.program("manage.py", "migrate", "--verbosity", "0")
    made.program("-m", "tests.bench.release", "fill", str(images))
    return made


def straight(tree: Path, product_id: str, out: Path) -> Mask:
    """Return the merged mask of one image of a release from its raw labels, as a script would make
    it.

    Rasterio rasterizes the polygons, NumPy removes masked pixels and counts the votes, Pillow
    writes the PNGs with its default settings.
    """
    raw = (tree / "raw" / "labels" / f"{product_id}.json").read_bytes()
    said = json.loads(raw)
    shape = (said["height"], said["width"])
    removed = [
        read_png(tree / "msl" / "images" / x / f"{product_id}.png") for x in ("mxy", "rng-30m")
    ]
    masks = []
    for label in said["labels"]:
        mask = np.full(shape, NO_LABEL, dtype=np.uint8)
        for polygon in reversed(label["polygons"]):
            outline = {"type": "Polygon", "coordinates": polygon["rings"]}
            rasterio.features.rasterize(
                [(outline, polygon["class"])], out=mask, transform=rasterio.Affine.identity()
            )
        masks.append(np.where(removed[0] | removed[1], np.uint8(NO_LABEL), mask))
    merged = plain_merge(masks, crowd.CODES)
    frame = (tree / "msl" / "images" / "edr" / f"{product_id}.JPG").read_bytes()
    sums = {}
    for name, content in {
        "frame.JPG": frame,
        "raw.json": raw,
        **{f"{n}.png": encoded(mask) for n, mask in enumerate((merged, *removed))},
    }.items():
        (out / name).write_bytes(content)
        sums[name] = hashlib.sha256(content).hexdigest()
    return merged


def encoded(mask: Mask) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(mask).save(buffer, "PNG")
    return buffer.getvalue()


def read_png(path: Path) -> Mask:
    with Pillow.open(path) as picture:
        return np.asarray(picture)


def seconds_of_script(tree: Path, out: Path) -> float:
    """Return the CPU time of the script for one image, after checking its masks against the
    release.
    """
    seconds = 0.0
    for number in range(SAMPLE):
        product_id = f"frame_{number:06d}"
        began = time.process_time()
        merged = straight(tree, product_id, out)
        seconds += time.process_time() - began
        released = read_png(tree / "msl" / "labels" / "train" / f"{product_id}.png")
        assert np.array_equal(merged, released)
    return seconds / SAMPLE


def run(few: int = FEW, many: int = MANY) -> list[Figure]:
    server = servers.start_postgres()
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        full = []
        for images in (few, many):
            made = site(server, Path(folder) / str(images), images)
            built = made.build("1")
            full.append(built.seconds / images)
            figures += [
                Figure(
                    f"release: {images:,} images x 10 labels, PostgreSQL, {WORKERS} workers",
                    built.seconds,
                    "s",
                    240 if images == MANY else None,
                ),
                Figure("release: processor time of an image", 1e3 * built.cpu / images, "ms"),
                Figure(f"release: peak memory, {images:,} images, builder", built.builder, "MiB"),
                Figure(f"release: peak memory, {images:,} images, a worker", built.worker, "MiB"),
            ]
        figures.append(
            Figure(f"release: time of an image, {many:,} / {few}", full[1] / full[0], "x")
        )
        script = seconds_of_script(made.tree("1"), Path(folder))
        figures.append(
            Figure(
                f"release: a script in one process, {SAMPLE} images scaled to {many:,}",
                script * many,
                "s",
            )
        )
        for version, which in (("2", TOGETHER), ("3", SCATTERED)):
            touched = int(made.program("-m", "tests.bench.release", "correct", which))
            again = made.build(version)
            figures += [
                Figure(
                    f"release: again, 1 % of labels changed, on {touched} images",
                    again.seconds,
                    "s",
                ),
                Figure(
                    "release: again, of the full time", 100 * again.seconds / built.seconds, "%", 10
                ),
                Figure("release: again, of the processor time", 100 * again.cpu / built.cpu, "%"),
            ]
    return figures


if __name__ == "__main__":
    django.setup()
    programs = {"fill": lambda images: fill(int(images)), "correct": correct, "build": build}
    programs[sys.argv[1]](*sys.argv[2:])
